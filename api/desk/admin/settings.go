package admin

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// settingsPage is made from site.Fields.
type settingsPage struct {
	desk.Frame
	wrong
	Key      string
	Sections []section
	Snippet  string
	Asked    string  // how long ago a page last asked; "": none did
	Checks   []check // of the site's own origins
	Knocks   []desk.Knock
	Toast    *desk.Toast
	Teachers []teacherRow
	Others   []desk.Link // sites whose lessons could be taken over
	Checker  checkerPart
}

// A checkerPart says of a site's checker whether a key is kept, when it last answered, and why it fails since then.
type checkerPart struct {
	Key      string
	HasKey   bool
	Answered *moment
	Why      string // "": it does not fail
	Failing  *moment
}

// A moment is a time as templates show it.
type moment struct{ ISO, Seen string }

func momentOf(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{desk.ISO(t), desk.Stamp(t)}
}

// A check says of one of the site's origins whether its pages ask.
type check struct {
	Text string
	Asks bool
}

// A section is some of the settings under a heading.
type section struct {
	ID, Head, Hint string
	Settings       []setting
}

// The sections, as they follow one another.
var sections = []string{"site", "who", "score", "rules", "replies", "times", "others"}

// sectionOf is the section that a setting stands in.
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

// A setting is a field of the form.
type setting struct {
	site.Field
	Label, Hint, Value string
	Default            string      // what stands there while it is empty
	Policies           []policy    // of a KindPolicy
	Choices            []desk.Link // of a KindWho
	TryURL             string      // the page that shows what another value would do
	Error              string      // what is wrong with what was typed
}

// A policy is drawn as five comments, of which some wait before a gate.
type policy struct {
	desk.Link
	Drawn     string // the drawing in words; "": there is none
	Hold, Pub []int  // where the comments stand
}

// waiting says how many of five comments wait, as a policy is drawn.
var waiting = map[site.Policy]int{site.PolicyAll: 5, site.PolicyNewWriters: 3, site.PolicySuspicious: 1}

