package admin

import (
	"cmp"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/takedown"
)

type takedownsPage struct {
	desk.Frame
	formError
	Rows           []takedownRow
	More, First    string
	Step           int        // of the form: 1 or 2; 0 on the list
	Form           url.Values // as submitted
	Kinds, Publics []desk.Link
	Hides          takedownPreview
	CanEdit        bool // the viewer may add and end takedowns
}

// A takedownRow is a takedown of the register. Restore is the form's address, or "" if the takedown has ended.
type takedownRow struct {
	By, Kind, What, Where, Said, Why, Reads, Restore string
	State, Hue, Day                                  string
	Comments                                         []desk.Link
}

// A takedownPreview is what a form would hide, and who requests it.
type takedownPreview struct {
	Requested string
	What      string
	Comments  []desk.Brief
}

// maxLinked limits the linked comments of a takedown, maxPreviewed the quoted ones of a form.
const maxLinked, maxPreviewed = 10, 3

// takedowns shows the register, or the first step of the form.
func (o *admin) takedowns(v *desk.Visit) error {
	p := takedownsPage{Form: url.Values{"received": {o.Clock.Now().UTC().Format(time.DateOnly)},
		"what": {v.QueryParam("comment")}, "kind": {string(takedown.Court)}}}
	if v.QueryParams().Has("new") || v.QueryParam("comment") != "" {
		p.Step = 1
	}
	return o.takedownsPage(v, p)
}

func (o *admin) takedownsPage(v *desk.Visit, p takedownsPage) error {
	list, next, err := o.Takedowns.ListTakedowns(v.Ctx(), v.Actor, v.Site, v.QueryParam("after"), 0)
	if err != nil {
		return err
	}
	f, err := o.DeskFrame(v, v.Words.T("demands"))
	if err != nil {
		return err
	}
	p = newTakedownsPage(v.Words, f, p, list)
	p.CanEdit = v.Actor.Authorize(v.Site.ID, authz.Owner, authz.ScopeAdmin) == nil
	_, p.Notices = o.flashText(v)
	if next != "" {
		p.More = v.SitePath("/demands?after=" + url.QueryEscape(next))
	}
	if v.QueryParam("after") != "" {
		p.First = v.SitePath("/demands")
	}
	return v.Show("demands", p)
}

// newTakedownsPage adds the register and the form's options to p.
func newTakedownsPage(w *desk.Catalog, f desk.Frame, p takedownsPage, list []takedown.ListItem) takedownsPage {
	p.Frame = f
	for _, k := range takedown.Kinds {
		p.Kinds = append(p.Kinds, desk.Link{Key: string(k), Label: w.T("withheld.who." + string(k)),
			Current: p.Form.Get("kind") == string(k)})
	}
	for _, public := range []string{"", "full", "unnamed", "sealed"} {
		key := "demands.public." + public
		if public == "" {
			key = "demands.public.usual"
		}
		p.Publics = append(p.Publics, desk.Link{Key: public, Label: w.T(key), More: w.T(key + ".more"),
			Current: p.Form.Get("public") == public})
	}
	for _, d := range list {
		p.Rows = append(p.Rows, newTakedownRow(w, f.Site.Key, d))
	}
	return p
}

func newTakedownRow(w *desk.Catalog, site string, d takedown.ListItem) takedownRow {
	row := takedownRow{By: d.By, Kind: strings.Join(nonEmpty(w.T("withheld.who."+string(d.Kind)), d.Country), ", "),
		Where: d.URL, Why: d.Why}
	what := w.N("demands.comments", d.Count)
	if d.Page != "" {
		what = w.T("demands.page")
	}
	row.What = strings.Join(nonEmpty(what, d.Law, d.Reference), " · ")
	row.State, row.Hue, row.Day = w.T("demands.hidden"), "q2", w.DayAndYear(d.Received)
	said := []string{w.T("demands.received", "date", w.Date(d.Received.UTC()))}
	switch {
	case d.Status() == takedown.Restored:
		row.State, row.Hue = w.T("demands.restored"), "good"
		said = append(said, w.T("open.restored", "date", w.Date(d.Ended.UTC())))
	case d.Status() == takedown.Lapsed:
		row.State, row.Hue = w.T("demands.lapsed"), ""
		said = append(said, w.T("open.lapsed", "date", w.Date(d.Ended.UTC())))
	case !d.Until.IsZero():
		said = append(said, w.T("open.until", "date", w.Date(d.Until.UTC())))
	}
	row.Said = strings.Join(said, " · ")
	if d.Status() == takedown.Active {
		row.Restore = "/moderate/" + site + "/demands/" + d.ID + "/restore"
		row.Reads = publicNotice(w, d.Takedown)
	}
	for _, id := range d.Comments[:min(maxLinked, len(d.Comments))] {
		row.Comments = append(row.Comments, desk.Link{URL: "/moderate/" + site + "/comments/" + id,
			Label: w.T("demands.comment", "n", len(row.Comments)+1)})
	}
	return row
}

