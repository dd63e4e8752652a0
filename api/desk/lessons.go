package desk

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// teacherRow is somebody whose decisions count in the site's model.
type teacherRow struct{ Account, Name, Lessons string }

// teachers fills in whose lessons count, and from which sites lessons could be taken.
func (d *desk) teachers(c echo.Context, who people.Actor, site ground.Site, p *settingsPage) error {
	ctx := c.Request().Context()
	all, err := d.Learning.Teachers(ctx, who, site)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	for _, t := range all {
		name := w.someone(t.Name)
		if t.Account == "" {
			name = w.T("lessons.operator")
		}
		p.Teachers = append(p.Teachers, teacherRow{t.Account, name, w.N("lessons.n", t.Lessons)})
	}
	sites, err := d.Process.Sites(ctx, who)
	if err != nil {
		return err
	}
	for _, s := range sites {
		if s.Key != site.Key && who.Role(s.ID) == people.Owner {
			p.Others = append(p.Others, link{Key: s.Key, Label: s.Name})
		}
	}
	return nil
}

// teach takes lessons out of the site's model, or another site's over.
func (d *desk) teach(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	did, ctx := form.Get("do"), c.Request().Context()
	var out learning.Change
	switch did {
	case "erase":
		return d.erase(c, who, site, form)
	case "retire":
		return d.retire(c, who, site, form)
	case "withdraw":
		out, err = d.Learning.WithdrawLessons(ctx, who, site, form.Get("account"), nil)
	case "copy":
		var from ground.Site
		if from, err = d.Process.Site(ctx, form.Get("from")); err == nil {
			out, err = d.Learning.CopyLessons(ctx, who, site, from, nil)
		}
	default:
		err = problem.Field("/do", "Lessons are withdrawn, copied, erased or retired.")
	}
	if err != nil {
		return err
	}
	return d.taught(c, site, flash{Did: did, Done: out.Lessons, Batch: out.Batch})
}

// taught tells on the settings what became of lessons.
func (d *desk) taught(c echo.Context, site ground.Site, f flash) error {
	d.say(c, f)
	return c.Redirect(http.StatusSeeOther, "/moderate/"+site.Key+"/settings")
}

// A forGoodPage asks before lessons are erased: nothing brings them back.
type forGoodPage struct {
	frame
	Do, Email, Before string
	What              []string // would be erased
}

func (d *desk) askForGood(c echo.Context, who people.Actor, site ground.Site, p forGoodPage) error {
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("forgood"))
	if err != nil {
		return err
	}
	p.frame = f
	return render(c, w, "forgood", p)
}

// erase takes what one person's comments taught out of the model for good. It asks first.
func (d *desk) erase(c echo.Context, who people.Actor, site ground.Site, form url.Values) error {
	w, ctx, email := catalogOf(c), c.Request().Context(), strings.TrimSpace(form.Get("email"))
	person := learning.Erasee{Email: email}
	if form.Get("sure") == "yes" {
		did, err := d.Learning.EraseLessons(ctx, who, site, person, nil)
		if err != nil {
			return d.settingsAgain(c, who, site, err)
		}
		return d.taught(c, site, flash{Did: "erase", Done: did.Lessons + did.Copies, Left: did.Left})
	}
	would, err := d.Learning.LessonsOf(ctx, who, site, person)
	if err != nil {
		return d.settingsAgain(c, who, site, err)
	}
	if would.Lessons+would.Copies == 0 {
		return d.taught(c, site, flash{Did: "erase", Left: would.Left})
	}
	p := forGoodPage{Do: "erase", Email: email, What: []string{w.N("forgood.erase", would.Lessons, "email", email)}}
	if would.Copies > 0 {
		p.What = append(p.What, w.N("forgood.copies", would.Copies))
	}
	if would.Left > 0 {
		p.What = append(p.What, w.N("did.erased.left", would.Left))
	}
	return d.askForGood(c, who, site, p)
}

// retire takes what was taught before a day out of the model for good. It asks first.
func (d *desk) retire(c echo.Context, who people.Actor, site ground.Site, form url.Values) error {
	w, ctx, day := catalogOf(c), c.Request().Context(), form.Get("before")
	before, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return d.settingsAgain(c, who, site, problem.Field("/before", "Name a day like 2026-01-01."))
	}
	if form.Get("sure") == "yes" {
		did, err := d.Learning.RetireLessons(ctx, who, site, before, nil)
		if err != nil {
			return d.settingsAgain(c, who, site, err)
		}
		return d.taught(c, site, flash{Did: "retire", Done: did.Lessons})
	}
	old, err := d.Learning.OldLessons(ctx, who, site, before)
	if err != nil {
		return d.settingsAgain(c, who, site, err)
	}
	if old == 0 {
		return d.taught(c, site, flash{Did: "retire"})
	}
	return d.askForGood(c, who, site, forGoodPage{Do: "retire", Before: day, What: []string{w.N("forgood.retire", old, "day", day)}})
}

// erased tells what became of lessons that were to be erased. There is no undo to offer.
func (w *catalog) erased(f flash) []notice {
	said := notice{Icon: "check", Text: w.N("did.erased", f.Done)}
	if f.Done == 0 {
		said = notice{Icon: "info", Text: w.T("did.erased.none")}
	}
	if f.Left > 0 {
		return []notice{said, {Icon: "warn", Text: w.N("did.erased.left", f.Left)}}
	}
	return []notice{said}
}

// subject is what an entry about no comment names: of a retirement its time.
func subject(d ledger.Entry) string {
	if at, err := time.Parse(time.RFC3339Nano, d.Subject); err == nil && d.Kind == ledger.Retirement {
		return stamp(at)
	}
	return d.Subject
}
