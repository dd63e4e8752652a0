package testkit

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/i18n"
)

var (
	sentenceKey  = regexp.MustCompile(`^([a-z]+)(\.[a-z0-9_]+)+$`)
	hostOrFile   = regexp.MustCompile(`\.(example|jsonl)$`) // host and file names look like keys
	placeholder  = regexp.MustCompile(`\{[a-z]+\}`)
	sentenceLike = regexp.MustCompile(`[A-Za-z]{2}.*[A-Za-z]{2}.*[A-Za-z]{2}`)
)

// translationErrors returns the errors of a page in a language: a wrong lang attribute, a key without a sentence, an
// unfilled placeholder, or an English sentence that has a translation.
func translationErrors(lang, page string) (wrong []string) {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return []string{err.Error()}
	}
	leftovers, sections := englishOnly(lang)
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "html" && attribute(n, "lang") != lang {
			wrong = append(wrong, fmt.Sprintf("lang is %q", attribute(n, "lang")))
		}
		for _, text := range visibleTexts(n) {
			key := sentenceKey.FindStringSubmatch(text)
			switch {
			case key != nil && sections[key[1]] && !hostOrFile.MatchString(text):
				wrong = append(wrong, "no sentence for "+text)
			case placeholder.MatchString(text):
				wrong = append(wrong, "not filled in: "+text)
			case slices.ContainsFunc(leftovers, func(r *regexp.Regexp) bool { return r.MatchString(text) }):
				wrong = append(wrong, "in English: "+text)
			}
		}
	}
	return wrong
}

// visibleTexts returns the text or labels of a node. It skips text with its own lang attribute.
func visibleTexts(n *html.Node) (all []string) {
	if n.Type == html.TextNode && !slices.Contains([]string{"script", "style", "code", "pre"}, n.Parent.Data) &&
		attribute(n.Parent, "lang") == "" {
		all = append(all, n.Data)
	}
	if n.Type == html.ElementNode && (n.Data == "html" || attribute(n, "lang") == "") {
		all = append(all, attribute(n, "aria-label"), attribute(n, "title"), attribute(n, "placeholder"), attribute(n, "alt"))
	}
	for i, s := range all {
		all[i] = strings.Join(strings.Fields(s), " ")
	}
	return all
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// englishOnly returns patterns of the English sentences that differ from those of a language, and the first parts of
// all keys.
func englishOnly(lang string) (patterns []*regexp.Regexp, sections map[string]bool) {
	found := leftovers[lang]()
	return found.patterns, found.sections
}

type englishSentences struct {
	patterns []*regexp.Regexp
	sections map[string]bool
}

var leftovers = func() map[string]func() englishSentences {
	all := map[string]func() englishSentences{}
	for _, lang := range i18n.LanguageKeys() {
		all[lang] = sync.OnceValue(func() englishSentences { return readEnglish(lang) })
	}
	return all
}()

func readEnglish(lang string) englishSentences {
	found := englishSentences{sections: map[string]bool{}}
	own, english := sentencesOf(lang), sentencesOf(i18n.Languages[0].Key)
	for key, forms := range english {
		section, _, _ := strings.Cut(key, ".")
		found.sections[section] = true
		for _, text := range forms {
			literal := placeholder.ReplaceAllString(text, "")
			if !sentenceLike.MatchString(literal) || slices.Contains(own[key], text) || text == i18n.Languages[0].Name {
				continue
			}
			parts := placeholder.Split(strings.Join(strings.Fields(text), " "), -1)
			for i, p := range parts {
				parts[i] = regexp.QuoteMeta(p)
			}
			found.patterns = append(found.patterns, regexp.MustCompile("^"+strings.Join(parts, ".*")+"$"))
		}
	}
	return found
}

// sentencesOf returns all forms of a catalog's sentences by key.
func sentencesOf(lang string) map[string][]string {
	var raw map[string]any
	if err := json.Unmarshal([]byte(i18n.In(lang).JSON("")), &raw); err != nil {
		panic(err)
	}
	all := map[string][]string{}
	for key, value := range raw {
		switch value := value.(type) {
		case string:
			all[key] = []string{value}
		case map[string]any:
			for _, form := range value {
				all[key] = append(all[key], form.(string))
			}
		}
	}
	return all
}
