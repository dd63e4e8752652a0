package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A section is one constant in a language's file: sentences, and named groups of sentences.
type section struct {
	name   string
	prefix string            // of the keys of its sentences
	groups map[string]string // key prefixes by group name
}

// sections separate the sentences by the widget's parts, so that a page loads only those it shows.
var sections = []section{
	{"reading", "read.", map[string]string{"roles": "role.", "date": "date."}},
	{"form", "write.", map[string]string{"reasons": "reason.low.", "meanings": "meaning.", "likely": "likely."}},
	{"around", "around.", nil},
	{"copy", "copy.", nil},
	{"help", "help.", nil},
	{"live", "live.", nil},
	{"steps", "steps.", nil},
	{"vote", "vote.", nil},
	{"told", "told.", nil},
	{"who", "who.", nil},
	{"prove", "prove.", nil},
	{"report", "report.", map[string]string{"reasons": "reason.low."}},
	{"withheld", "withheld.", map[string]string{"who": "withheld.who."}},
}

// generateSentences returns the TypeScript of each language by path, and the languages other than English. English is
// bundled with the scripts.
func generateSentences() (files map[string][]byte, others []string, err error) {
	paths, err := filepath.Glob(catalogs + "/??.json") // one per language
	if err != nil || len(paths) < 2 {
		return nil, nil, fmt.Errorf("no catalogs in %s: %w", catalogs, err)
	}
	files = map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		var sentences map[string]sentence
		if err := json.Unmarshal(b, &sentences); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
		lang := strings.TrimSuffix(filepath.Base(path), ".json")
		files[widget+"/src/words/"+lang+".ts"] = []byte(script(lang, sentences))
		if lang != "en" {
			others = append(others, lang)
		}
	}
	return files, others, nil
}

// A sentence is one text, or its plural forms separated by `|`: one, few, many and other, as far as the language has
// them.
type sentence string

func (s *sentence) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return json.Unmarshal(b, (*string)(s))
	}
	var forms map[string]string
	if err := json.Unmarshal(b, &forms); err != nil {
		return err
	}
	var all []string
	for _, name := range []string{"one", "few", "many", "other"} {
		if text, ok := forms[name]; ok {
			all = append(all, text)
		}
	}
	*s = sentence(strings.Join(all, "|"))
	return nil
}

func script(lang string, sentences map[string]sentence) string {
	var b strings.Builder
	fmt.Fprintf(&b, "// Generated from internal/i18n/%s.json by `make web`. Edit the sentences there.\n", lang)
	if lang != "en" {
		b.WriteString("\nimport type {\n  AroundWords as Around,\n  CopyWords as Copy,\n  FormWords as Form,\n" +
			"  HelpWords as Help,\n  LiveWords as Live,\n  ProveWords as Prove,\n  Words as Reading,\n" +
			"  ReportWords as Report,\n  StepsWords as Steps,\n  ToldWords as Told,\n  VoteWords as Vote,\n" +
			"  WhoWords as Who,\n  WithheldWords as Withheld,\n" +
			"} from '../i18n'\n")
	}
	for _, p := range sections {
		kind := ""
		if lang != "en" {
			kind = ": " + strings.ToUpper(p.name[:1]) + p.name[1:]
		}
		fmt.Fprintf(&b, "\nexport const %s%s = {\n", p.name, kind)
		if p.name == "reading" {
			fmt.Fprintf(&b, "  lang: '%s',\n", lang)
		}
		b.WriteString(list("  ", p.prefix, sentences))
		for _, group := range slices.Sorted(maps.Keys(p.groups)) {
			fmt.Fprintf(&b, "  %s: {\n%s  },\n", group, list("    ", p.groups[group], sentences))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// list returns the sentences whose keys have a prefix, by the rest of the key.
func list(indent, prefix string, sentences map[string]sentence) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(sentences)) {
		if name, ok := strings.CutPrefix(key, prefix); ok && !strings.Contains(name, ".") {
			fmt.Fprintf(&b, "%s%s: %q,\n", indent, name, sentences[key]) // Go's quoting is valid JavaScript
		}
	}
	return b.String()
}
