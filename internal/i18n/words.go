// Package i18n says what people read, in every language of the house: one JSON file a language for
// the widget, the page without script, the desk and mails.
//
// To add a sentence, write it under one key into en.json, ru.json and kk.json, where the alphabet
// has it, and say it by that key: T in Go, {{t "key"}} in a page of the desk, say('key') in its
// script for js.key, t.key in the widget for read.key (what reading needs) and write.key (the rest);
// the widget's are made into TypeScript by `make web`. What is filled in stands in braces: {name}.
// Where a number decides the form, the sentence has one for each that the language has ("one", "few",
// "many", "other"; "=1" besides, where one thing is said otherwise than 21) and is said by N. The
// tests say what is missing, unused, or says something else in another language.
//
// The package does not know what it speaks of: it imports nothing of ours, and whoever calls it says
// what happened. A sentence stands here once, whoever says it. A Catalog does not change and is safe
// for concurrent use; a language is read when it is first spoken.
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

// A Language is one that the house speaks, as it calls itself.
type Language struct{ Key, Name string }

// Languages of the house; the first is the default. Each has its file.
var Languages = []Language{{"en", "English"}, {"ru", "Русский"}, {"kk", "Қазақша"}}

// Keys are the keys of the languages.
func Keys() []string {
	keys := make([]string, len(Languages))
	for i, l := range Languages {
		keys[i] = l.Key
	}
	return keys
}

// A Catalog says everything in one language.
type Catalog struct {
	lang      Language
	tag       language.Tag
	sentences map[string]sentence
	numbers   *message.Printer
}

// A sentence is one text, or one for each form that a number takes in the language.
type sentence struct {
	text  string
	one   string // of exactly one thing, where the form for one is that for 21 as well
	forms map[plural.Form]string
	raw   json.RawMessage // as it stands in the file
}

// The forms by their names in the files.
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
			return fmt.Errorf("no form of a number is called %q", name)
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

// read panics where a file is wrong, which a test would have told.
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

// In returns the catalog of a language by its key, or nil.
func In(lang string) *Catalog {
	if c, ok := catalogs[lang]; ok {
		return c()
	}
	return nil
}

// Pick returns the language that was chosen, else the one that suits best who asks: accept is the
// Accept-Language of a request. Neither is trusted.
func Pick(chosen, accept string) *Catalog {
	const longest = 200 // parsing is worth no more
	if len(chosen) > longest {
		chosen = ""
	}
	if len(accept) > longest {
		accept = ""
	}
	_, i := language.MatchStrings(matcher, chosen, accept)
	return In(Languages[i].Key)
}

// Lang is the key of the catalog's language.
func (c *Catalog) Lang() string { return c.lang.Key }

// Name is what the language calls itself.
func (c *Catalog) Name() string { return c.lang.Name }

// Has reports whether there is a sentence under key.
func (c *Catalog) Has(key string) bool {
	_, ok := c.sentences[key]
	return ok
}

// T says key. Args are names of what stands in braces, each before its value: a number is written as
// the language writes it, so what is no quantity, such as a year, is given as text. A key that
// nobody wrote down is said itself.
func (c *Catalog) T(key string, args ...any) string {
	s, ok := c.sentences[key]
	if !ok {
		return key
	}
	return c.fill(s.text, args)
}

// N says key in the form for n, which stands in it as {n}.
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

// JSON returns the sentences whose keys begin with one of the prefixes, by key, for a script.
func (c *Catalog) JSON(prefixes ...string) string {
	some := map[string]json.RawMessage{}
	for key, s := range c.sentences {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
			some[key] = s.raw
		}
	}
	b, _ := json.Marshal(some) // each was JSON when it was read
	return string(b)
}
