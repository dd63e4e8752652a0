package admin

import (
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/problem"
)

// A teacherRow is an account whose decisions train the site's model.
type teacherRow struct{ Account, Name, Lessons string }

// training lists the accounts whose lessons train the site's model, and the sites from which lessons can be copied.
type training struct {
	Teachers []teacherRow
	Others   []desk.Link
}

func (o *admin) training(v *desk.Visit) (*training, error) {
	all, err := o.Learning.Teachers(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return nil, err
	}
	var p training
	for _, t := range all {
		name := v.Words.AccountName(t.Name)
		if t.Account == "" {
			name = v.Words.T("lessons.operator")
		}
		p.Teachers = append(p.Teachers, teacherRow{t.Account, name, v.Words.N("lessons.n", t.Lessons)})
	}
	for _, s := range v.Sites {
		if s.Key != v.Site.Key && v.Actor.Role(s.ID) == authz.Owner {
			p.Others = append(p.Others, desk.Link{Key: s.Key, Label: s.Name})
		}
	}
	return &p, nil
}

// changeLessons withdraws, copies, erases or retires lessons of the site's model.
func (o *admin) changeLessons(v *desk.Visit) (err error) {
	did := v.Form.Get("do")
	var out learning.Change
	switch did {
	case "erase":
		return o.erase(v)
	case "retire":
		return o.retire(v)
	case "withdraw":
		out, err = o.Learning.WithdrawLessons(v.Ctx(), v.Actor, v.Site, v.Form.Get("account"), nil)
	case "copy":
		out, err = o.Learning.CopyLessons(v.Ctx(), v.Actor, v.Site, v.Form.Get("from"), nil)
	default:
		err = problem.Field("/do", "Use withdraw, copy, erase or retire.")
	}
	if err != nil {
		return err
	}
	return o.RedirectWithFlash(v, v.SitePath("/settings/training"), desk.Flash{Action: did, Done: out.Lessons, Batch: out.Batch})
}

// A confirmationPage asks for confirmation of a change that cannot be undone.
type confirmationPage struct {
	desk.Frame
	Do, Email, Before, Ends string   // Ends: the warning
	What                    []string // the data that would be erased
}

func (o *admin) confirm(v *desk.Visit, p confirmationPage) (err error) {
	if p.Frame, err = o.DeskFrame(v, v.Words.T("forgood")); err != nil {
		return err
	}
	return v.Show("forgood", p)
}

// erase permanently erases one person's comments and lessons, after a confirmation.
func (o *admin) erase(v *desk.Visit) error {
	w, email := v.Words, strings.TrimSpace(v.Form.Get("email"))
	person := learning.DataSubject{Email: email}
	if v.Form.Get("sure") == "yes" {
		did, err := o.Privacy.EraseDataSubject(v.Ctx(), v.Actor, v.Site, person, nil)
		return o.redirectOrShowError(v, "data", err, desk.Flash{Action: "erase", Done: did.Comments + did.Lessons + did.Copies, Left: did.Left})
	}
	would, err := o.Privacy.PreviewErasure(v.Ctx(), v.Actor, v.Site, person)
	if err != nil {
		return o.showSettingsError(v, "data", err)
	}
	if would.Comments+would.Lessons+would.Copies == 0 {
		return o.RedirectWithFlash(v, v.SitePath("/settings/data"), desk.Flash{Action: "erase", Left: would.Left})
	}
	p := confirmationPage{Do: "erase", Email: email, Ends: w.T("forgood.end.person"), What: []string{
		w.N("forgood.comments", would.Comments, "email", email), w.N("forgood.erase", would.Lessons, "email", email)}}
	if would.Copies > 0 {
		p.What = append(p.What, w.N("forgood.copies", would.Copies))
	}
	if would.Left > 0 {
		p.What = append(p.What, w.N("did.erased.left", would.Left))
	}
	return o.confirm(v, p)
}

// retire permanently removes lessons from before a day from the model, after a confirmation.
func (o *admin) retire(v *desk.Visit) error {
	day := v.Form.Get("before")
	before, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return o.showSettingsError(v, "danger", problem.Field("/before", "Use a date like 2026-01-01."))
	}
	if v.Form.Get("sure") == "yes" {
		did, err := o.Learning.RetireLessons(v.Ctx(), v.Actor, v.Site, before, nil)
		return o.redirectOrShowError(v, "danger", err, desk.Flash{Action: "retire", Done: did.Lessons})
	}
	old, err := o.Learning.OldLessons(v.Ctx(), v.Actor, v.Site, before)
	if err != nil {
		return o.showSettingsError(v, "danger", err)
	}
	if old == 0 {
		return o.RedirectWithFlash(v, v.SitePath("/settings/danger"), desk.Flash{Action: "retire"})
	}
	what := []string{v.Words.N("forgood.retire", old, "day", day)}
	return o.confirm(v, confirmationPage{Do: "retire", Before: day, Ends: v.Words.T("forgood.end"), What: what})
}
