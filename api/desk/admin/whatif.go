package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

type whatIfPage struct {
	desk.Frame
	Threshold string
	Last      string
	Policies  []desk.Link
	Error     string
	Line      *oneLine
	Heading   string
	Ready     string
	Sides     []bar
	Suspects  string
	Shadow    string
	Wrong     []mistakes
}

// triedPolicies can be tried on what was decided: of whom new_writers would have trusted, the log does not
// tell.
var triedPolicies = []site.Policy{site.PolicyAll, site.PolicySuspicious, site.PolicyNone}

// mistakes are comments that a setting would have treated otherwise than a moderator did.
type mistakes struct {
	Head, Newest string
	Disagree     []desk.Brief
}

const (
	usualLast  = 1000 // decisions to look at, as the form proposes
	shownWrong = 10   // mistakes of a kind that are shown in full
)

// whatIf shows what another setting would have done to the last decisions.
func (o *owner) whatIf(v *desk.Visit) error {
	f, err := o.SiteFrame(v, v.Words.T("whatif"))
	if err != nil {
		return err
	}
	p := newTrial(v.Words, f, v.Site)
	in := evaluation.WhatIfRequest{Policy: site.PolicyAll, Last: new(usualLast)} // as it is set, so far as it is tried
	if slices.Contains(triedPolicies, v.Site.Settings.Moderation) {
		in.Policy = v.Site.Settings.Moderation
	}
	asks := v.QueryParams()
	if s := v.Site.Settings.Shadow; s > 0 {
		in.Threshold = &s
	}
	if asks.Has("threshold") {
		p.Threshold = asks.Get("threshold")
		own, err := strconv.ParseFloat(score(p.Threshold), 64)
		if err == nil { // what is no number is refused, as 0 is
			p.Threshold = inHundred(v.Words, own)
		}
		in.Threshold = &own
	}
	if asks.Has("last") {
		p.Last = asks.Get("last")
		last, _ := strconv.Atoi(p.Last)
		in.Last = &last
	}
	if asks.Has("policy") {
		in.Policy = site.Policy(asks.Get("policy"))
	}
	for i := range p.Policies {
		p.Policies[i].Current = p.Policies[i].Key == string(in.Policy)
	}
	would, err := o.Evaluation.WhatIf(v.Ctx(), v.Who, v.Site, in)
	if err != nil {
		v.Problem = web.ProblemOf(err)
		if s := v.Problem.Status; s != http.StatusUnprocessableEntity && s != http.StatusBadRequest {
			return err
		}
		p.Error = v.Words.T("whatif.bad")
		return v.Show("whatif", p)
	}
	tried(v.Words, &p, would)
	if p.Wrong, err = o.mistakes(v, would.Then); err != nil {
		return err
	}
	return v.Show("whatif", p)
}

// point is a number as programs write it: half of the readers type a decimal comma.
func point(typed string) string { return strings.ReplaceAll(strings.TrimSpace(typed), ",", ".") }

// A mistakeKind is one way to be wrong: the key of its sentence, and who was treated so.
type mistakeKind struct {
	key  string
	some evaluation.Group
}

// shown are the ids of those that are shown in full.
func (k mistakeKind) shown() []string { return k.some.IDs[:min(shownWrong, len(k.some.IDs))] }

// mistakes lists what a trial would have got wrong, by kind.
func (o *owner) mistakes(v *desk.Visit, t evaluation.Trial) ([]mistakes, error) {
	kinds := []mistakeKind{{"whatif.wrong.published", t.PublishedWrong}, {"whatif.wrong.suspected", t.SuspectedHam}}
	if t.Published == 0 { // else it is among what was public at once
		kinds = append(kinds, mistakeKind{"whatif.wrong.missed", t.MissedSpam})
	}
	var ids []string
	for _, k := range kinds {
		ids = append(ids, k.shown()...)
	}
	rows, err := o.Briefs(v, ids)
	if err != nil {
		return nil, err
	}
	var lists []mistakes
	for _, k := range kinds {
		if k.some.N == 0 {
			continue
		}
		list := mistakes{Head: v.Words.T(k.key, "n", k.some.N)}
		if k.some.N > shownWrong {
			list.Newest = v.Words.T("whatif.newest", "shown", shownWrong, "n", k.some.N)
		}
		for _, row := range rows {
			if slices.Contains(k.shown(), row.ID) {
				list.Disagree = append(list.Disagree, row)
			}
		}
		lists = append(lists, list)
	}
	return lists, nil
}

func newTrial(w *desk.Catalog, f desk.Frame, site site.Site) whatIfPage {
	return whatIfPage{
		Frame: f, Threshold: inHundred(w, site.Settings.Suspect), Last: strconv.Itoa(usualLast),
		Policies: policyLinks(w, site, triedPolicies),
	}
}

// tried draws what a trial would have done.
func tried(w *desk.Catalog, p *whatIfPage, would evaluation.WhatIf) {
	if p.Line = drawLine(w, p.Frame, would); p.Line == nil {
		return
	}
	then := would.Then
	p.Heading = w.N("whatif.heading", would.Looked)
	p.Ready = w.T("whatif.ready")
	if !would.Tally.Enough() {
		p.Ready = w.T("whatif.notready") + " " + missing(w, would.Tally)
	}
	p.Sides = bars(w,
		[]string{w.T("whatif.published"), w.T("whatif.published.wrong"), w.T("whatif.held"), w.T("whatif.held.wrong")},
		[]int{then.Published - then.PublishedWrong.N, then.PublishedWrong.N, then.Held - then.HeldHam.N, then.HeldHam.N})
	p.Sides[1].Second, p.Sides[3].Second = true, true
	p.Suspects = w.N("whatif.suspects", then.Waiting)
	p.Shadow = w.T("whatif.shadow.none")
	if s, now := would.Shadow, would.Now; s != nil {
		p.Shadow = w.T("whatif.shadow.says", "threshold", inHundred(w, s.Threshold),
			"suspected", s.Suspected, "now", now.Suspected,
			"good", s.SuspectedHam.N, "nowgood", now.SuspectedHam.N, "missed", s.MissedSpam.N, "nowmissed", now.MissedSpam.N)
	}
}

// missing says what a site has to decide yet before its filter may publish.
func missing(w *desk.Catalog, t evaluation.Tally) string {
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
