package desk

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
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
	Wrong     string
	Beside    table
	Disagree  []disagreement
}

// shownWrong is how many mistakes are shown in full.
const shownWrong = 10

// whatIf shows what another setting would have done to the last decisions.
func (d *desk) whatIf(c echo.Context) error {
	who, site, err := d.site(c)
	if err != nil {
		return err
	}
	w := catalogOf(c)
	f, err := d.siteFrame(c, w, who, site, w.t("whatif"))
	if err != nil {
		return err
	}
	p := w.whatIfPage(f, site)
	in := moderation.WhatIfRequest{Threshold: site.Settings.Suspect, Policy: moderation.PolicySuspicious, Last: 1000}
	if c.QueryParams().Has("threshold") {
		p.Threshold, p.Last = c.QueryParam("threshold"), c.QueryParam("last")
		in.Threshold, _ = strconv.ParseFloat(p.Threshold, 64) // what is no number is refused as 0 is
		in.Last, _ = strconv.Atoi(p.Last)
		in.Policy = moderation.Policy(c.QueryParam("policy"))
	}
	for i := range p.Policies {
		p.Policies[i].Current = p.Policies[i].Key == string(in.Policy)
	}
	would, err := d.Service.WhatIf(c.Request().Context(), who, site, in)
	if problem := web.ProblemOf(err); err != nil && (problem.Status == http.StatusUnprocessableEntity || problem.Status == http.StatusBadRequest) {
		p.Error = w.t("whatif.bad")
		return renderFailure(c, w, "whatif", problem, p)
	}
	if err != nil {
		return err
	}
	w.tried(&p, would)
	for _, id := range would.Then.PublishedWrong.IDs[:min(shownWrong, len(would.Then.PublishedWrong.IDs))] {
		row, err := d.disagreement(c.Request().Context(), w, who, site, id)
		if gone(err) {
			continue
		}
		if err != nil {
			return err
		}
		p.Disagree = append(p.Disagree, row)
	}
	return render(c, w, "whatif", p)
}

func (w *catalog) whatIfPage(f frame, site moderation.Site) whatIfPage {
	now := say(site.Settings.Suspect)
	p := whatIfPage{frame: f, Threshold: now, Now: now, Last: "1000", None: w.t("whatif.none")}
	for _, policy := range []moderation.Policy{moderation.PolicyAll, moderation.PolicySuspicious, moderation.PolicyNone} {
		key := string(policy)
		p.Policies = append(p.Policies, link{Key: key, Label: w.t("policy." + key), More: w.t("policy." + key + ".more")})
	}
	return p
}

// tried draws what a trial would have done.
func (w *catalog) tried(p *whatIfPage, would moderation.WhatIf) {
	if would.Looked == 0 {
		return
	}
	then := would.Then
	p.Looked, p.Heading = true, w.n("whatif.heading", would.Looked)
	p.Ready = w.t("whatif.notready")
	if would.Tally.Enough() {
		p.Ready = w.t("whatif.ready")
	}
	p.Sides = bars(
		[]string{w.t("whatif.published"), w.t("whatif.published.wrong"), w.t("whatif.held"), w.t("whatif.held.wrong")},
		[]int{then.Published - then.PublishedWrong.N, then.PublishedWrong.N, then.Held - then.HeldHam.N, then.HeldHam.N})
	p.Sides[1].Second, p.Sides[3].Second = true, true
	p.Wrong = w.n("whatif.suspects", then.Waiting)
	p.Beside = table{Caption: w.t("whatif") + ": " + w.t("whatif.beside"), Head: []string{
		w.t("whatif.rule"), w.t("whatif.suspected"), w.t("whatif.suspected.good"), w.t("whatif.missed"), w.t("whatif.shown"), w.t("whatif.shown.wrong"),
	}}
	p.Beside.Rows = append(p.Beside.Rows, trialRow(w.t("whatif.now"), would.Now), trialRow(w.t("whatif.then"), then))
	if would.Shadow != nil {
		p.Beside.Rows = append(p.Beside.Rows, trialRow(w.t("whatif.shadow", "threshold", say(would.Shadow.Threshold)), *would.Shadow))
	}
}

func trialRow(name string, t moderation.Trial) []string {
	row := []string{name}
	for _, n := range []int{t.Suspected, t.SuspectedHam.N, t.MissedSpam.N, t.Published, t.PublishedWrong.N} {
		row = append(row, strconv.Itoa(n))
	}
	return row
}
