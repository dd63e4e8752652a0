package admin

import (
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/problem"
)

// teacherRow is somebody whose decisions count in the site's model.
type teacherRow struct{ Account, Name, Lessons string }

// teachers fills in whose lessons count, and from which sites lessons could be taken.
func (o *owner) teachers(v *desk.Visit, p *settingsPage) error {
	all, err := o.Learning.Teachers(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return err
	}
	for _, t := range all {
		name := v.Words.Someone(t.Name)
		if t.Account == "" {
			name = v.Words.T("lessons.operator")
		}
		p.Teachers = append(p.Teachers, teacherRow{t.Account, name, v.Words.N("lessons.n", t.Lessons)})
	}
	for _, s := range v.Sites {
		if s.Key != v.Site.Key && v.Who.Role(s.ID) == authz.Owner {
			p.Others = append(p.Others, desk.Link{Key: s.Key, Label: s.Name})
		}
	}
	return nil
}

// teach takes lessons out of the site's model, or another site's over.
func (o *owner) teach(v *desk.Visit) (err error) {
	did := v.Form.Get("do")
	var out learning.Change
	switch did {
	case "erase":
		return o.erase(v)
	case "retire":
		return o.retire(v)
	case "withdraw":
		out, err = o.Learning.WithdrawLessons(v.Ctx(), v.Who, v.Site, v.Form.Get("account"), nil)
	case "copy":
		out, err = o.Learning.CopyLessons(v.Ctx(), v.Who, v.Site, v.Form.Get("from"), nil)
	default:
		err = problem.Field("/do", "Lessons are withdrawn, copied, erased or retired.")
	}
	if err != nil {
		return err
	}
	return o.TellAt(v, v.At("/settings"), desk.Flash{Did: did, Done: out.Lessons, Batch: out.Batch})
}

// A forGoodPage asks before something is erased for good: nothing brings them back.
type forGoodPage struct {
	desk.Frame
	Do, Email, Before, Ends string   // Ends: what cannot be undone
	What                    []string // would be erased
}

func (o *owner) askForGood(v *desk.Visit, p forGoodPage) (err error) {
	if p.Frame, err = o.SiteFrame(v, v.Words.T("forgood")); err != nil {
		return err
	}
	return v.Show("forgood", p)
}

// erase erases one person's comments and what they taught for good. It asks first.
func (o *owner) erase(v *desk.Visit) error {
	w, email := v.Words, strings.TrimSpace(v.Form.Get("email"))
	person := learning.Erasee{Email: email}
	if v.Form.Get("sure") == "yes" {
		did, err := o.Privacy.ErasePerson(v.Ctx(), v.Who, v.Site, person, nil)
		return o.didOr(v, err, desk.Flash{Did: "erase", Done: did.Comments + did.Lessons + did.Copies, Left: did.Left})
	}
	would, err := o.Privacy.PersonHeld(v.Ctx(), v.Who, v.Site, person)
	if err != nil {
		return o.settingsAgain(v, err)
	}
	if would.Comments+would.Lessons+would.Copies == 0 {
		return o.TellAt(v, v.At("/settings"), desk.Flash{Did: "erase", Left: would.Left})
	}
	p := forGoodPage{Do: "erase", Email: email, Ends: w.T("forgood.end.person"), What: []string{
		w.N("forgood.comments", would.Comments, "email", email), w.N("forgood.erase", would.Lessons, "email", email)}}
	if would.Copies > 0 {
		p.What = append(p.What, w.N("forgood.copies", would.Copies))
	}
	if would.Left > 0 {
		p.What = append(p.What, w.N("did.erased.left", would.Left))
	}
	return o.askForGood(v, p)
}

// retire takes what was taught before a day out of the model for good. It asks first.
func (o *owner) retire(v *desk.Visit) error {
	day := v.Form.Get("before")
	before, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return o.settingsAgain(v, problem.Field("/before", "Name a day like 2026-01-01."))
	}
	if v.Form.Get("sure") == "yes" {
		did, err := o.Learning.RetireLessons(v.Ctx(), v.Who, v.Site, before, nil)
		return o.didOr(v, err, desk.Flash{Did: "retire", Done: did.Lessons})
	}
	old, err := o.Learning.OldLessons(v.Ctx(), v.Who, v.Site, before)
	if err != nil {
		return o.settingsAgain(v, err)
	}
	if old == 0 {
		return o.TellAt(v, v.At("/settings"), desk.Flash{Did: "retire"})
	}
	what := []string{v.Words.N("forgood.retire", old, "day", day)}
	return o.askForGood(v, forGoodPage{Do: "retire", Before: day, Ends: v.Words.T("forgood.end"), What: what})
}
