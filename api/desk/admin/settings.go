package admin

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// A settingsPage is built from site.Fields.
type settingsPage struct {
	desk.Frame
	formError
	Key            string
	Sections       []section
	Snippet        string
	LastRequest    string        // time since the last request from a page of the site, or ""
	Checks         []originCheck // one per origin of the site
	OriginRequests []desk.OriginRequest
	Toast          *desk.Toast
	Teachers       []teacherRow
	Others         []desk.Link // sites whose lessons can be copied
	Checker        checkerStatus
}

// A checkerStatus is the state of a site's external checker: its key, its last response, and its failure.
type checkerStatus struct {
	Key      string
	HasKey   bool
	Answered *timestamp
	Why      string // "" if it does not fail
	Failing  *timestamp
}

// A timestamp is a time for templates, as ISO and as text.
type timestamp struct{ ISO, Seen string }

func newTimestamp(t time.Time) *timestamp {
	if t.IsZero() {
		return nil
	}
	return &timestamp{desk.ISO(t), desk.Stamp(t)}
}

// An originCheck says whether pages of an origin requested comments.
type originCheck struct {
	Text string
	Asks bool
}

// A section is a group of settings under a heading.
type section struct {
	ID, Head, Hint string
	Settings       []setting
}

// sections are the IDs of the sections in order.
var sections = []string{"site", "who", "score", "rules", "replies", "times", "others"}

// sectionOf returns the section of a setting.
func sectionOf(f site.Field) string {
	switch {
	case f.Kind == site.KindPolicy:
		return "who"
	case f.Kind == site.KindScore:
		return "score"
	case f.Group == site.GroupModeration && (f.Kind == site.KindSwitch || f.Kind == site.KindURL):
		return "others"
	case f.Group == site.GroupModeration:
		return "times"
	}
	return string(f.Group)
}

// A setting is a field of the settings form.
type setting struct {
	site.Field
	Label, Hint, Value string
	Default            string      // the value in force while the field is empty
	Policies           []policy    // for KindPolicy
	Choices            []desk.Link // for KindWho
	TryURL             string      // the what-if page, or ""
	Error              string      // the error of the submitted value
	Focus              bool        // the first setting with an error
}

// A policy is a moderation policy with its drawing: five comments, some of which wait before a gate.
type policy struct {
	desk.Link
	Drawn     string // the drawing in words; "" if there is none
	Hold, Pub []int  // x coordinates of held and of published comments
}

// heldOfFive is the number of waiting comments in the drawing of a policy.
var heldOfFive = map[site.Policy]int{site.PolicyAll: 5, site.PolicyNewWriters: 3, site.PolicySuspicious: 1}

func drawPolicies(w *desk.Catalog, links []desk.Link) (drawn []policy) {
	for _, l := range links {
		p := policy{Link: l}
		if n := heldOfFive[site.Policy(l.Key)]; n > 0 {
			p.Drawn = w.N("policy.drawn", n)
			for i := range 5 {
				if i < n {
					p.Hold = append(p.Hold, 52-10*i)
				} else {
					p.Pub = append(p.Pub, 82+10*(i-n))
				}
			}
		}
		drawn = append(drawn, p)
	}
	return drawn
}

// settings shows a site's settings.
func (o *admin) settings(v *desk.Visit) error {
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	p.Toast, p.Notices = o.flashText(v)
	return v.Show("settings", p)
}

func (o *admin) settingsPage(v *desk.Visit) (settingsPage, error) {
	f, err := o.DeskFrame(v, v.Words.T("settings"))
	if err != nil {
		return settingsPage{}, err
	}
	policies := policyOptions(v.Words, v.Site, site.Policies)
	would, err := o.Evaluation.WhatIf(v.Ctx(), v.Actor, v.Site, evaluation.WhatIfRequest{Policy: site.PolicySuspicious})
	if err != nil {
		return settingsPage{}, err
	}
	addSuspiciousForecast(v.Words, policies, would)
	p := newSettingsPage(v.Words, f, v.Site, policies)
	p.addThresholdFigures(v.Words, would)
	p.Snippet = o.Snippet(v.Site)
	letIn, refused, err := o.Process.OriginRequests(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return settingsPage{}, err
	}
	p.addOriginChecks(v.Words, v.Site, letIn, o.Clock.Now())
	p.OriginRequests = v.RefusedOrigins(refused, "settings")
	state, err := o.ExternalChecks.CheckerState(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return settingsPage{}, err
	}
	p.Checker = newCheckerStatus(v.Words, state)
	return p, o.teachers(v, &p)
}

// newCheckerStatus describes the state of a site's external checker.
func newCheckerStatus(w *desk.Catalog, state externalcheck.State) checkerStatus {
	p := checkerStatus{Key: w.T("checker.key.none"), HasKey: state.HasKey, Answered: newTimestamp(state.AnsweredAt),
		Failing: newTimestamp(state.FailedAt)}
	switch {
	case state.KeySuffix != "":
		p.Key = w.T("checker.key.ending", "ending", state.KeySuffix)
	case state.HasKey:
		p.Key = w.T("checker.key.has")
	}
	if state.Failures > 0 {
		p.Why = failureText(w, state.Failure)
	}
	return p
}

