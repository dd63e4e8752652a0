package i18n

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// details are the English details of problems with their translations by language.
type details struct {
	exact    map[string]map[string]string
	patterns []pattern // details with values, the longest first: it is the most specific
}

// A pattern is a detail with values, which its templates call {1}, {2} ….
type pattern struct {
	template     string
	expression   *regexp.Regexp
	translations map[string]string
}

var placeholder = regexp.MustCompile(`\{\d\}`)

// alternatives matches a value that problem.Among formatted: "a, b or c".
var alternatives = regexp.MustCompile(`^(\S+(?:, \S+)*) or (\S+)$`)

var readDetails = sync.OnceValue(func() details {
	b, err := files.ReadFile("problems.json")
	if err != nil {
		panic(err)
	}
	d := details{}
	if err := json.Unmarshal(b, &d.exact); err != nil {
		panic(fmt.Errorf("read internal/i18n/problems.json: %w", err))
	}
	for template, translations := range d.exact {
		if !placeholder.MatchString(template) {
			continue
		}
		literals := placeholder.Split(template, -1)
		for i := range literals {
			literals[i] = regexp.QuoteMeta(literals[i])
		}
		expression := regexp.MustCompile("(?s)^" + strings.Join(literals, "(.*?)") + "$")
		d.patterns = append(d.patterns, pattern{template, expression, translations})
	}
	slices.SortFunc(d.patterns, func(a, b pattern) int { return len(b.template) - len(a.template) })
	return d
})

// Problem translates the English detail of a problem. It returns text unchanged in English, and if no detail in
// problems.json matches it.
func (c *Catalog) Problem(text string) string {
	if c.lang.Key == Languages[0].Key {
		return text
	}
	d := readDetails()
	if translations, ok := d.exact[text]; ok {
		return translations[c.lang.Key]
	}
	for _, p := range d.patterns {
		if values := p.expression.FindStringSubmatch(text); values != nil {
			return placeholder.ReplaceAllStringFunc(p.translations[c.lang.Key], func(s string) string {
				return alternatives.ReplaceAllString(values[s[1]-'0'], "$1 "+c.T("list.or")+" $2")
			})
		}
	}
	return text
}
