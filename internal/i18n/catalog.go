// Package i18n has all sentences that people read, in every supported language. One JSON file per language serves the
// widget, the pages without script, the desk and mails.
//
// To add a sentence, add its key to en.json, ru.json and kk.json in alphabetical order. Use T in Go, {{t "key"}} in a
// page of the desk, say('key') in its script for js.key, and t.key in the widget. The widget's sentences have the
// prefixes in widget/build/words.go, such as read. and write., and `make web` generates TypeScript from them.
// Placeholders are in braces: {name}. A sentence with a number has a plural form for each category of the language
// ("one", "few", "many", "other", and "=1" where 1 differs from 21), and N selects it. Tests report keys that are
// missing or unused, and translations with other placeholders.
//
// The package imports no other package of this module: the caller passes the facts. A sentence has one key, even if
// several packages use it. A Catalog is immutable and safe for concurrent use. A language is loaded on first use.
package i18n

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed *.json
var files embed.FS

// A Language is a supported language, with its name in the language itself.
type Language struct{ Key, Name string }

// Languages lists the supported languages. The first is the default. Each has its JSON file.
var Languages = []Language{{"en", "English"}, {"ru", "Русский"}, {"kk", "Қазақша"}}

// LanguageKeys returns the keys of the supported languages.
func LanguageKeys() []string {
	keys := make([]string, len(Languages))
	for i, l := range Languages {
		keys[i] = l.Key
	}
	return keys
}

// A Catalog has the sentences and formats of one language.
type Catalog struct {
	lang      Language
	tag       language.Tag
	sentences map[string]sentence
	numbers   *message.Printer
}

// A sentence is one text, or one text per plural form.
type sentence struct {
	text  string
	one   string // for exactly 1, in languages whose form one also covers 21
	forms map[plural.Form]string
	raw   json.RawMessage // as in the file
}

// forms maps the names in the files to plural forms.
var forms = map[string]plural.Form{"one": plural.One, "few": plural.Few, "many": plural.Many, "other": plural.Other}

func (s *sentence) UnmarshalJSON(b []byte) error {
	s.raw = bytes.Clone(b)
	if b[0] != '{' {
		return json.Unmarshal(b, &s.text)
	}
	var named map[string]string
	if err := json.Unmarshal(b, &named); err != nil {
		return err
	}
	s.forms = map[plural.Form]string{}
	for name, text := range named {
		if name == "=1" {
			s.one = text
			continue
		}
		form, ok := forms[name]
		if !ok {
			return fmt.Errorf("unknown plural form %q", name)
		}
		s.forms[form] = text
	}
	return nil
}

var (
	catalogs = map[string]func() *Catalog{}
	matcher  language.Matcher
)

func init() {
	var tags []language.Tag
	for _, l := range Languages {
		tag := language.MustParse(l.Key)
		tags = append(tags, tag)
		catalogs[l.Key] = sync.OnceValue(func() *Catalog { return read(l, tag) })
	}
	matcher = language.NewMatcher(tags)
}

// read loads a catalog. It panics if the embedded file is invalid, which tests rule out.
func read(lang Language, tag language.Tag) *Catalog {
	b, err := files.ReadFile(lang.Key + ".json")
	if err != nil {
		panic(err)
	}
	c := &Catalog{lang: lang, tag: tag, numbers: message.NewPrinter(tag)}
	if err := json.Unmarshal(b, &c.sentences); err != nil {
		panic(fmt.Errorf("read internal/i18n/%s.json: %w", lang.Key, err))
	}
	return c
}

// In returns the catalog of a language by its key, or nil if the language is not supported.
func In(lang string) *Catalog {
	if c, ok := catalogs[lang]; ok {
		return c()
	}
	return nil
}

// Negotiate returns the catalog of the chosen language if it is supported, or else the best match for accept, the
// Accept-Language header of a request. Both may be any text.
func Negotiate(chosen, accept string) *Catalog {
	const longest = 200 // longer values are ignored
	if len(chosen) > longest {
		chosen = ""
	}
	if len(accept) > longest {
		accept = ""
	}
	_, i := language.MatchStrings(matcher, chosen, accept)
	return In(Languages[i].Key)
}

// Lang returns the key of the catalog's language.
func (c *Catalog) Lang() string { return c.lang.Key }

// Name returns the name of the language in the language itself.
func (c *Catalog) Name() string { return c.lang.Name }

// Has reports whether the catalog has a sentence for key.
func (c *Catalog) Has(key string) bool {
	_, ok := c.sentences[key]
	return ok
}

// T returns the sentence for key. Args are pairs of a placeholder's name and its value. Numbers are formatted as
// quantities, so pass other numbers, such as a year, as text. T returns an unknown key itself.
func (c *Catalog) T(key string, args ...any) string {
	s, ok := c.sentences[key]
	if !ok {
		return key
	}
	return c.fill(s.text, args)
}

// N returns the plural form of key for n, with n as the placeholder {n}.
func (c *Catalog) N(key string, n int, args ...any) string {
	s, ok := c.sentences[key]
	if !ok {
		return key
	}
	text := cmp.Or(s.text, s.forms[plural.Cardinal.MatchPlural(c.tag, n, 0, 0, 0, 0)], s.forms[plural.Other])
	if n == 1 && s.one != "" {
		text = s.one
	}
	return c.fill(text, append([]any{"n", n}, args...))
}

func (c *Catalog) fill(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+args[i].(string)+"}", c.value(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

func (c *Catalog) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return c.Number(v)
	case int64:
		return c.Number(int(v))
	case float64:
		return c.Float(v)
	}
	return fmt.Sprint(v)
}

// JSON returns the sentences whose keys have one of the prefixes as a JSON object, for a script.
func (c *Catalog) JSON(prefixes ...string) string {
	some := map[string]json.RawMessage{}
	for key, s := range c.sentences {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			some[key] = s.raw
		}
	}
	b, _ := json.Marshal(some) // each value is valid JSON from the file
	return string(b)
}
