package i18n_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/aitys/aitys/internal/i18n"
)

// readCatalog returns the decoded sentences and the bytes of a catalog file.
func readCatalog(t *testing.T, lang string) (said map[string]any, raw []byte) {
	t.Helper()
	raw, err := os.ReadFile(lang + ".json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &said); err != nil {
		t.Fatalf("%s.json: %v", lang, err)
	}
	return said, raw
}

// formTexts returns the plural forms of a sentence by name. A sentence without forms has the name "".
func formTexts(sentence any) map[string]string {
	if text, ok := sentence.(string); ok {
		return map[string]string{"": text}
	}
	all := map[string]string{}
	for form, text := range sentence.(map[string]any) {
		all[form] = text.(string)
	}
	return all
}

func TestCatalogs_HaveSameKeysAndPlaceholders(t *testing.T) {
	english, _ := readCatalog(t, "en")
	for _, l := range i18n.Languages {
		said, raw := readCatalog(t, l.Key)
		for key, sentence := range english {
			other, ok := said[key]
			if !ok {
				t.Errorf("%s has no words for %q", l.Key, key)
				continue
			}
			for form, text := range formTexts(other) {
				want, got := placeholders(formTexts(sentence)["other"]+formTexts(sentence)[""]), placeholders(text)
				if form == "=1" || form == "one" && !slices.Contains(formsOf(l.Key), "few") { // only for 1, so {n} is optional
					continue
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q names %v (%s), in English %v", l.Key, key, got, form, want)
				}
			}
		}
		for key := range said {
			if _, ok := english[key]; !ok {
				t.Errorf("%s says %q, which English does not", l.Key, key)
			}
		}
		if want := canonical(said); !bytes.Equal(raw, want) {
			at := firstDifference(raw, want)
			t.Errorf("%s.json: a sentence a line, in the order of the alphabet; see %s", l.Key, at)
		}
	}
}

var slot = regexp.MustCompile(`\{(\w+)\}`)

// placeholders returns the names of a text's placeholders.
func placeholders(text string) []string {
	names := map[string]bool{}
	for _, m := range slot.FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

var order = []string{"=1", "one", "few", "many", "other"}

// canonical returns a catalog in the format of its file.
func canonical(said map[string]any) []byte {
	quote := func(s string) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		_ = e.Encode(s) // strings can always be encoded
		return strings.TrimSpace(b.String())
	}
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(said)) {
		text, ok := said[key].(string)
		line := quote(text)
		if !ok {
			var forms []string
			for _, name := range order {
				if form, ok := formTexts(said[key])[name]; ok {
					forms = append(forms, fmt.Sprintf("%q: %s", name, quote(form)))
				}
			}
			line = "{" + strings.Join(forms, ", ") + "}"
		}
		lines = append(lines, fmt.Sprintf("  %s: %s", quote(key), line))
	}
	return []byte("{\n" + strings.Join(lines, ",\n") + "\n}\n")
}

func firstDifference(got, want []byte) string {
	have := strings.Split(string(got), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(have) || have[i] != line {
			return line
		}
	}
	return "the end"
}

// formsOf returns the plural forms of whole numbers in a language, from CLDR.
func formsOf(lang string) []string {
	names := map[plural.Form]string{plural.One: "one", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	has := map[string]bool{}
	for n := range 200 {
		has[names[plural.Cardinal.MatchPlural(language.MustParse(lang), n, 0, 0, 0, 0)]] = true
	}
	return slices.SortedFunc(maps.Keys(has), compareForms)
}

func compareForms(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) }

func TestCatalogs_HavePluralForms(t *testing.T) {
	for _, l := range i18n.Languages {
		said, _ := readCatalog(t, l.Key)
		want := formsOf(l.Key)
		for key, sentence := range said {
			if _, ok := sentence.(string); ok {
				continue
			}
			forms := formTexts(sentence)
			got := slices.SortedFunc(maps.Keys(forms), compareForms)
			rest := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return s == "=1" })
			if !slices.Equal(rest, want) && !slices.Equal(got, []string{"=1", "other"}) {
				t.Errorf("%s: %q has the forms %v, the language %v", l.Key, key, got, want)
			}
			if len(forms) == 1 || len(slices.Compact(slices.Sorted(maps.Values(forms)))) == 1 {
				t.Errorf("%s: all forms of %q are the same: write it once", l.Key, key)
			}
		}
	}
}