// publicNotice returns the text that readers see in place of a comment.
func publicNotice(w *desk.Catalog, d takedown.Takedown) string {
	var said []string
	for _, told := range w.WithheldNotice(i18n.Notice(d.Notice())) {
		if told.Value != "" {
			told.Label += ": " + told.Value + "."
		}
		said = append(said, told.Label)
	}
	return strings.Join(said, " ")
}

// nonEmpty returns the texts that are not empty.
func nonEmpty(texts ...string) (some []string) {
	for _, s := range texts {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

// lastID matches a comment ID, alone or at the end of a link.
var lastID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// parseTarget sets the comments or the page of a takedown from typed links.
func parseTarget(d *takedown.Draft, typed string) {
	for link := range strings.FieldsSeq(typed) {
		if id := lastID.FindString(link); id != "" {
			d.Comments = append(d.Comments, id)
		} else {
			d.Page += link
		}
	}
}

// addTakedown handles both steps of the form: it shows the next step, or adds a takedown to the register.
func (o *admin) addTakedown(v *desk.Visit) error {
	p := takedownsPage{Form: v.Form, Step: 1}
	if v.Form.Get("do") == "change" {
		return o.takedownsPage(v, p)
	}
	d, err := parseTakedown(v.Form)
	var would takedown.Preview
	if err == nil {
		would, err = o.Takedowns.PreviewWithhold(v.Ctx(), v.Actor, v.Site, d)
	}
	if err == nil && v.Form.Get("do") != "hide" {
		p.Step = 2
		if p.Hides, err = o.takedownPreview(v, d, would); err != nil {
			return err
		}
		return o.takedownsPage(v, p)
	}
	if err == nil {
		_, _, err = o.Takedowns.Withhold(v.Ctx(), v.Actor, v.Site, d, formKey(v, "desk/demand"))
	}
	if err == nil {
		return o.RedirectWithFlash(v, v.SitePath("/demands"), desk.Flash{Action: "withheld"})
	}
	if e, told := errors.AsType[*problem.Error](err); told && strings.HasSuffix(e.Code, ".unknown") {
		err = problem.Field("/comments", "Enter links to comments, or to one page, of this site.")
	}
	if p.formError, err = newFormError(v, "demands", err); err != nil {
		return err
	}
	if p.Bad == "public" || p.Bad == "until" || p.Bad == "reference" {
		p.Step = 2
		first := d
		first.Public, first.Until, first.Reference = "", time.Time{}, ""
		if would, err = o.Takedowns.PreviewWithhold(v.Ctx(), v.Actor, v.Site, first); err != nil {
			return err
		}
		if p.Hides, err = o.takedownPreview(v, d, would); err != nil {
			return err
		}
	}
	return o.takedownsPage(v, p)
}

// takedownPreview describes a takedown before it is entered.
func (o *admin) takedownPreview(v *desk.Visit, d takedown.Draft, would takedown.Preview) (p takedownPreview, err error) {
	w := v.Words
	p.Requested = strings.Join(nonEmpty(d.By, w.T("withheld.who."+string(d.Kind)), d.Country, d.Law), " · ")
	p.What = w.N("demands.comments", would.Count)
	if would.Page.ID != "" {
		p.What = w.T("demands.page") + ": " + cmp.Or(would.Page.Title, would.Page.URL)
		return p, nil
	}
	var ids []string
	for _, c := range would.Comments[:min(maxPreviewed, len(would.Comments))] {
		ids = append(ids, c.ID)
	}
	p.Comments, err = o.Briefs(v, ids)
	return p, err
}

// parseTakedown returns the takedown of a form.
func parseTakedown(form url.Values) (takedown.Draft, error) {
	d := takedown.Draft{By: form.Get("by"), Kind: takedown.Kind(form.Get("kind")), Law: form.Get("law"),
		Country: form.Get("country"), Reference: form.Get("reference"), Public: takedown.Disclosure(form.Get("public"))}
	parseTarget(&d, form.Get("what"))
	err := parseDates(form, &d)
	return d, err
}

// parseDates sets the dates of a takedown from the form.
func parseDates(form url.Values, d *takedown.Draft) (err error) {
	for _, t := range []struct {
		to          *time.Time
		from, field string
	}{{&d.Received, "received", "/received_at"}, {&d.Until, "until", "/until"}} {
		if form.Get(t.from) == "" {
			continue
		}
		if *t.to, err = time.Parse(time.DateOnly, form.Get(t.from)); err != nil {
			return problem.Field(t.field, "Use a date like 2026-01-31.")
		}
	}
	return nil
}

// restoreTakedown ends a takedown, so that its comments are shown again.
func (o *admin) restoreTakedown(v *desk.Visit) error {
	err := o.Takedowns.Restore(v.Ctx(), v.Actor, v.Site, v.Param("id"), v.Form.Get("why"))
	if err == nil {
		return o.RedirectWithFlash(v, v.SitePath("/demands"), desk.Flash{Action: "restored"})
	}
	p := takedownsPage{Form: url.Values{}}
	if p.formError, err = newFormError(v, "demands", err); err != nil {
		return err
	}
	return o.takedownsPage(v, p)
}
