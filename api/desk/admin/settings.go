package admin

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// A settingsPage shows one section of a site's settings.
type settingsPage struct {
	desk.Frame
	formError
	Key           string
	Section       string // its ID
	Heading, Lead string
	Fields        []setting
	Folded        []setting // shown on demand
	Install       *installation
	Checker       *checkerStatus
	Training      *training
	Data          *dataPage
	Danger        bool
	Toast         *desk.Toast
}

// An installation is the snippet of a site and the requests from its pages.
type installation struct {
	Snippet        string
	LastRequest    string        // time since the last request from a page of the site, or ""
	Checks         []originCheck // one per origin of the site
	OriginRequests []desk.OriginRequest
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

// A section is a page of settings. Some settings are shown on demand.
type section struct {
	ID             string
	Fields, Folded []string
}

// sections are the pages. The first has the address without an ID. The setting neighbours is on the page of spam lists.
var sections = []section{
	{"general", []string{"name", "votes", "origin"}, []string{"mirrors", "signin_url"}},
	{"moderation", []string{"moderation", "suspect", "who", "rules_en", "rules_ru", "rules_kk"}, []string{"shadow"}},
	{"replies", []string{"reply_texts"}, nil},
	{"retention", []string{"edit_minutes", "close_after_days", "grace_days", "keep_refused_days", "keep_address_days"}, nil},
	{"checker", []string{"checker", "checker_email"}, nil},
	{"training", nil, nil},
	{"data", nil, nil},
	{"danger", nil, nil},
}

// sectionOf returns the section with an ID, or the first.
func sectionOf(id string) section {
	for _, s := range sections {
		if s.ID == id {
			return s
		}
	}
	return sections[0]
}

// path returns the section's address below the site.
func (s section) path() string {
	if s.ID == sections[0].ID {
		return "/settings"
	}
	return "/settings/" + s.ID
}

// A setting is a field of the settings form.
type setting struct {
	site.Field
	Label, Hint, Value string
	Default            string           // the value in force while the field is empty
	Policies           []policy         // for KindPolicy
	Slider             *thresholdSlider // for the threshold; nil without decisions
	Choices            []desk.Link      // for KindIdentity
	TryURL             string           // the what-if page, or ""
	Error              string           // the error of the submitted value
	Focus              bool             // the first setting with an error
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
					p.Hold = append(p.Hold, 62-13*i)
				} else {
					p.Pub = append(p.Pub, 84+13*(i-n))
				}
			}
		}
		drawn = append(drawn, p)
	}
	return drawn
}

// settings shows a section of a site's settings.
func (o *admin) settings(v *desk.Visit) error {
	s := sectionOf(v.Param("section"))
	if id := v.Param("section"); id != "" && s.path() != "/settings/"+id {
		return echo.ErrNotFound
	}
	p, err := o.settingsPage(v, s)
	if err != nil {
		return err
	}
	p.Toast, p.Notices = o.flashText(v)
	return v.Show("settings", p)
}

func (o *admin) settingsPage(v *desk.Visit, s section) (settingsPage, error) {
	f, err := o.DeskFrame(v, v.Words.T("section."+s.ID))
	if err != nil {
		return settingsPage{}, err
	}
	p := newSettingsPage(v.Words, f, v.Site, s)
	switch s.ID {
	case "general":
		p.Install, err = o.installation(v)
	case "moderation":
		would, err := o.Evaluation.WhatIf(v.Ctx(), v.Actor, v.Site, evaluation.WhatIfRequest{Policy: site.PolicySuspicious})
		if err != nil {
			return p, err
		}
		p.addForecast(v.Words, v.Site, would)
	case "checker":
		state, err := o.ExternalChecks.CheckerState(v.Ctx(), v.Actor, v.Site)
		if err != nil {
			return p, err
		}
		p.Checker = newCheckerStatus(v.Words, state)
	case "training":
		p.Training, err = o.training(v)
	case "data":
		p.Data, err = o.dataPage(v)
	case "danger":
		p.Danger = true
	}
	return p, err
}

// installation returns the snippet of the visit's site and the requests from its pages.
func (o *admin) installation(v *desk.Visit) (*installation, error) {
	letIn, refused, err := o.Process.OriginRequests(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return nil, err
	}
	in := newInstallation(v.Words, v.Site, letIn, o.Clock.Now())
	in.Snippet, in.OriginRequests = o.Snippet(v.Site), v.RefusedOrigins(refused, "settings")
	return in, nil
}

