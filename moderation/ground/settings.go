package ground

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// RulesText returns the rules in a language: the site's own, else the default. A language
// other than en, ru and kk is read in English.
func (s Settings) RulesText(lang string) string {
	if _, known := defaultRules[lang]; !known {
		lang = "en"
	}
	if own := s.Rules[lang]; own != "" {
		return own
	}
	return defaultRules[lang]
}

// Policy says whose comments wait for a moderator.
type Policy string

// The policies; the zero value of Settings means PolicyAll.
const (
	PolicyAll        Policy = "all"
	PolicyNewWriters Policy = "new_writers"
	PolicySuspicious Policy = "suspicious"
	PolicyNone       Policy = "none"
)

// Policies are all there are, the strictest first.
var Policies = []Policy{PolicyAll, PolicyNewWriters, PolicySuspicious, PolicyNone}

// Known reports whether there is such a policy.
func (p Policy) Known() bool { return slices.Contains(Policies, p) }

// Settings of a site. Rules holds the rules text by language ("en", "ru", "kk"); a missing
// one is the default. Suspect is the score from which a comment is suspected (0.9).
// Shadow is a score that is only tried, beside Suspect; 0: none. EditMinutes is how long a
// writer may edit (15).
type Settings struct {
	Moderation  Policy            `json:"moderation"`
	Suspect     float64           `json:"suspect"`
	Shadow      float64           `json:"shadow,omitempty"`
	EditMinutes int               `json:"edit_minutes"`
	Rules       map[string]string `json:"rules,omitempty"`
	SignInURL   string            `json:"signin_url,omitempty"`
}

// DefaultSettings are what a new site has.
func DefaultSettings() Settings {
	return Settings{Moderation: PolicyAll, Suspect: 0.9, EditMinutes: 15}
}

// Threshold is the score from which a comment is suspected.
func (s Settings) Threshold() float64 {
	if s.Suspect <= 0 {
		return DefaultSettings().Suspect
	}
	return s.Suspect
}

// IsThreshold reports whether comments may be suspected from a score on.
func IsThreshold(score float64) bool { return score >= 0.5 && score <= 1 }

const (
	maxRules       = 2_000 // characters
	maxEditMinutes = 24 * 60
)

// Set changes one setting by its name, as text.
func (s *Settings) Set(name, value string) error {
	field := "/" + name
	switch name {
	case "moderation":
		if !Policy(value).Known() {
			return problem.Field(field, "Use "+problem.Among(Policies)+".")
		}
		s.Moderation = Policy(value)
	case "suspect":
		score, err := strconv.ParseFloat(value, 64)
		if err != nil || !IsThreshold(score) {
			return problem.Field(field, "The score from which a comment is suspected is between 0.5 and 1.")
		}
		s.Suspect = score
	case "shadow":
		score, err := strconv.ParseFloat(value, 64)
		if value != "" && (err != nil || !IsThreshold(score)) {
			return problem.Field(field, "A score to try is between 0.5 and 1; nothing tries none.")
		}
		s.Shadow = score
	case "edit_minutes":
		minutes, err := strconv.Atoi(value)
		if err != nil || minutes < 0 || minutes > maxEditMinutes {
			return problem.Field(field, fmt.Sprintf("Writers may edit for 0 to %d minutes.", maxEditMinutes))
		}
		s.EditMinutes = minutes
	case "rules_en", "rules_ru", "rules_kk":
		return s.setRules(field, strings.TrimPrefix(name, "rules_"), value)
	case "signin_url":
		u, err := url.Parse(value)
		if value != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(value) > 2_000) {
			return problem.Field(field, "The address of the sign-in page starts with http:// or https://.")
		}
		s.SignInURL = value
	default:
		return problem.Wrong("field.unknown", field, "A site has no such setting.")
	}
	return nil
}

// setRules writes the rules of one language; empty ones make the default return.
func (s *Settings) setRules(field, lang, own string) error {
	if !utf8.ValidString(own) || utf8.RuneCountInString(own) > maxRules {
		return problem.Field(field, fmt.Sprintf("The rules are text of at most %d characters.", maxRules))
	}
	own = text.Clean(own)
	rules := maps.Clone(s.Rules) // the map may be in the cache of sites
	if rules == nil {
		rules = map[string]string{}
	}
	rules[lang] = own
	if own == "" {
		delete(rules, lang)
	}
	s.Rules = rules
	return nil
}
