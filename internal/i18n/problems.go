package i18n

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A detail is the English detail of a problem with its translations. {1}, {2} … stand for values.
type detail struct {
	template     string
	pattern      *regexp.Regexp    // nil without values
	translations map[string]string // by language
}

var details = sync.OnceValue(func() map[string][]detail {
	b, err := files.ReadFile("problems.json")
	if err != nil {
		panic(err)
	}
	var read map[string]map[string]string
	if err := json.Unmarshal(b, &read); err != nil {
		panic(fmt.Errorf("read internal/i18n/problems.json: %w", err))
	}
	byBeginning := map[string][]detail{}
	for template, translations := range read {
		d := detail{template: template, translations: translations}
		beginning := template
		if parts := placeholder.Split(template, -1); len(parts) > 1 {
			beginning = parts[0]
			for i := range parts {
				parts[i] = regexp.QuoteMeta(parts[i])
			}
			d.pattern = regexp.MustCompile("(?s)^" + strings.Join(parts, "(.*?)") + "$")
		}
		key := firstWord(beginning)
		byBeginning[key] = append(byBeginning[key], d)
	}
	for _, list := range byBeginning { // the longest template is the most specific
		slices.SortFunc(list, func(a, b detail) int { return len(b.template) - len(a.template) })
	}
	return byBeginning
})

var placeholder = regexp.MustCompile(`\{\d\}`)

// firstWord returns s up to its first space, or "" if a value could be part of that word.
func firstWord(s string) string {
	word, _, found := strings.Cut(s, " ")
	if !found && placeholder.MatchString(s) {
		return ""
	}
	return word
}

// Problem translates the English detail of a problem. It returns text unchanged in English, and if no detail in
// problems.json matches it.
func (c *Catalog) Problem(text string) string {
	if c.lang.Key == Languages[0].Key {
		return text
	}
	all := details()
	for _, key := range []string{firstWord(text), ""} {
		for _, d := range all[key] {
			if d.pattern == nil {
				if d.template == text {
					return d.translations[c.lang.Key]
				}
				continue
			}
			if values := d.pattern.FindStringSubmatch(text); values != nil {
				return placeholder.ReplaceAllStringFunc(d.translations[c.lang.Key], func(p string) string {
					n, err := strconv.Atoi(p[1 : len(p)-1])
					if err != nil || n >= len(values) {
						return p
					}
					return values[n]
				})
			}
		}
	}
	return text
}