// newCheckerStatus describes the state of a site's external checker.
func newCheckerStatus(w *desk.Catalog, state externalcheck.State) *checkerStatus {
	p := &checkerStatus{Key: w.T("checker.key.none"), HasKey: state.HasKey, Answered: newTimestamp(state.AnsweredAt),
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
	err := o.ExternalChecks.SetCheckerKey(v.Ctx(), v.Actor, v.Site, v.Form.Get("key"))
	return o.redirectOrShowError(v, "checker", err, desk.Flash{Action: "saved"})
}

// endEditTokens revokes all tokens with which commenters edit and withdraw their comments.
func (o *admin) endEditTokens(v *desk.Visit) error {
	_, err := o.Sites.EndEditTokens(v.Ctx(), v.Actor, v.Site, nil)
	return o.redirectOrShowError(v, "danger", err, desk.Flash{Action: "ended"})
}

// newInstallation says for each origin when its pages last requested comments, within the last week.
func newInstallation(w *desk.Catalog, site site.Site, letIn []site.OriginRequest, now time.Time) *installation {
	var p installation
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
	return &p
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
		l.More += " " + w.T("policy.suspicious.few", "ham", would.Tally.Ham, "spam", would.Tally.Spam)
		l.Disabled = !l.Current
	}
}

// addForecast adds the policies, with what "suspicious" would have published, and the threshold's slider.
func (p *settingsPage) addForecast(w *desk.Catalog, blog site.Site, would evaluation.WhatIf) {
	policies := policyOptions(w, blog, site.Policies)
	addSuspiciousForecast(w, policies, would)
	for i := range p.Fields {
		switch s := &p.Fields[i]; s.Name {
		case "moderation":
			s.Policies = drawPolicies(w, policies)
		case "suspect":
			s.Slider = newThresholdSlider(w, would)
		}
	}
}

// newSettingsPage returns the page of a section with its settings.
func newSettingsPage(w *desk.Catalog, f desk.Frame, blog site.Site, s section) settingsPage {
	p := settingsPage{Frame: f, Key: blog.Key, Section: s.ID, Heading: w.T("section." + s.ID),
		Lead: optional(w, "section."+s.ID+".hint")}
	for _, field := range site.Fields {
		switch folded := slices.Contains(s.Folded, field.Name); {
		case folded, slices.Contains(s.Fields, field.Name) && field.Lang != "" && field.Lang != w.Lang():
			p.Folded = append(p.Folded, newSetting(w, field, blog))
		case slices.Contains(s.Fields, field.Name):
			p.Fields = append(p.Fields, newSetting(w, field, blog))
		}
	}
	at := func(a setting) int { return slices.Index(s.Fields, a.Name) }
	slices.SortFunc(p.Fields, func(a, b setting) int { return at(a) - at(b) })
	return p
}

// newSetting returns a field with its label, hint and value.
func newSetting(w *desk.Catalog, f site.Field, blog site.Site) setting {
	key := "settings." + f.Name
	s := setting{Field: f, Label: w.T(f.Name), Hint: optional(w, key+".hint"), Value: formatSetting(w, f, f.Value(blog))}
	switch {
	case f.Lang != "":
		in := i18n.In(f.Lang)
		s.Label, s.Default = w.T("settings.rules", "language", in.Name()), web.DefaultRules(blog, in)
		s.Hint = w.T("settings.rules.hint")
	case w.Has(key):
		s.Label = w.T(key)
	}
	if f.Kind == site.KindIdentity {
		for _, who := range site.IdentityPolicies {
			s.Choices = append(s.Choices, desk.Link{Key: string(who), Label: w.T("settings.who." + string(who)),
				Current: string(who) == s.Value})
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

// setSettings stores the changed settings of a site. A form may contain any of them.
func (o *admin) setSettings(v *desk.Visit) error {
	change := map[string]string{}
	for _, f := range site.Fields {
		own := parseSetting(f, v.Form.Get(f.Name))
		if v.Form.Has(f.Name) && own != f.Value(v.Site) { // only changed values
			change[f.Name] = own
		}
	}
	_, err := o.Sites.SetSite(v.Ctx(), v.Actor, v.Site.Key, change)
	return o.redirectOrShowError(v, v.Param("section"), err, desk.Flash{Action: "saved"})
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
		return o.showSettingsError(v, "danger", problem.Field("/remove", "Type the site's key to remove it."))
	}
	if err := o.Sites.RemoveSite(v.Ctx(), v.Actor, v.Site.Key); err != nil {
		return err
	}
	return o.RedirectWithFlash(v, "/moderate/sites", desk.Flash{Action: "removed"})
}

// redirectOrShowError redirects to a section of the settings with a flash, or shows it with the error.
func (o *admin) redirectOrShowError(v *desk.Visit, section string, err error, did desk.Flash) error {
	if err != nil {
		return o.showSettingsError(v, section, err)
	}
	return o.RedirectWithFlash(v, v.SitePath(sectionOf(section).path()), did)
}

// showSettingsError shows a section of the settings with the error and the submitted values.
func (o *admin) showSettingsError(v *desk.Visit, section string, err error) error {
	refused := v.FieldErrors("settings", err)
	bad, err := newFormError(v, "settings", err)
	if err != nil {
		return err
	}
	p, err := o.settingsPage(v, sectionOf(section))
	if err != nil {
		return err
	}
	p.formError = bad
	for _, list := range [][]setting{p.Fields, p.Folded} {
		for i := range list {
			s := &list[i]
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
		for i := range s.Choices {
			s.Choices[i].Current = s.Choices[i].Key == s.Value
		}
	}
}
