package desk

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"github.com/aitys/aitys/api/web"
)

//go:embed lang
var langFiles embed.FS

// The languages of the desk, as they call themselves. The first is the default.
var languages = []struct{ Key, Name string }{{"en", "English"}, {"ru", "Русский"}, {"kk", "Қазақша"}}

// A catalog says everything in one language. It does not change.
type catalog struct {
	lang   string
	words  map[string]message
	script string // the messages of the script, as JSON
}

// A message is one text, or one for each form of a number.
type message struct {
	text  string
	forms map[string]string
}

func (m *message) UnmarshalJSON(b []byte) error {
	if b[0] == '{' {
		return json.Unmarshal(b, &m.forms)
	}
	return json.Unmarshal(b, &m.text)
}

// catalogs are read when the first page is asked for: commands that show none do not pay for them.
var catalogs = sync.OnceValue(func() map[string]*catalog {
	all := map[string]*catalog{}
	for _, l := range languages {
		c, err := readCatalog(l.Key)
		if err != nil {
			panic(err)
		}
		all[l.Key] = c
	}
	return all
})

func readCatalog(lang string) (*catalog, error) {
	b, err := langFiles.ReadFile("lang/" + lang + ".json")
	if err != nil {
		return nil, err
	}
	c := &catalog{lang: lang}
	if err := json.Unmarshal(b, &c.words); err != nil {
		return nil, fmt.Errorf("read lang/%s.json: %w", lang, err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	for key := range raw {
		if !strings.HasPrefix(key, "js.") {
			delete(raw, key)
		}
	}
	script, err := json.Marshal(raw)
	c.script = string(script)
	return c, err
}

// t says key. args are names and values of what stands in braces.
func (c *catalog) t(key string, args ...any) string {
	return fill(c.words[key].text, args)
}

// has reports whether there are words for key.
func (c *catalog) has(key string) bool {
	_, ok := c.words[key]
	return ok
}

// wrong says what is wrong with the first bad field of a form; in English where the catalog does not
// know of that field.
func (c *catalog) wrong(form string, p web.Problem) string {
	if key := form + ".bad." + strings.TrimPrefix(p.Errors[0].Field, "/"); c.has(key) {
		return c.t(key)
	}
	return p.Detail
}

// n says key with the form for n, which stands in the text as {n}.
func (c *catalog) n(key string, n int, args ...any) string {
	m := c.words[key]
	text := m.text
	if m.forms != nil {
		text = cmp.Or(m.forms[plural(c.lang, n)], m.forms["other"])
	}
	return fill(text, append([]any{"n", n}, args...))
}

// plural names the form of a number.
func plural(lang string, n int) string {
	switch {
	case lang != "ru" && n == 1:
		return "one"
	case lang != "ru":
		return "other"
	}
	tens, ones := n%100, n%10
	switch {
	case ones == 1 && tens != 11:
		return "one"
	case ones >= 2 && ones <= 4 && (tens < 12 || tens > 14):
		return "few"
	}
	return "many"
}

func fill(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+args[i].(string)+"}", say(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// say writes a value; whole numbers come out of JSON as floats.
func say(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Russian, language.Kazakh})

// wordsFor picks the language: what was chosen, else what the browser asks for.
func wordsFor(chosen, accept string) *catalog {
	if c := catalogs()[chosen]; c != nil {
		return c
	}
	if len(accept) > 200 { // parsing is worth no more than this
		return catalogs()["en"]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		return catalogs()["en"]
	}
	_, i, _ := matcher.Match(tags...)
	return catalogs()[languages[i].Key]
}