func TestCatalogs_Typography(t *testing.T) {
	for _, l := range i18n.Languages {
		said, _ := readCatalog(t, l.Key)
		for key, sentence := range said {
			for _, text := range formTexts(sentence) {
				if l.Key != "en" && regexp.MustCompile(`\d\.\d|[“”]`).MatchString(text) {
					t.Errorf("%s: %q has a point in a number, or English quotation marks: %s", l.Key, key, text)
				}
				if strings.Contains(text, "!") || strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%s: %q shouts, is empty, or has space around it: %q", l.Key, key, text)
				}
			}
		}
	}
}

// bannedTerms match words that sentences must not use; see docs/contributing.md.
var bannedTerms = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(toxic|users?\b|violat|oops|judge?ment|lesson|nats?\b|reject|what if)|\bthe AI\b`),
	"ru": regexp.MustCompile(`(?i)служб|довод|наблюден|пользовател|токсичн|отверг|что если|[а-яё,:] (?-i:Вы[ ,.])`),
	"kk": regexp.MustCompile(`(?i)сабақ|бақыла|оғаш|сервис|егер де|болмауы мүмкін|ешкім күтпейді`),
}

func TestCatalogs_AvoidBannedTerms(t *testing.T) {
	for _, l := range i18n.Languages {
		said, _ := readCatalog(t, l.Key)
		for key, sentence := range said {
			for _, text := range formTexts(sentence) {
				if found := bannedTerms[l.Key].FindString(text); found != "" {
					t.Errorf("%s: %q says %q: %s", l.Key, key, found, text)
				}
			}
		}
	}
	// Only sentences in the site's voice (its rules, the link for authors) say please.
	english, _ := readCatalog(t, "en")
	for key, sentence := range english {
		for _, text := range formTexts(sentence) {
			if strings.Contains(strings.ToLower(text), "please") && !slices.Contains([]string{"read.login", "rules.default",
				"rules.default.unreviewed", "settings.signin_url.hint"}, key) {
				t.Errorf("%q begs: %s", key, text)
			}
		}
	}
}

// TestCatalogs_NoNumberSuffix rejects suffixes of numbers: 5-ші and 90-ы would need a form for each number.
func TestCatalogs_NoNumberSuffix(t *testing.T) {
	for _, lang := range []string{"ru", "kk"} {
		said, _ := readCatalog(t, lang)
		for key, sentence := range said {
			for _, text := range formTexts(sentence) {
				if regexp.MustCompile(`(\d|\{[nm]\})-[\p{Cyrillic}]`).MatchString(text) {
					t.Errorf("%s: %q puts an ending on a figure: %s", lang, key, text)
				}
			}
		}
	}
}

// TestReviewList_KeysExist checks the keys in docs/contributing.md that need a review by a native speaker.
func TestReviewList_KeysExist(t *testing.T) {
	text, err := os.ReadFile("../../docs/contributing.md")
	if err != nil {
		t.Fatal(err)
	}
	said, _ := readCatalog(t, "en")
	_, review, _ := strings.Cut(string(text), "No native speaker")
	named := regexp.MustCompile("`([a-z]+\\.[a-zA-Z_.]+)`").FindAllStringSubmatch(review, -1)
	for _, key := range named {
		if _, ok := said[key[1]]; !ok {
			t.Errorf("docs/contributing.md names %s, for which there are no words", key[1])
		}
	}
	if len(named) < 30 {
		t.Errorf("docs/contributing.md names %d sentences only", len(named))
	}
}

// A source is a file that uses sentences.
type source struct{ path, text string }

func sources(t *testing.T, kinds ...string) []source {
	t.Helper()
	var all []source
	for _, root := range []string{"../../api", "../../cmd", "../mail", "../webhook", "../transfer", "../../widget/src", "."} {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains(kinds, filepath.Ext(path)) ||
				strings.HasSuffix(path, "_test.go") ||
				strings.Contains(path, "src/words/") || strings.Contains(path, "testdata/") {
				return err
			}
			b, err := os.ReadFile(path)
			all = append(all, source{path, string(b)})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// keyUses match uses of whole keys in source files. Before is the prefix of such keys.
var keyUses = []struct {
	kind   string
	says   *regexp.Regexp
	before string
}{
	{".go", regexp.MustCompile(`\.[TN]\("([^"]+)"[,)]`), ""},
	{".html", regexp.MustCompile(`(?:\b[tn]|\.T) "([^"]+)"`), ""},
	{".ts", regexp.MustCompile(`\bsay\('([^']+)'`), "js."},
}

