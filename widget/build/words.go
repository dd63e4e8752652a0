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

// A part of the widget's words is a constant of a language's file: its sentences, and further groups
// of them under a name.
type part struct {
	name   string
	begin  string            // what the keys of its sentences begin with
	groups map[string]string // what those of each group begin with
}

// What reading needs is apart from what writing does, so that a page loads no more than it shows.
var parts = []part{
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

// speech returns the TypeScript of each language, by path, and the languages besides English, which
// is part of the scripts themselves.
func speech() (files map[string][]byte, others []string, err error) {
	paths, err := filepath.Glob(words + "/*.json")
	if err != nil || len(paths) < 2 {
		return nil, nil, fmt.Errorf("no words in %s: %w", words, err)
	}
	files = map[string][]byte{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		var said map[string]sentence
		if err := json.Unmarshal(b, &said); err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", path, err)
		}
		lang := strings.TrimSuffix(filepath.Base(path), ".json")
		files[widget+"/src/words/"+lang+".ts"] = []byte(script(lang, said))
		if lang != "en" {
			others = append(others, lang)
		}
	}
	return files, others, nil
}

// A sentence is one text, or its forms for numbers with `|` between them: one, few, many and the
// rest, as far as the language has them.
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

func script(lang string, said map[string]sentence) string {
	var b strings.Builder
	fmt.Fprintf(&b, "// Made of internal/i18n/%s.json by `make web`: change the sentences there.\n", lang)
	if lang != "en" {
		b.WriteString("\nimport type {\n  AroundWords as Around,\n  CopyWords as Copy,\n  FormWords as Form,\n" +
			"  HelpWords as Help,\n  LiveWords as Live,\n  ProveWords as Prove,\n  Words as Reading,\n" +
			"  ReportWords as Report,\n  StepsWords as Steps,\n  ToldWords as Told,\n  VoteWords as Vote,\n" +
			"  WhoWords as Who,\n  WithheldWords as Withheld,\n" +
			"} from '../i18n'\n")
	}
	for _, p := range parts {
		kind := ""
		if lang != "en" {
			kind = ": " + strings.ToUpper(p.name[:1]) + p.name[1:]
		}
		fmt.Fprintf(&b, "\nexport const %s%s = {\n", p.name, kind)
		if p.name == "reading" {
			fmt.Fprintf(&b, "  lang: '%s',\n", lang)
		}
		b.WriteString(list("  ", p.begin, said))
		for _, group := range slices.Sorted(maps.Keys(p.groups)) {
			fmt.Fprintf(&b, "  %s: {\n%s  },\n", group, list("    ", p.groups[group], said))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// list writes the sentences whose keys begin so, by the rest of the key.
func list(indent, begin string, said map[string]sentence) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(said)) {
		if name, ok := strings.CutPrefix(key, begin); ok && !strings.Contains(name, ".") {
			fmt.Fprintf(&b, "%s%s: %q,\n", indent, name, said[key]) // as JavaScript quotes, too
		}
	}
	return b.String()
}