func draw(w *desk.Catalog, links []desk.Link) (drawn []policy) {
	for _, l := range links {
		p := policy{Link: l}
		if n := waiting[site.Policy(l.Key)]; n > 0 {
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

// settings of a site.
func (o *owner) settings(v *desk.Visit) error {
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	p.Toast, p.Notices = o.told(v)
	return v.Show("settings", p)
}

func (o *owner) settingsPage(v *desk.Visit) (settingsPage, error) {
	f, err := o.SiteFrame(v, v.Words.T("settings"))
	if err != nil {
		return settingsPage{}, err
	}
	policies := policyLinks(v.Words, v.Site, site.Policies)
	would, err := o.Evaluation.WhatIf(v.Ctx(), v.Who, v.Site, evaluation.WhatIfRequest{Policy: site.PolicySuspicious})
	if err != nil {
		return settingsPage{}, err
	}
	suspicious(v.Words, policies, would)
	p := drawSettings(v.Words, f, v.Site, policies)
	p.score(v.Words, would)
	p.Snippet = o.Snippet(v.Site)
	letIn, refused, err := o.Process.Knocks(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return settingsPage{}, err
	}
	p.checked(v.Words, v.Site, letIn, o.Clock.Now())
	p.Knocks = v.Refusals(refused, "settings")
	state, err := o.ExternalChecks.CheckerState(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return settingsPage{}, err
	}
	p.Checker = drawChecker(v.Words, state)
	return p, o.teachers(v, &p)
}

// drawChecker says how a site's checker does.
func drawChecker(w *desk.Catalog, state externalcheck.State) checkerPart {
	p := checkerPart{Key: w.T("checker.key.none"), HasKey: state.HasKey, Answered: momentOf(state.AnsweredAt),
		Failing: momentOf(state.FailedAt)}
	switch {
	case state.Ending != "":
		p.Key = w.T("checker.key.ending", "ending", state.Ending)
	case state.HasKey:
		p.Key = w.T("checker.key.has")
	}
	if state.Failures > 0 {
		p.Why = why(w, state.Failure)
	}
	return p
}

// setCheckerKey keeps the key that the site's checker asks for.
func (o *owner) setCheckerKey(v *desk.Visit) error {
	return o.didOr(v, o.ExternalChecks.SetCheckerKey(v.Ctx(), v.Who, v.Site, v.Form.Get("key")), desk.Flash{Did: "saved"})
}

// endEditTokens ends what readers edit and withdraw their comments with.
func (o *owner) endEditTokens(v *desk.Visit) error {
	_, err := o.Sites.EndEditTokens(v.Ctx(), v.Who, v.Site, nil)
	return o.didOr(v, err, desk.Flash{Did: "ended"})
}

// checked says whose pages asked for comments in the last week.
func (p *settingsPage) checked(w *desk.Catalog, site site.Site, letIn []site.Knock, now time.Time) {
	var last time.Time
	for _, origin := range site.Origins {
		c := check{Text: w.T("asked.none", "origin", origin)}
		for _, k := range letIn {
			if k.Origin != origin {
				continue
			}
			c = check{w.T("asked.by", "origin", origin, "time", ago(w, now.Sub(k.Last))), true}
			if k.Last.After(last) {
				last = k.Last
			}
		}
		p.Checks = append(p.Checks, c)
	}
	if !last.IsZero() {
		p.Asked = ago(w, now.Sub(last))
	}
}

// score says at the threshold what it did.
func (p *settingsPage) score(w *desk.Catalog, would evaluation.WhatIf) {
	now := would.Now
	for i := range p.Sections {
		if s := &p.Sections[i]; s.ID == "score" && would.Looked > 0 {
			s.Hint += " " + w.T("section.score.now", "n", would.Looked, "threshold", inHundred(w, now.Threshold),
				"suspected", now.Suspected, "good", now.SuspectedHam.N)
		}
	}
}

// ago is a time in its largest unit, and a minute at least: no more is known.
func ago(w *desk.Catalog, d time.Duration) string {
	if d = max(d, time.Minute); d > time.Hour {
		d = d.Truncate(time.Hour)
	}
	if d > 24*time.Hour {
		d = d.Truncate(24 * time.Hour)
	}
	return w.T("ago", "time", w.Span(d))
}

// suspicious says what it would mean to let the filter publish, before it is chosen: what it
// takes, or what it would have got wrong.
func suspicious(w *desk.Catalog, policies []desk.Link, would evaluation.WhatIf) {
	for i := range policies {
		l := &policies[i]
		if l.Key != string(site.PolicySuspicious) {
			continue
		}
		if would.Tally.Enough() {
			l.More += " " + w.T("policy.suspicious.would",
				"n", would.Looked, "shown", would.Then.Published, "wrong", would.Then.PublishedWrong.N)
			continue
		}
		l.More += " " + w.T("policy.suspicious.few", "ham", would.Tally.Ham, "spam", would.Tally.Spam) +
			" " + missing(w, would.Tally)
		l.Closed = !l.Current
	}
}

// drawSettings has the settings in their sections.
func drawSettings(w *desk.Catalog, f desk.Frame, blog site.Site, policies []desk.Link) settingsPage {
	p := settingsPage{Frame: f, Key: blog.Key}
	for _, id := range sections {
		part := section{ID: id, Head: w.T("section." + id), Hint: optional(w, "section."+id+".hint")}
		for _, field := range site.Fields {
			if sectionOf(field) != id {
				continue
			}
			s := describe(w, field, blog)
			if field.Kind == site.KindPolicy {
				s.Policies = draw(w, policies)
			}
			part.Settings = append(part.Settings, s)
		}
		p.Sections = append(p.Sections, part)
	}
	return p
}

// describe is a field with its words.
func describe(w *desk.Catalog, f site.Field, blog site.Site) setting {
	key := "settings." + f.Name
	s := setting{Field: f, Label: w.T(f.Name), Hint: optional(w, key+".hint"), Value: typed(w, f, f.Of(blog))}
	switch {
	case f.Lang != "":
		in := i18n.In(f.Lang)
		s.Label, s.Default = in.Name(), in.T("rules.default")
	case w.Has(key):
		s.Label = w.T(key)
	}
	if f.Kind == site.KindWho {
		for _, who := range site.Whos {
			s.Choices = append(s.Choices, desk.Link{Key: string(who), Label: w.T("settings.who." + string(who))})
		}
	}
	if f.Tried {
		s.TryURL = "/moderate/" + blog.Key + "/what-if"
	}
	return s
}

// optional says key, if there are words for it.
func optional(w *desk.Catalog, key string) string {
	if !w.Has(key) {
		return ""
	}
	return w.T(key)
}

// typed writes the text of a setting as somebody types it: a score in the unit of the desk, with the
// language's decimal comma, and one address a line.
func typed(w *desk.Catalog, f site.Field, text string) string {
	switch f.Kind {
	case site.KindScore:
		if n, err := strconv.ParseFloat(text, 64); err == nil { // nothing is no number
			return inHundred(w, n)
		}
	case site.KindOrigins:
		return strings.ReplaceAll(text, " ", "\n")
	}
	return text
}

// read is the text of a setting that was typed.
func read(f site.Field, typed string) string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	switch {
	case f.Kind == site.KindScore:
		return score(typed)
	case f.Kind.Numeric():
		return point(typed)
	case f.Kind == site.KindOrigins:
		return strings.Join(strings.Fields(typed), " ")
	}
	return typed
}

// inHundred writes a score in the unit of the desk: so many in 100.
func inHundred(w *desk.Catalog, score float64) string { return w.Float(math.Round(score*1e6) / 1e4) }

// score is a score that was typed, as programs write it: in the unit of the desk, or as they do.
func score(typed string) string {
	own := point(typed)
	n, err := strconv.ParseFloat(own, 64)
	if err != nil || n <= 1 { // what is no number is refused
		return own
	}
	return strconv.FormatFloat(n/100, 'f', -1, 64)
}

// setSettings keeps all of a site's settings at once.
func (o *owner) setSettings(v *desk.Visit) error {
	change := map[string]string{}
	for _, f := range site.Fields {
		own := read(f, v.Form.Get(f.Name))
		if v.Form.Has(f.Name) && own != f.Of(v.Site) { // what is as it was need not be said again
			change[f.Name] = own
		}
	}
	_, err := o.Sites.SetSite(v.Ctx(), v.Who, v.Site.Key, change)
	return o.didOr(v, err, desk.Flash{Did: "saved"})
}

// answerKnock lets the pages of an origin that was refused have comments, or has it told of no more.
func (o *owner) answerKnock(v *desk.Visit) (err error) {
	did, origin := "allowed", v.Form.Get("origin")
	if v.Form.Get("do") == "dismiss" {
		did, err = "dismissed", o.Process.DismissKnock(v.Ctx(), v.Who, v.Site, origin)
	} else {
		_, err = o.Sites.AllowOrigin(v.Ctx(), v.Who, v.Site.Key, origin)
	}
	if err != nil {
		return err
	}
	to := v.At("/queue")
	if v.Form.Get("at") == "settings" {
		to = v.At("/settings")
	}
	return o.TellAt(v, to, desk.Flash{Did: did})
}

// removeSite removes the site for who typed its key.
func (o *owner) removeSite(v *desk.Visit) error {
	if strings.TrimSpace(v.Form.Get("key")) != v.Site.Key {
		return o.settingsAgain(v, problem.Field("/remove", "Type the site's key to remove it."))
	}
	if err := o.Sites.RemoveSite(v.Ctx(), v.Who, v.Site.Key); err != nil {
		return err
	}
	return o.TellAt(v, "/moderate/sites", desk.Flash{Did: "removed"})
}

// didOr says what a form did, or what was wrong with it.
func (o *owner) didOr(v *desk.Visit, err error, did desk.Flash) error {
	if err != nil {
		return o.settingsAgain(v, err)
	}
	return o.TellAt(v, v.At("/settings"), did)
}

// settingsAgain shows what was wrong, and what was typed.
func (o *owner) settingsAgain(v *desk.Visit, err error) error {
	bad, err := refused(v, "settings", err)
	if err != nil {
		return err
	}
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	p.wrong = bad
	for i := range p.Sections {
		for j := range p.Sections[i].Settings {
			p.Sections[i].Settings[j].again(v, &p.wrong)
		}
	}
	return v.Show("settings", p)
}

// again has a setting as it was typed, and takes over what is wrong with it.
func (s *setting) again(v *desk.Visit, w *wrong) {
	if v.Form.Has(s.Name) {
		s.Value = v.Form.Get(s.Name)
		for i := range s.Policies {
			s.Policies[i].Current = s.Policies[i].Key == s.Value
		}
	}
	if s.Name == w.Bad {
		s.Error, *w = w.Error, wrong{}
	}
}
