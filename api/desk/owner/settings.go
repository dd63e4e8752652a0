package owner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/words"
)

// settingsPage is made from ground.Fields.
type settingsPage struct {
	desk.Frame
	Key      string
	Groups   []settingGroup
	Snippet  string
	Knocks   []desk.Knock
	Error    string
	Toast    *desk.Toast
	Teachers []teacherRow
	Others   []desk.Link // sites whose lessons could be taken over
}

type settingGroup struct {
	group          ground.Group
	ID, Head, Hint string
	Settings       []setting
}

// The heads of the groups.
var groupHeads = map[ground.Group]string{
	ground.GroupSite: "settings.site", ground.GroupModeration: "setup.moderation", ground.GroupRules: "setup.rules",
}

// A setting is a field of the form.
type setting struct {
	ground.Field
	Label, Hint, Value string
	Default            string      // what stands there while it is empty
	Policies           []desk.Link // of a KindPolicy
	TryURL             string      // the page that shows what another value would do
}

// settings of a site.
func (o *owner) settings(v *desk.Visit) error {
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	if fl, ok := o.Said(v); ok {
		p.Toast, p.Notices = v.Words.Tell(fl)
	}
	return v.Show("settings", p)
}

func (o *owner) settingsPage(v *desk.Visit) (settingsPage, error) {
	f, err := o.SiteFrame(v, v.Words.T("settings"))
	if err != nil {
		return settingsPage{}, err
	}
	policies := policyLinks(v.Words, v.Site, ground.Policies)
	if err := o.suspicious(v, policies); err != nil {
		return settingsPage{}, err
	}
	p := drawSettings(v.Words, f, v.Site, policies)
	p.Snippet = o.Snippet(v.Site)
	if p.Knocks, err = o.Knocks(v, "settings"); err != nil {
		return settingsPage{}, err
	}
	return p, o.teachers(v, &p)
}

// suspicious says what it would mean to let the filter publish, before it is chosen: what it
// takes, or what it would have got wrong.
func (o *owner) suspicious(v *desk.Visit, policies []desk.Link) error {
	would, err := o.Learning.WhatIf(v.Ctx(), v.Who, v.Site, learning.WhatIfRequest{Policy: ground.PolicySuspicious})
	if err != nil {
		return err
	}
	w := v.Words
	for i := range policies {
		l := &policies[i]
		if l.Key != string(ground.PolicySuspicious) {
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
	return nil
}

// drawSettings has the groups in the order of their first settings.
func drawSettings(w *desk.Catalog, f desk.Frame, site ground.Site, policies []desk.Link) settingsPage {
	p := settingsPage{Frame: f, Key: site.Key}
	for _, field := range ground.Fields {
		i := slices.IndexFunc(p.Groups, func(g settingGroup) bool { return g.group == field.Group })
		if i < 0 {
			i = len(p.Groups)
			p.Groups = append(p.Groups, settingGroup{
				group: field.Group, ID: "s" + strconv.Itoa(i+1), Head: w.T(groupHeads[field.Group]),
				Hint: optional(w, "settings."+string(field.Group)+".hint"),
			})
		}
		s := describe(w, field, site)
		if field.Kind == ground.KindPolicy {
			s.Policies = policies
		}
		p.Groups[i].Settings = append(p.Groups[i].Settings, s)
	}
	return p
}

// describe is a field with its words.
func describe(w *desk.Catalog, f ground.Field, site ground.Site) setting {
	key := "settings." + f.Name
	s := setting{Field: f, Label: w.T(f.Name), Hint: optional(w, key+".hint"), Value: typed(w, f, f.Of(site))}
	switch {
	case f.Lang != "":
		in := words.In(f.Lang)
		s.Label, s.Default = in.Name(), in.T("rules.default")
	case w.Has(key):
		s.Label = w.T(key)
	}
	if f.Tried {
		s.TryURL = "/moderate/" + site.Key + "/what-if"
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

// typed writes the text of a setting as somebody types it: with the language's decimal comma, and
// one address a line.
func typed(w *desk.Catalog, f ground.Field, text string) string {
	switch f.Kind {
	case ground.KindScore:
		if n, err := strconv.ParseFloat(text, 64); err == nil { // nothing is no number
			return w.Float(n)
		}
	case ground.KindOrigins:
		return strings.ReplaceAll(text, " ", "\n")
	}
	return text
}

// read is the text of a setting that was typed.
func read(f ground.Field, typed string) string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	switch {
	case f.Kind.Numeric():
		return point(typed)
	case f.Kind == ground.KindOrigins:
		return strings.Join(strings.Fields(typed), " ")
	}
	return typed
}

// setSettings keeps all of a site's settings at once.
func (o *owner) setSettings(v *desk.Visit) error {
	change := map[string]string{}
	for _, f := range ground.Fields {
		own := read(f, v.Form.Get(f.Name))
		if v.Form.Has(f.Name) && own != f.Of(v.Site) { // what is as it was need not be said again
			change[f.Name] = own
		}
	}
	if _, err := o.Service.SetSite(v.Ctx(), v.Who, v.Site.Key, change); err != nil {
		return o.settingsAgain(v, err)
	}
	return o.TellAt(v, v.At("/settings"), desk.Flash{Did: "saved"})
}

// allowOrigin lets the pages of an origin that was refused have comments.
func (o *owner) allowOrigin(v *desk.Visit) error {
	if _, err := o.Service.AllowOrigin(v.Ctx(), v.Who, v.Site.Key, v.Form.Get("origin")); err != nil {
		return err
	}
	to := v.At("/queue")
	if v.Form.Get("at") == "settings" {
		to = v.At("/settings")
	}
	return o.TellAt(v, to, desk.Flash{Did: "allowed"})
}

func (o *owner) settingsAgain(v *desk.Visit, err error) error {
	says, err := v.Refused("settings", err)
	if err != nil {
		return err
	}
	p, err := o.settingsPage(v)
	if err != nil {
		return err
	}
	p.Error = says
	return v.Show("settings", p)
}
