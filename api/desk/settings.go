package desk

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/words"
)

// settingsPage is made from ground.Fields.
type settingsPage struct {
	frame
	Key      string
	Groups   []settingGroup
	Snippet  string
	Error    string
	Toast    *toast
	Teachers []teacherRow
	Others   []link // sites whose lessons could be taken over
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
	Default            string // what stands there while it is empty
	Policies           []link // of a KindPolicy
	TryURL             string // the page that shows what another value would do
}

// settings of a site.
func (d *desk) settings(v *visit) error {
	p, err := d.settingsPage(v)
	if err != nil {
		return err
	}
	if fl, ok := d.said(v); ok {
		p.Toast, p.Notices = v.words.tell(fl)
	}
	return v.render("settings", p)
}

func (d *desk) settingsPage(v *visit) (settingsPage, error) {
	f, err := d.siteFrame(v, v.words.T("settings"))
	if err != nil {
		return settingsPage{}, err
	}
	policies := policyLinks(v.words, v.site, ground.Policies)
	if err := d.suspicious(v, policies); err != nil {
		return settingsPage{}, err
	}
	p := v.words.settingsPage(f, v.site, policies)
	p.Snippet = d.snippet(v.site)
	return p, d.teachers(v, &p)
}

// suspicious says what it would mean to let the filter publish, before it is chosen: what it
// takes, or what it would have got wrong.
func (d *desk) suspicious(v *visit, policies []link) error {
	would, err := d.Learning.WhatIf(v.ctx(), v.who, v.site, learning.WhatIfRequest{Policy: ground.PolicySuspicious})
	if err != nil {
		return err
	}
	w := v.words
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
			" " + w.missing(would.Tally)
		l.Closed = !l.Current
	}
	return nil
}

// settingsPage has the groups in the order of their first settings.
func (w *catalog) settingsPage(f frame, site ground.Site, policies []link) settingsPage {
	p := settingsPage{frame: f, Key: site.Key}
	for _, field := range ground.Fields {
		i := slices.IndexFunc(p.Groups, func(g settingGroup) bool { return g.group == field.Group })
		if i < 0 {
			i = len(p.Groups)
			p.Groups = append(p.Groups, settingGroup{
				group: field.Group, ID: "s" + strconv.Itoa(i+1), Head: w.T(groupHeads[field.Group]),
				Hint: w.optional("settings." + string(field.Group) + ".hint"),
			})
		}
		s := w.setting(field, site)
		if field.Kind == ground.KindPolicy {
			s.Policies = policies
		}
		p.Groups[i].Settings = append(p.Groups[i].Settings, s)
	}
	return p
}

// setting is a field with its words.
func (w *catalog) setting(f ground.Field, site ground.Site) setting {
	key := "settings." + f.Name
	s := setting{Field: f, Label: w.T(f.Name), Hint: w.optional(key + ".hint"), Value: w.typed(f, f.Of(site))}
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
func (w *catalog) optional(key string) string {
	if !w.Has(key) {
		return ""
	}
	return w.T(key)
}

// typed writes the text of a setting as somebody types it: with the language's decimal comma, and
// one address a line.
func (w *catalog) typed(f ground.Field, text string) string {
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
func (d *desk) setSettings(v *visit) error {
	change := map[string]string{}
	for _, f := range ground.Fields {
		own := read(f, v.form.Get(f.Name))
		if v.form.Has(f.Name) && own != f.Of(v.site) { // what is as it was need not be said again
			change[f.Name] = own
		}
	}
	if _, err := d.Service.SetSite(v.ctx(), v.who, v.site.Key, change); err != nil {
		return d.settingsAgain(v, err)
	}
	return d.tellAt(v, v.at("/settings"), flash{Did: "saved"})
}

func (d *desk) settingsAgain(v *visit, err error) error {
	says, err := v.refused("settings", err)
	if err != nil {
		return err
	}
	p, err := d.settingsPage(v)
	if err != nil {
		return err
	}
	p.Error = says
	return v.render("settings", p)
}