// setCheckerKey stores the API key of the site's external checker.
func (o *admin) setCheckerKey(v *desk.Visit) error {
	return o.redirectOrShowError(v, o.ExternalChecks.SetCheckerKey(v.Ctx(), v.Actor, v.Site, v.Form.Get("key")), desk.Flash{Action: "saved"})
}

// endEditTokens revokes all tokens with which commenters edit and withdraw their comments.
func (o *admin) endEditTokens(v *desk.Visit) error {
	_, err := o.Sites.EndEditTokens(v.Ctx(), v.Actor, v.Site, nil)
	return o.redirectOrShowError(v, err, desk.Flash{Action: "ended"})
}

// addOriginChecks says for each origin when its pages last requested comments, within the last week.
func (p *settingsPage) addOriginChecks(w *desk.Catalog, site site.Site, letIn []site.OriginRequest, now time.Time) {
	var last time.Time
	for _, origin := range site.Origins {
		c := originCheck{Text: w.T("asked.none", "origin", origin)}
		for _, k := range letIn {
			if k.Origin != origin {
				continue
			}
			c = originCheck{w.T("asked.by", "origin", origin, "time", ago(w, now.Sub(k.Last))), true}
			if k.Last.After(last) {
				last = k.Last
			}
		}
		p.Checks = append(p.Checks, c)
	}
	if !last.IsZero() {
		p.LastRequest = ago(w, now.Sub(last))
	}
}

// addThresholdFigures adds the effect of the current threshold to its section's hint.
func (p *settingsPage) addThresholdFigures(w *desk.Catalog, would evaluation.WhatIf) {
	now := would.Now
	for i := range p.Sections {
		if s := &p.Sections[i]; s.ID == "score" && would.Compared > 0 {
			s.Hint += " " + w.T("section.score.now", "n", would.Compared, "threshold", percentText(w, now.Threshold),
				"suspected", now.Suspected, "good", now.SuspectedHam.N)
		}
	}
}

// ago formats the time since an event in its largest unit. It is at least a minute, the resolution of the data.
func ago(w *desk.Catalog, d time.Duration) string {
	if d = max(d, time.Minute); d > time.Hour {
		d = d.Truncate(time.Hour)
	}
	if d > 24*time.Hour {
		d = d.Truncate(24 * time.Hour)
	}
	return w.T("ago", "time", w.Duration(d))
}

// addSuspiciousForecast adds to the policy "suspicious" what it would have published wrongly. If the model has learned
// too little, it adds what is missing and disables the choice, unless it is the current one.
func addSuspiciousForecast(w *desk.Catalog, policies []desk.Link, would evaluation.WhatIf) {
	for i := range policies {
		l := &policies[i]
		if l.Key != string(site.PolicySuspicious) {
			continue
		}
		if would.Tally.Enough() {
			l.More += " " + w.T("policy.suspicious.would",
				"n", would.Compared, "shown", would.Then.Published, "wrong", would.Then.PublishedWrong.N)
			continue
		}
		l.More += " " + w.T("policy.suspicious.few", "ham", would.Tally.Ham, "spam", would.Tally.Spam) +
			" " + missing(w, would.Tally)
		l.Disabled = !l.Current
	}
}

// newSettingsPage returns the page with the settings in their sections.
func newSettingsPage(w *desk.Catalog, f desk.Frame, blog site.Site, policies []desk.Link) settingsPage {
	p := settingsPage{Frame: f, Key: blog.Key}
	for _, id := range sections {
		part := section{ID: id, Head: w.T("section." + id), Hint: optional(w, "section."+id+".hint")}
		for _, field := range site.Fields {
			if sectionOf(field) != id {
				continue
			}
			s := newSetting(w, field, blog)
			if field.Kind == site.KindPolicy {
				s.Policies = drawPolicies(w, policies)
			}
			part.Settings = append(part.Settings, s)
		}
		p.Sections = append(p.Sections, part)
	}
	return p
}

// newSetting returns a field with its label, hint and value.
func newSetting(w *desk.Catalog, f site.Field, blog site.Site) setting {
	key := "settings." + f.Name
	s := setting{Field: f, Label: w.T(f.Name), Hint: optional(w, key+".hint"), Value: formatSetting(w, f, f.Value(blog))}
	switch {
	case f.Lang != "":
		in := i18n.In(f.Lang)
		s.Label, s.Default = in.Name(), web.DefaultRules(blog, in)
	case w.Has(key):
		s.Label = w.T(key)
	}
	if f.Kind == site.KindIdentity {
		for _, who := range site.IdentityPolicies {
			s.Choices = append(s.Choices, desk.Link{Key: string(who), Label: w.T("settings.who." + string(who))})
		}
	}
	if f.Tried {
		s.TryURL = "/moderate/" + blog.Key + "/what-if"
	}
	return s
}

