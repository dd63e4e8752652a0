package admin

import (
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

type demandsPage struct {
	desk.Frame
	wrong
	Rows           []demandRow
	More, First    string
	Form           url.Values // as it was typed
	Kinds, Publics []desk.Link
	May            bool // who looks may enter and end demands
}

// A demandRow is a demand of the register. Restore is the form's address; "": it has ended.
type demandRow struct {
	By, Kind, What, Where, Said, Why, Reads, Restore string
	Comments                                         []desk.Link
}

// mostLinked is how many comments of a demand are led to.
const mostLinked = 10

func (o *owner) demands(v *desk.Visit) error {
	form := url.Values{"received": {o.Clock.Now().UTC().Format(time.DateOnly)}, "what": {v.QueryParam("comment")}}
	return o.demandsPage(v, demandsPage{Form: form})
}

func (o *owner) demandsPage(v *desk.Visit, p demandsPage) error {
	list, next, err := o.Takedowns.Demands(v.Ctx(), v.Who, v.Site, v.QueryParam("after"), 0)
	if err != nil {
		return err
	}
	f, err := o.SiteFrame(v, v.Words.T("demands"))
	if err != nil {
		return err
	}
	p = drawDemands(v.Words, f, p, list)
	p.May = v.Who.May(v.Site.ID, authz.Owner, authz.ScopeAdmin) == nil
	_, p.Notices = o.told(v)
	if next != "" {
		p.More = v.At("/demands?after=" + url.QueryEscape(next))
	}
	if v.QueryParam("after") != "" {
		p.First = v.At("/demands")
	}
	return v.Show("demands", p)
}

// drawDemands has the register, and the form as it was sent.
func drawDemands(w *desk.Catalog, f desk.Frame, p demandsPage, list []takedown.Listed) demandsPage {
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
		p.Rows = append(p.Rows, drawDemand(w, f.Site.Key, d))
	}
	return p
}

func drawDemand(w *desk.Catalog, site string, d takedown.Listed) demandRow {
	row := demandRow{By: d.By, Kind: strings.Join(filled(w.T("withheld.who."+string(d.Kind)), d.Country), ", "),
		Where: d.URL, Why: d.Why}
	what := w.N("demands.comments", d.Count)
	if d.Page != "" {
		what = w.T("demands.page")
	}
	row.What = strings.Join(filled(what, d.Law, d.Reference), " · ")
	said := []string{w.T("demands.received", "date", w.Date(d.Received.UTC()))}
	switch {
	case d.Status() == takedown.Restored:
		said = append(said, w.T("open.restored", "date", w.Date(d.Ended.UTC())))
	case d.Status() == takedown.Lapsed:
		said = append(said, w.T("open.lapsed", "date", w.Date(d.Ended.UTC())))
	case !d.Until.IsZero():
		said = append(said, w.T("open.until", "date", w.Date(d.Until.UTC())))
	}
	row.Said = strings.Join(said, " · ")
	if d.Status() == takedown.Standing {
		row.Restore = "/moderate/" + site + "/demands/" + d.ID + "/restore"
		row.Reads = reads(w, d.Demand)
	}
	for _, id := range d.Comments[:min(mostLinked, len(d.Comments))] {
		row.Comments = append(row.Comments, desk.Link{URL: "/moderate/" + site + "/comments/" + id,
			Label: w.T("demands.comment", "n", len(row.Comments)+1)})
	}
	return row
}

// reads is what readers are told in the place of a comment.
func reads(w *desk.Catalog, d takedown.Demand) string {
	var said []string
	for _, told := range w.Withheld(i18n.Notice(d.Notice())) {
		if told.Value != "" {
			told.Label += ": " + told.Value + "."
		}
		said = append(said, told.Label)
	}
	return strings.Join(said, " ")
}

// filled are those of some texts that say anything.
func filled(texts ...string) (some []string) {
	for _, s := range texts {
		if s != "" {
			some = append(some, s)
		}
	}
	return some
}

// lastID is the id of a comment at the end of a link to it, or by itself.
var lastID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// meant reads what a demand is about: links to comments, or one to a page.
func meant(d *takedown.Draft, typed string) {
	for link := range strings.FieldsSeq(typed) {
		if id := lastID.FindString(link); id != "" {
			d.Comments = append(d.Comments, id)
		} else {
			d.Page += link
		}
	}
}

// addDemand enters a demand.
func (o *owner) addDemand(v *desk.Visit) error {
	d := takedown.Draft{By: v.Form.Get("by"), Kind: takedown.Kind(v.Form.Get("kind")), Law: v.Form.Get("law"),
		Country: v.Form.Get("country"), Reference: v.Form.Get("reference"),
		Public: takedown.Public(v.Form.Get("public"))}
	meant(&d, v.Form.Get("what"))
	err := days(v.Form, &d)
	if err == nil {
		_, _, err = o.Takedowns.Withhold(v.Ctx(), v.Who, v.Site, d, once(v, "desk/demand"))
	}
	if err == nil {
		return o.TellAt(v, v.At("/demands"), desk.Flash{Did: "withheld"})
	}
	p := demandsPage{Form: v.Form}
	if e, told := errors.AsType[*problem.Error](err); told && strings.HasSuffix(e.Code, ".unknown") {
		err = problem.Field("/comments", "Name comments or a page of this site.")
	}
	if p.wrong, err = refused(v, "demands", err); err != nil {
		return err
	}
	return o.demandsPage(v, p)
}

// days reads the days of a demand.
func days(form url.Values, d *takedown.Draft) (err error) {
	for _, t := range []struct {
		to          *time.Time
		from, field string
	}{{&d.Received, "received", "/received_at"}, {&d.Until, "until", "/until"}} {
		if form.Get(t.from) == "" {
			continue
		}
		if *t.to, err = time.Parse(time.DateOnly, form.Get(t.from)); err != nil {
			return problem.Field(t.field, "Name a day like 2026-01-31.")
		}
	}
	return nil
}

// endDemand has what a demand withheld shown again.
func (o *owner) endDemand(v *desk.Visit) error {
	err := o.Takedowns.Restore(v.Ctx(), v.Who, v.Site, v.Param("id"), v.Form.Get("why"))
	if err == nil {
		return o.TellAt(v, v.At("/demands"), desk.Flash{Did: "restored"})
	}
	p := demandsPage{Form: url.Values{}}
	if p.wrong, err = refused(v, "demands", err); err != nil {
		return err
	}
	return o.demandsPage(v, p)
}
