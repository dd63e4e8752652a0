package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Kind is the type of a setting.
type Kind string

// The kinds.
const (
	KindLine     Kind = "line"    // one line
	KindURL      Kind = "url"     // URL of a page
	KindText     Kind = "text"    // lines of text in one language
	KindTexts    Kind = "texts"   // texts, separated by empty lines
	KindOrigins  Kind = "origins" // origins, separated by spaces or commas
	KindPolicy   Kind = "policy"  // one of Policies
	KindNumber   Kind = "number"  // integer
	KindScore    Kind = "score"   // decimal number
	KindSwitch   Kind = "switch"  // on or off
	KindIdentity Kind = "who"     // one of IdentityPolicies
)

// Numeric reports whether the setting is a number.
func (k Kind) Numeric() bool { return k == KindNumber || k == KindScore }

// A Group is a section of the settings page.
type Group string

// The groups.
const (
	GroupSite       Group = "site"
	GroupModeration Group = "moderation"
	GroupRules      Group = "rules"
	GroupReplies    Group = "replies"
)

// A Field describes one setting of a site, in text form.
type Field struct {
	Name   string
	Kind   Kind
	Group  Group
	Needed bool   // required: there is no default
	Tried  bool   // has no effect on comments; reports show what it would do
	Max    int    // maximum number of characters of a KindLine
	Lang   string // language of a KindText; package i18n has a default text for an empty setting

	refusal string
	get     func(Site) string
	set     func(*Site, string) bool // reports whether the text is valid
}

// Value returns the site's own setting as text, or "" if it has none.
func (f Field) Value(site Site) string { return f.get(site) }

// Change sets settings of a site by name. It returns the errors of all invalid settings, joined. After an error the site
// must not be used: some settings may have changed.
func (site *Site) Change(settings map[string]string) error {
	var refused []error
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		i := slices.IndexFunc(Fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			return problem.Wrong("field.unknown", "/"+name, "A site has no such setting.")
		}
		if f := Fields[i]; !f.set(site, settings[name]) {
			refused = append(refused, problem.Field("/"+name, f.refusal))
		}
	}
	return errors.Join(refused...)
}

func threshold(v string) (float64, bool) {
	score, err := strconv.ParseFloat(v, 64)
	return score, err == nil && IsThreshold(score)
}

// days parses v as a number of days from 0 to most into of, and reports whether it is valid.
func days(of *int, v string, most int) bool {
	n, err := strconv.Atoi(v)
	*of = n
	return err == nil && n >= 0 && n <= most
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func setOrigins(s *Site, v string) bool {
	return s.allow(strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }))
}

// allow replaces the site's origins, and reports whether they are valid.
func (site *Site) allow(origins []string) bool {
	if len(origins) == 0 || len(origins) > maxOrigins {
		return false
	}
	site.Origins = make([]string, len(origins)) // a new slice: the cache of sites may hold the old one
	for i, o := range origins {
		var ok bool
		if site.Origins[i], ok = text.Origin(o); !ok {
			return false
		}
	}
	return true
}

// Allow adds an origin to the site's origins, unless it is already there.
func (site *Site) Allow(origin string) error {
	kept, ok := text.Origin(origin)
	if ok && slices.Contains(site.Origins, kept) {
		return nil
	}
	if !ok || !site.allow(append(slices.Clone(site.Origins), kept)) {
		return problem.Field("/origin", refusedOrigins)
	}
	return nil
}

// rulesField returns the field of the commenting rules in one language.
func rulesField(lang string) Field {
	return Field{
		Name: "rules_" + lang, Kind: KindText, Group: GroupRules, Lang: lang,
		refusal: fmt.Sprintf("The rules are text of at most %d characters.", maxRules),
		get:     func(s Site) string { return s.Settings.Rules[lang] },
		set: func(s *Site, own string) bool {
			if !utf8.ValidString(own) || utf8.RuneCountInString(own) > maxRules {
				return false
			}
			rules := maps.Clone(s.Settings.Rules) // a copy: the cache of sites may hold the map
			if rules == nil {
				rules = map[string]string{}
			}
			if rules[lang] = text.Clean(own); rules[lang] == "" {
				delete(rules, lang)
			}
			s.Settings.Rules = rules
			return true
		},
	}
}