// optional returns the message of key, or "" if there is none.
func optional(w *desk.Catalog, key string) string {
	if !w.Has(key) {
		return ""
	}
	return w.T(key)
}

// formatSetting formats a setting's text for the form: scores in percent with the language's decimal separator, and one
// origin per line.
func formatSetting(w *desk.Catalog, f site.Field, text string) string {
	switch f.Kind {
	case site.KindScore:
		if n, err := strconv.ParseFloat(text, 64); err == nil { // "" stays ""
			return percentText(w, n)
		}
	case site.KindOrigins:
		return strings.ReplaceAll(text, " ", "\n")
	}
	return text
}

// parseSetting returns the text of a setting from the form's value.
func parseSetting(f site.Field, typed string) string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	switch {
	case f.Kind == site.KindScore:
		return parseScore(typed)
	case f.Kind.Numeric():
		return parseDecimal(typed)
	case f.Kind == site.KindOrigins:
		return strings.Join(strings.Fields(typed), " ")
	}
	return typed
}

// percentText formats a score in percent, with at most four decimals.
func percentText(w *desk.Catalog, score float64) string { return w.Float(math.Round(score*1e6) / 1e4) }

// parseScore returns a typed score as a decimal between 0 and 1. It takes numbers above 1 as percent. It returns other
// text unchanged, for the caller to refuse.
func parseScore(typed string) string {
	own := parseDecimal(typed)
	n, err := strconv.ParseFloat(own, 64)
	if err != nil || n <= 1 { // not a number: refused later
		return own
	}
	return strconv.FormatFloat(n/100, 'f', -1, 64)
}

// setSettings stores the changed settings of a site.
func (o *admin) setSettings(v *desk.Visit) error {
	change := map[string]string{}
	for _, f := range site.Fields {
		own := parseSetting(f, v.Form.Get(f.Name))
		if v.Form.Has(f.Name) && own != f.Value(v.Site) { // only changed values
			change[f.Name] = own
		}
	}
	_, err := o.Sites.SetSite(v.Ctx(), v.Actor, v.Site.Key, change)
	return o.redirectOrShowError(v, err, desk.Flash{Action: "saved"})
}

// answerOriginRequest allows a refused origin, or dismisses it.
func (o *admin) answerOriginRequest(v *desk.Visit) (err error) {
	did, origin := "allowed", v.Form.Get("origin")
	if v.Form.Get("do") == "dismiss" {
		did, err = "dismissed", o.Process.DismissOrigin(v.Ctx(), v.Actor, v.Site, origin)
	} else {
		_, err = o.Sites.AllowOrigin(v.Ctx(), v.Actor, v.Site.Key, origin)
	}
	if err != nil {
		return err
	}
	to := v.SitePath("/queue")
	if v.Form.Get("at") == "settings" {
		to = v.SitePath("/settings")
	}
	return o.RedirectWithFlash(v, to, desk.Flash{Action: did})
}

// removeSite removes the site if the form contains its key.
func (o *admin) removeSite(v *desk.Visit) error {
	if strings.TrimSpace(v.Form.Get("key")) != v.Site.Key {
		return o.showSettingsError(v, problem.Field("/remove", "Type the site's key to remove it."))
	}
	if err := o.Sites.RemoveSite(v.Ctx(), v.Actor, v.Site.Key); err != nil {
		return err
	}
	return o.RedirectWithFlash(v, "/moderate/sites", desk.Flash{Action: "removed"})
}

// redirectOrShowError redirects to the settings with a flash, or shows the settings with the error.
func (o *admin) redirectOrShowError(v *desk.Visit, err error, did desk.Flash) error {
	if err != nil {
		return o.showSettingsError(v, err)
	}
	return o.RedirectWithFlash(v, v.SitePath("/settings"), did)
}

// showSettingsError shows the settings with the error and the submitted values.
func (o *admin) showSettingsError(v *desk.Visit, err error) error {
	refused := v.FieldErrors("settings", err)
	bad, err := newFormError(v, "settings", err)
	if err != nil {
		return err
	}
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	p.formError = bad
	for i := range p.Sections {
		for j := range p.Sections[i].Settings {
			s := &p.Sections[i].Settings[j]
			s.restoreTyped(v)
			if s.Error = refused[s.Name]; s.Error != "" {
				s.Focus, p.formError = p.Error != "", formError{}
			}
		}
	}
	return v.Show("settings", p)
}

// restoreTyped sets the submitted value.
func (s *setting) restoreTyped(v *desk.Visit) {
	if v.Form.Has(s.Name) {
		s.Value = v.Form.Get(s.Name)
		for i := range s.Policies {
			s.Policies[i].Current = s.Policies[i].Key == s.Value
		}
	}
}