func TestCatalogs_UsedKeysExist(t *testing.T) {
	said, _ := readCatalog(t, "en")
	found := 0
	for _, by := range keyUses {
		for _, s := range sources(t, by.kind) {
			for _, m := range by.says.FindAllStringSubmatch(s.text, -1) {
				found++
				sentence, ok := said[by.before+m[1]]
				if sentence == nil {
					sentence, ok = said[m[1]]
				}
				if !ok {
					t.Errorf("%s says %q, for which there are no words", s.path, by.before+m[1])
				}
				if _, plain := sentence.(string); ok && !plain && strings.Contains(m[0], ".T(") {
					t.Errorf("%s says %q by T, which does not know the number", s.path, m[1])
				}
			}
		}
	}
	if found < 400 {
		t.Errorf("only %d sentences were found in the sources; does the test still read them?", found)
	}
}

// TestCatalogs_KeysAreUsed looks for keys in the sources: whole, or a prefix to which code appends a name. For keys of
// the widget it looks for the name after the prefix.
func TestCatalogs_KeysAreUsed(t *testing.T) {
	quoted := regexp.MustCompile("[\"`'](\\.?[a-z_]+(?:\\.[\\w]+)*\\.?)[\"`'$%]")
	whole, begun, within := map[string]bool{}, map[string]bool{}, []string{}
	note := func(before, key string) {
		whole[before+key] = true
		switch {
		case strings.HasPrefix(key, ".") && strings.HasSuffix(key, "."):
			within = append(within, key)
		case strings.HasSuffix(key, "."):
			begun[before+key] = true
		}
	}
	for _, s := range sources(t, ".go", ".html") {
		for _, m := range quoted.FindAllStringSubmatch(s.text, -1) {
			note("", m[1])
		}
	}
	names := map[string]bool{}
	for _, s := range sources(t, ".ts") {
		for _, m := range quoted.FindAllStringSubmatch(s.text, -1) {
			note("js.", m[1])
		}
		for _, name := range regexp.MustCompile(`\w+`).FindAllString(s.text, -1) {
			names[name] = true
		}
	}
	said, _ := readCatalog(t, "en")
next:
	for key := range said {
		name := key
		for _, part := range []string{"read.", "write.", "around.", "copy.", "help.", "live.", "steps.", "vote.", "who.",
			"prove.", "report.", "told."} {
			name = strings.TrimPrefix(name, part)
		}
		if whole[key] || name != key && names[name] || strings.HasPrefix(key, "meaning.") ||
			strings.HasPrefix(key, "likely.") ||
			slices.ContainsFunc(within, func(s string) bool { return strings.Contains(key, s) }) {
			continue
		}
		for i := range key {
			if key[i] == '.' && begun[key[:i+1]] {
				continue next
			}
		}
		t.Errorf("nobody says %q", key)
	}
}

