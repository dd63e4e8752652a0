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
	Line      *thresholdPlot
	Heading   string
	Ready     string
	Sides     []bar
	Suspects  string
	Shadow    string
	Wrong     []mistakes
}

// triedPolicies are the policies that can be evaluated on past decisions. new_writers is missing, because the log does
// not record which commenters it would have trusted.
var triedPolicies = []site.Policy{site.PolicyAll, site.PolicySuspicious, site.PolicyNone}

// mistakes are comments that a setting would have treated differently from the moderator.
type mistakes struct {
	Head, Newest string
	Disagree     []desk.Brief
}

const (
	defaultLast = 1000 // default number of decisions to evaluate
	maxShown    = 10   // mistakes shown per kind
)

// whatIf shows what another setting would have done with the last decisions.
func (o *admin) whatIf(v *desk.Visit) error {
	f, err := o.DeskFrame(v, v.Words.T("whatif"))
	if err != nil {
		return err
	}
	p := newWhatIfPage(v.Words, f, v.Site)
	in := evaluation.WhatIfRequest{Policy: site.PolicyAll, Last: new(defaultLast)} // the current policy, if it can be evaluated
	if slices.Contains(triedPolicies, v.Site.Settings.Moderation) {
		in.Policy = v.Site.Settings.Moderation
	}
	asks := v.QueryParams()
	if s := v.Site.Settings.Shadow; s > 0 {
		in.Threshold = &s
	}
	if asks.Has("threshold") {
		p.Threshold = asks.Get("threshold")
		own, err := strconv.ParseFloat(parseScore(p.Threshold), 64)
		if err == nil { // not a number: 0, which is refused
			p.Threshold = percentText(v.Words, own)
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
	would, err := o.Evaluation.WhatIf(v.Ctx(), v.Actor, v.Site, in)
	if err != nil {
		v.Problem = web.ProblemOf(err)
		if s := v.Problem.Status; s != http.StatusUnprocessableEntity && s != http.StatusBadRequest {
			return err
		}
		p.Error = v.Words.T("whatif.bad")
		return v.Show("whatif", p)
	}
	addTrial(v.Words, &p, would)
	if p.Wrong, err = o.mistakes(v, would.Then); err != nil {
		return err
	}
	return v.Show("whatif", p)
}

// parseDecimal replaces a decimal comma by a point and trims spaces.
func parseDecimal(typed string) string { return strings.ReplaceAll(strings.TrimSpace(typed), ",", ".") }

// A mistakeKind is a kind of mistake: its message key and the affected comments.
type mistakeKind struct {
	key  string
	some evaluation.Group
}

// shown returns the IDs of the comments to show.
func (k mistakeKind) shown() []string { return k.some.IDs[:min(maxShown, len(k.some.IDs))] }

// mistakes returns the mistakes of a trial by kind.
func (o *admin) mistakes(v *desk.Visit, t evaluation.Trial) ([]mistakes, error) {
	kinds := []mistakeKind{{"whatif.wrong.published", t.PublishedWrong}, {"whatif.wrong.suspected", t.SuspectedHam}}
	if t.Published == 0 { // otherwise counted as wrongly published
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
		if k.some.N > maxShown {
			list.Newest = v.Words.T("whatif.newest", "shown", maxShown, "n", k.some.N)
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

func newWhatIfPage(w *desk.Catalog, f desk.Frame, site site.Site) whatIfPage {
	return whatIfPage{
		Frame: f, Threshold: percentText(w, site.Settings.Suspect), Last: strconv.Itoa(defaultLast),
		Policies: policyOptions(w, site, triedPolicies),
	}
}

// addTrial adds the results of a trial to the page.
func addTrial(w *desk.Catalog, p *whatIfPage, would evaluation.WhatIf) {
	if p.Line = newThresholdPlot(w, p.Frame, would); p.Line == nil {
		return
	}
	then := would.Then
	p.Heading = w.N("whatif.heading", would.Compared)
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
		p.Shadow = w.T("whatif.shadow.says", "threshold", percentText(w, s.Threshold),
			"suspected", s.Suspected, "now", now.Suspected,
			"good", s.SuspectedHam.N, "nowgood", now.SuspectedHam.N, "missed", s.MissedSpam.N, "nowmissed", now.MissedSpam.N)
	}
}

// missing says how many decisions a site still needs before the model may publish.
func missing(w *desk.Catalog, t evaluation.Tally) string {
	all, ham, spam := t.Remaining()
	text := w.N("missing", all)
	if ham > 0 {
		text += " " + w.N("missing.ham", ham)
	}
	if spam > 0 {
		text += " " + w.N("missing.spam", spam)
	}
	return text
}
