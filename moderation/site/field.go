package site

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Kind is what the text of a setting stands for.
type Kind string

// The kinds.
const (
	KindLine    Kind = "line"    // one line
	KindURL     Kind = "url"     // the address of a page
	KindText    Kind = "text"    // lines in a language
	KindTexts   Kind = "texts"   // texts, an empty line between
	KindOrigins Kind = "origins" // addresses, spaces or commas between
	KindPolicy  Kind = "policy"  // one of Policies
	KindNumber  Kind = "number"  // a whole one
	KindScore   Kind = "score"   // a number with a fraction
	KindSwitch  Kind = "switch"  // on or off
	KindWho     Kind = "who"     // one of Whos
)

// Numeric reports whether it is a number.
func (k Kind) Numeric() bool { return k == KindNumber || k == KindScore }

// A Group is what a setting stands together with.
type Group string

// The groups.
const (
	GroupSite       Group = "site"
	GroupModeration Group = "moderation"
	GroupRules      Group = "rules"
	GroupReplies    Group = "replies"
)

// A Field is one thing that is set of a site, as text.
type Field struct {
	Name   string
	Kind   Kind
	Group  Group
	Needed bool   // a site has no default of it
	Tried  bool   // it decides nothing: what it would do can be looked at
	Max    int    // characters of a KindLine
	Lang   string // of a KindText: the language it is for; while it is empty, words has one

	refusal string
	get     func(Site) string
	set     func(*Site, string) bool // reports whether the text is one that may stand there
}

// Of returns a site's own setting as text; "" where it has none.
func (f Field) Of(site Site) string { return f.get(site) }

// Change sets settings of a site, by their names. Where one is refused, or is none, the site is of no
// use any more.
func (site *Site) Change(settings map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		i := slices.IndexFunc(Fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			return problem.Wrong("field.unknown", "/"+name, "A site has no such setting.")
		}
		if f := Fields[i]; !f.set(site, settings[name]) {
			return problem.Field("/"+name, f.refusal)
		}
	}
	return nil
}

func threshold(v string) (float64, bool) {
	score, err := strconv.ParseFloat(v, 64)
	return score, err == nil && IsThreshold(score)
}

// days sets a number of days, from 0 on.
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

// allow sets the site's origins.
func (site *Site) allow(origins []string) bool {
	if len(origins) == 0 || len(origins) > maxOrigins {
		return false
	}
	site.Origins = make([]string, len(origins)) // anew: the old one may be in the cache of sites
	for i, o := range origins {
		var ok bool
		if site.Origins[i], ok = text.Origin(o); !ok {
			return false
		}
	}
	return true
}

// Allow adds an origin to the site's, unless it is one of them.
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

// rulesField is the rules text in one language.
func rulesField(lang string) Field {
	return Field{
		Name: "rules_" + lang, Kind: KindText, Group: GroupRules, Lang: lang,
		refusal: fmt.Sprintf("The rules are text of at most %d characters.", maxRules),
		get:     func(s Site) string { return s.Settings.Rules[lang] },
		set: func(s *Site, own string) bool {
			if !utf8.ValidString(own) || utf8.RuneCountInString(own) > maxRules {
				return false
			}
			rules := maps.Clone(s.Settings.Rules) // the map may be in the cache of sites
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