func TestNumber_Formats(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "1 999 9,318 1,234,567 0.9 17.9 +0.7 −2.0",
		"ru": "1 999 9\u202f318 1\u202f234\u202f567 0,9 17,9 +0,7 −2,0",
		"kk": "1 999 9\u202f318 1\u202f234\u202f567 0,9 17,9 +0,7 −2,0",
	} {
		w := i18n.In(lang)
		got := strings.Join([]string{
			w.Number(1), w.Number(999), w.Number(9318), w.Number(1_234_567),
			w.Float(.9), w.Fixed(17.94, 1), w.Signed(.7, 1), w.Signed(-2, 1),
		}, " ")
		if got != want {
			t.Errorf("%s: got %q, want %q", lang, got, want)
		}
	}
}

func TestN_PluralForms(t *testing.T) {
	for _, tt := range []struct {
		lang string
		n    int
		want string
	}{
		{"en", 0, "0 comments"}, {"en", 1, "1 comment"}, {"en", 21, "21 comments"}, {"en", 1000, "1,000 comments"},
		{"ru", 0, "0 комментариев"}, {"ru", 1, "1 комментарий"}, {"ru", 3, "3 комментария"}, {"ru", 11, "11 комментариев"},
		{"ru", 22, "22 комментария"}, {"ru", 101, "101 комментарий"}, {"kk", 1, "1 пікір"}, {"kk", 5, "5 пікір"},
	} {
		if got := i18n.In(tt.lang).N("read.count", tt.n); got != tt.want {
			t.Errorf("%d in %s: got %q, want %q", tt.n, tt.lang, got, tt.want)
		}
	}
}

func TestNegotiate_PicksBestLanguage(t *testing.T) {
	for _, tt := range []struct{ chosen, accept, want string }{
		{"", "", "en"}, {"ru", "kk", "ru"}, {"ru-RU", "kk", "ru"}, {"xx", "kk", "kk"}, {"../kk", "", "en"},
		{"", "de-AT, kk;q=0.8, en;q=0.5", "kk"}, {"", "de", "en"}, {"", "*", "en"},
		{"", "kk-Cyrl-KZ", "kk"}, {"", ",;=", "en"},
		{"", "ru" + strings.Repeat(",x", 10_000), "en"}, {strings.Repeat("x-", 10_000), "ru", "ru"},
	} {
		if got := i18n.Negotiate(tt.chosen, tt.accept).Lang(); got != tt.want {
			t.Errorf("%.20q and %.20q: got %s, want %s", tt.chosen, tt.accept, got, tt.want)
		}
	}
	if i18n.In("de") != nil {
		t.Error("German is spoken")
	}
}

func TestTokenText_Trait(t *testing.T) {
	for _, tt := range []struct{ trait, en, ru, kk string }{
		{"links=0", "No links", "Ссылок нет", "Сілтеме жоқ"},
		{"links=1", "One link", "Одна ссылка", "Бір сілтеме"},
		{"links=2", "2 links", "2 ссылки", "2 сілтеме"},
		{"links=48+", "48 or more links", "Ссылок: 48 или больше", "Кемінде 48 сілтеме"},
		{"phones=1", "1 phone number", "1 номер телефона", "1 телефон нөмірі"},
	} {
		for lang, want := range map[string]string{"en": tt.en, "ru": tt.ru, "kk": tt.kk} {
			if got := i18n.In(lang).TokenText("trait:" + tt.trait); got != want {
				t.Errorf("%s: %s is said as %q, want %q", lang, tt.trait, got, want)
			}
		}
	}
}

// TestTokenText_WordPair joins two ideographs without the space that separates words.
func TestTokenText_WordPair(t *testing.T) {
	for value, want := range map[string]string{
		"微 信": "微信", "cheap pills": "cheap pills", "加 vx": "加 vx", "vx 加": "vx 加", "한국 사람": "한국 사람", "alone": "alone",
	} {
		if got := i18n.In("en").TokenText("words:" + value); got != "words “"+want+"”" {
			t.Errorf("%q is said as %q, want %q", value, got, want)
		}
	}
}

func TestT_MissingKeyReturnsKey(t *testing.T) {
	if got := i18n.In("en").T("no.such.key"); got != "no.such.key" {
		t.Errorf("got %q", got)
	}
}
