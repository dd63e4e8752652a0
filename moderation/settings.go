package moderation

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/address"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// What a site's own fields are held to.
const (
	maxOrigins     = 20
	maxSiteName    = 100
	maxRules       = 2_000
	maxEditMinutes = 24 * 60
)

// defaultSettings are a new site's.
func defaultSettings() Settings {
	return Settings{Moderation: PolicyAll, Suspect: 0.9, EditMinutes: 15}
}

// set changes one setting of a site by its name, as text.
func (site *Site) set(name, value string) error {
	field := "/" + name
	switch name {
	case "name":
		return site.setName(value)
	case "origin":
		return site.setOrigins(strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' }))
	case "moderation":
		if !Policy(value).known() {
			return problem.Field(field, "Use all, new_writers, suspicious or none.")
		}
		site.Settings.Moderation = Policy(value)
	case "suspect":
		score, err := strconv.ParseFloat(value, 64)
		if err != nil || !isThreshold(score) {
			return problem.Field(field, "The score from which a comment is suspected is between 0.5 and 1.")
		}
		site.Settings.Suspect = score
	case "shadow":
		score, err := strconv.ParseFloat(value, 64)
		if value != "" && (err != nil || !isThreshold(score)) {
			return problem.Field(field, "A score to try is between 0.5 and 1; nothing tries none.")
		}
		site.Settings.Shadow = score
	case "edit_minutes":
		minutes, err := strconv.Atoi(value)
		if err != nil || minutes < 0 || minutes > maxEditMinutes {
			return problem.Field(field, fmt.Sprintf("Writers may edit for 0 to %d minutes.", maxEditMinutes))
		}
		site.Settings.EditMinutes = minutes
	case "rules_en", "rules_ru", "rules_kk":
		return site.setRules(field, strings.TrimPrefix(name, "rules_"), value)
	case "signin_url":
		u, err := url.Parse(value)
		if value != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || len(value) > 2_000) {
			return problem.Field(field, "The address of the sign-in page starts with http:// or https://.")
		}
		site.Settings.SignInURL = value
	default:
		return problem.Wrong("field.unknown", field, "A site has no such setting.")
	}
	return nil
}

// isThreshold reports whether comments may be suspected from a score on.
func isThreshold(score float64) bool { return score >= 0.5 && score <= 1 }

func (p Policy) known() bool {
	return p == PolicyAll || p == PolicyNewWriters || p == PolicySuspicious || p == PolicyNone
}

func (site *Site) setName(name string) error {
	name, ok := text.Line(name, maxSiteName)
	if !ok || name == "" {
		return problem.Field("/name", fmt.Sprintf("A site's name is one line of 1 to %d characters.", maxSiteName))
	}
	site.Name = name
	return nil
}

// setRules writes the rules of one language; empty ones make the default return.
func (site *Site) setRules(field, lang, own string) error {
	if !utf8.ValidString(own) || utf8.RuneCountInString(own) > maxRules {
		return problem.Field(field, fmt.Sprintf("The rules are text of at most %d characters.", maxRules))
	}
	own = text.Clean(own)
	rules := maps.Clone(site.Settings.Rules) // the map may be in the cache of sites
	if rules == nil {
		rules = map[string]string{}
	}
	rules[lang] = own
	if own == "" {
		delete(rules, lang)
	}
	site.Settings.Rules = rules
	return nil
}

func (site *Site) setOrigins(raw []string) error {
	if len(raw) == 0 || len(raw) > maxOrigins {
		return problem.Field("/origin", fmt.Sprintf("A site has 1 to %d origins, like https://blog.example.", maxOrigins))
	}
	origins := make([]string, 0, len(raw))
	for _, r := range raw {
		o, ok := address.Origin(r)
		if !ok {
			return problem.Field("/origin", "An origin is scheme://host[:port] with http or https, without a path, like https://blog.example.")
		}
		origins = append(origins, o)
	}
	site.Origins = origins
	return nil
}
