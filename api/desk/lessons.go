package desk

import (
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
)

// teacherRow is somebody whose decisions count in the site's model.
type teacherRow struct{ Account, Name, Lessons string }

// teachers fills in whose lessons count, and from which sites lessons could be taken.
func (d *desk) teachers(v *visit, p *settingsPage) error {
	all, err := d.Learning.Teachers(v.ctx(), v.who, v.site)
	if err != nil {
		return err
	}
	for _, t := range all {
		name := v.words.someone(t.Name)
		if t.Account == "" {
			name = v.words.T("lessons.operator")
		}
		p.Teachers = append(p.Teachers, teacherRow{t.Account, name, v.words.N("lessons.n", t.Lessons)})
	}
	for _, s := range v.sites {
		if s.Key != v.site.Key && v.who.Role(s.ID) == people.Owner {
			p.Others = append(p.Others, link{Key: s.Key, Label: s.Name})
		}
	}
	return nil
}

// teach takes lessons out of the site's model, or another site's over.
func (d *desk) teach(v *visit) (err error) {
	did := v.form.Get("do")
	var out learning.Change
	switch did {
	case "erase":
		return d.erase(v)
	case "retire":
		return d.retire(v)
	case "withdraw":
		out, err = d.Learning.WithdrawLessons(v.ctx(), v.who, v.site, v.form.Get("account"), nil)
	case "copy":
		out, err = d.Learning.CopyLessons(v.ctx(), v.who, v.site, v.form.Get("from"), nil)
	default:
		err = problem.Field("/do", "Lessons are withdrawn, copied, erased or retired.")
	}
	if err != nil {
		return err
	}
	return d.tellAt(v, v.at("/settings"), flash{Did: did, Done: out.Lessons, Batch: out.Batch})
}

// A forGoodPage asks before lessons are erased: nothing brings them back.
type forGoodPage struct {
	frame
	Do, Email, Before string
	What              []string // would be erased
}

func (d *desk) askForGood(v *visit, p forGoodPage) (err error) {
	if p.frame, err = d.siteFrame(v, v.words.T("forgood")); err != nil {
		return err
	}
	return v.render("forgood", p)
}

// erase takes what one person's comments taught out of the model for good. It asks first.
func (d *desk) erase(v *visit) error {
	w, email := v.words, strings.TrimSpace(v.form.Get("email"))
	person := learning.Erasee{Email: email}
	if v.form.Get("sure") == "yes" {
		did, err := d.Learning.EraseLessons(v.ctx(), v.who, v.site, person, nil)
		if err != nil {
			return d.settingsAgain(v, err)
		}
		return d.tellAt(v, v.at("/settings"), flash{Did: "erase", Done: did.Lessons + did.Copies, Left: did.Left})
	}
	would, err := d.Learning.LessonsOf(v.ctx(), v.who, v.site, person)
	if err != nil {
		return d.settingsAgain(v, err)
	}
	if would.Lessons+would.Copies == 0 {
		return d.tellAt(v, v.at("/settings"), flash{Did: "erase", Left: would.Left})
	}
	p := forGoodPage{Do: "erase", Email: email, What: []string{w.N("forgood.erase", would.Lessons, "email", email)}}
	if would.Copies > 0 {
		p.What = append(p.What, w.N("forgood.copies", would.Copies))
	}
	if would.Left > 0 {
		p.What = append(p.What, w.N("did.erased.left", would.Left))
	}
	return d.askForGood(v, p)
}

// retire takes what was taught before a day out of the model for good. It asks first.
func (d *desk) retire(v *visit) error {
	day := v.form.Get("before")
	before, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return d.settingsAgain(v, problem.Field("/before", "Name a day like 2026-01-01."))
	}
	if v.form.Get("sure") == "yes" {
		did, err := d.Learning.RetireLessons(v.ctx(), v.who, v.site, before, nil)
		if err != nil {
			return d.settingsAgain(v, err)
		}
		return d.tellAt(v, v.at("/settings"), flash{Did: "retire", Done: did.Lessons})
	}
	old, err := d.Learning.OldLessons(v.ctx(), v.who, v.site, before)
	if err != nil {
		return d.settingsAgain(v, err)
	}
	if old == 0 {
		return d.tellAt(v, v.at("/settings"), flash{Did: "retire"})
	}
	what := []string{v.words.N("forgood.retire", old, "day", day)}
	return d.askForGood(v, forGoodPage{Do: "retire", Before: day, What: what})
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
