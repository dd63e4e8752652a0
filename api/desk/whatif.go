package desk

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/people"
)

type whatIfPage struct {
	frame
	Threshold string
	Now       string
	Last      string
	Policies  []link
	Error     string
	Looked    bool
	None      string
	Heading   string
	Ready     string
	Sides     []bar
	Suspects  string
	Beside    table
	Shadow    string
	Wrong     []mistakes
}

// triedPolicies differ in what they would have done: new_writers trusts whom all trusts, until readers
// can prove who they are.
var triedPolicies = []ground.Policy{ground.PolicyAll, ground.PolicySuspicious, ground.PolicyNone}

// mistakes are comments that a setting would have treated otherwise than a moderator did.
type mistakes struct {
	Head, Newest string
	Disagree     []disagreement
}

const (
	usualLast  = 1000 // decisions to look at, as the form proposes
	shownWrong = 10   // mistakes of a kind that are shown in full
)

// whatIf shows what another setting would have done to the last decisions.
func (d *desk) whatIf(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.T("whatif"))
	if err != nil {
		return err
	}
	p := w.whatIfPage(f, site)
	in := learning.WhatIfRequest{Policy: ground.PolicySuspicious, Last: new(usualLast)}
	if c.QueryParams().Has("threshold") {
		p.Threshold, p.Last = c.QueryParam("threshold"), c.QueryParam("last")
		score, _ := strconv.ParseFloat(point(p.Threshold), 64) // what is no number is refused, as 0 is
		last, _ := strconv.Atoi(p.Last)
		in.Threshold, in.Last = &score, &last
		in.Policy = ground.Policy(c.QueryParam("policy"))
	}
	for i := range p.Policies {
		p.Policies[i].Current = p.Policies[i].Key == string(in.Policy)
	}
	would, err := d.Learning.WhatIf(c.Request().Context(), who, site, in)
	if problem := web.ProblemOf(err); err != nil && (problem.Status == http.StatusUnprocessableEntity || problem.Status == http.StatusBadRequest) {
		p.Error = w.T("whatif.bad")
		return renderFailure(c, w, "whatif", problem, p)
	}
	if err != nil {
		return err
	}
	w.tried(&p, would)
	if p.Wrong, err = d.mistakes(c.Request().Context(), w, who, site, would.Then); err != nil {
		return err
	}
	return render(c, w, "whatif", p)
}

// point is a number as programs write it: half of the readers type a decimal comma.
func point(typed string) string { return strings.ReplaceAll(strings.TrimSpace(typed), ",", ".") }

// mistakes lists what a trial would have got wrong, by kind.
func (d *desk) mistakes(ctx context.Context, w *catalog, who people.Actor, site ground.Site, t learning.Trial) ([]mistakes, error) {
	type kind struct {
		key  string
		some hindsight.Group
	}
	kinds := []kind{{"whatif.wrong.published", t.PublishedWrong}, {"whatif.wrong.suspected", t.SuspectedHam}}
	if t.Published == 0 { // else it is among what was public at once
		kinds = append(kinds, kind{"whatif.wrong.missed", t.MissedSpam})
	}
	var lists []mistakes
	for _, k := range kinds {
		if k.some.N == 0 {
			continue
		}
		list := mistakes{Head: w.T(k.key, "n", k.some.N)}
		if k.some.N > shownWrong {
			list.Newest = w.T("whatif.newest", "shown", shownWrong, "n", k.some.N)
		}
		for _, id := range k.some.IDs[:min(shownWrong, len(k.some.IDs))] {
			row, err := d.disagreement(ctx, w, who, site, id)
			if gone(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			list.Disagree = append(list.Disagree, row)
		}
		lists = append(lists, list)
	}
	return lists, nil
}

func (w *catalog) whatIfPage(f frame, site ground.Site) whatIfPage {
	now := w.Float(site.Settings.Suspect)
	return whatIfPage{
		frame: f, Threshold: now, Now: now, Last: strconv.Itoa(usualLast), None: w.T("whatif.none"),
		Policies: policyLinks(w, site, triedPolicies),
	}
}

// tried draws what a trial would have done.
func (w *catalog) tried(p *whatIfPage, would learning.WhatIf) {
	if would.Looked == 0 {
		return
	}
	then := would.Then
	p.Looked, p.Heading = true, w.N("whatif.heading", would.Looked)
	p.Ready = w.T("whatif.ready")
	if !would.Tally.Enough() {
		p.Ready = w.T("whatif.notready") + " " + w.missing(would.Tally)
	}
	p.Sides = w.bars(
		[]string{w.T("whatif.published"), w.T("whatif.published.wrong"), w.T("whatif.held"), w.T("whatif.held.wrong")},
		[]int{then.Published - then.PublishedWrong.N, then.PublishedWrong.N, then.Held - then.HeldHam.N, then.HeldHam.N})
	p.Sides[1].Second, p.Sides[3].Second = true, true
	p.Suspects = w.N("whatif.suspects", then.Waiting)
	p.Beside = table{Caption: w.T("whatif") + ": " + w.T("whatif.beside"), Head: []string{
		w.T("whatif.rule"), w.T("whatif.suspected"), w.T("whatif.suspected.good"), w.T("whatif.missed"), w.T("whatif.shown"), w.T("whatif.shown.wrong"),
	}}
	now := would.Now
	p.Beside.Rows = append(p.Beside.Rows, w.trialRow(w.T("whatif.now", "threshold", now.Threshold), now), w.trialRow(w.T("whatif.then", "threshold", then.Threshold), then))
	p.Shadow = w.T("whatif.shadow.none")
	if s := would.Shadow; s != nil {
		p.Beside.Rows = append(p.Beside.Rows, w.trialRow(w.T("whatif.shadow", "threshold", s.Threshold), *s))
		p.Shadow = w.T("whatif.shadow.says", "threshold", s.Threshold, "suspected", s.Suspected, "now", now.Suspected,
			"good", s.SuspectedHam.N, "nowgood", now.SuspectedHam.N, "missed", s.MissedSpam.N, "nowmissed", now.MissedSpam.N)
	}
}

// missing says what a site has to decide yet before its filter may publish.
func (w *catalog) missing(t hindsight.Tally) string {
	all, ham, spam := t.Missing()
	text := w.N("missing", all)
	if ham > 0 {
		text += " " + w.N("missing.ham", ham)
	}
	if spam > 0 {
		text += " " + w.N("missing.spam", spam)
	}
	return text
}

func (w *catalog) trialRow(name string, t learning.Trial) []string {
	row := []string{name}
	for _, n := range []int{t.Suspected, t.SuspectedHam.N, t.MissedSpam.N, t.Published, t.PublishedWrong.N} {
		row = append(row, w.Number(n))
	}
	return row
}
