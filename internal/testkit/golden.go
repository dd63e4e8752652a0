package testkit

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/i18n"
)

// Golden holds a text against its file, which it writes anew where update says so.
func Golden(t testing.TB, file, got string, update bool) {
	t.Helper()
	if update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(b); got != want {
		test, _, _ := strings.Cut(t.Name(), "/")
		t.Errorf("%s: %s\n(if that is meant: go test -run %s -update)", file, firstDifference(got, want), test)
	}
}

// Pages are those of a room, with made-up content, to be held against golden files.
type Pages struct {
	Layouts map[string]string // of the room's pages, each of which wants a sample
	// Samples are what is shown in a language, by the page's name, or by that, "-" and what is special.
	Samples func(lang string) map[string]any
	Render  func(to io.Writer, lang, page string, sample any) error
	Whole   func(name, page string) bool // what stands around the content is held as well
}

// Golden compares each page in English with its file, and checks it in the other languages. With TEST_PAGES=DIR the
// pages are also written there, whole.
func (p Pages) Golden(t testing.TB, update bool) {
	t.Helper()
	shown := map[string]bool{}
	for _, lang := range i18n.Keys() {
		for name, sample := range p.Samples(lang) {
			page, _, _ := strings.Cut(name, "-")
			shown[page] = true
			var b bytes.Buffer
			if err := p.Render(&b, lang, page, sample); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
			html := b.String()
			if dir := os.Getenv("TEST_PAGES"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+"."+lang+".html"), []byte(html), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if lang == i18n.Languages[0].Key && !p.Whole(name, page) {
				_, main, _ := strings.Cut(html, "<main")
				main, _, _ = strings.Cut(main, "</main>")
				html = "<main" + main + "</main>\n"
			}
			GoldenPage(t, name, lang, html, update)
		}
	}
	for page := range p.Layouts {
		if !shown[page] {
			t.Errorf("no sample of the page %q", page)
		}
	}
}

// GoldenPage compares a page in English with its file in testdata/pages. In another language it checks that the page
// is translated.
func GoldenPage(t testing.TB, name, lang, html string, update bool) {
	t.Helper()
	if lang == i18n.Languages[0].Key {
		Golden(t, filepath.Join("testdata/pages", name+"."+lang+".html"), Readable(html), update)
		return
	}
	for _, wrong := range untranslated(lang, html) {
		t.Errorf("%s in %s: %s", name, lang, wrong)
	}
}

// What differs from one rendering to the next, or says nothing about a page: versions of assets,
// keys of forms, the script's words, the paths of icons.
var (
	versions = regexp.MustCompile(`\?v=[\w-]+`)
	nonces   = regexp.MustCompile(`name="key" value="[0-9a-f]{32}"`)
	scripted = regexp.MustCompile(`data-words="[^"]*"`)
	drawings = regexp.MustCompile(`<svg[^>]* aria-hidden="true"[^>]*><path.*?</svg>`)
	between  = regexp.MustCompile(`>(\s*)<`)
	broken   = regexp.MustCompile(`(<[a-z][^<>]*?)\n +`) // a tag of several lines
)

// Readable is a page for Golden: it has one element a line, and nothing that differs from one rendering
// to the next. A line that begins with a space had space before it in the page, which may show.
func Readable(page string) string {
	page = versions.ReplaceAllString(page, "?v=")
	page = nonces.ReplaceAllString(page, `name="key" value=""`)
	page = scripted.ReplaceAllString(page, `data-words=""`)
	page = drawings.ReplaceAllString(page, "<svg/>")
	for broken.MatchString(page) {
		page = broken.ReplaceAllString(page, "$1 ")
	}
	return between.ReplaceAllStringFunc(page, func(s string) string {
		if len(s) > len("><") {
			return ">\n <"
		}
		return ">\n<"
	})
}

// firstDifference names the first line in which two texts differ.
func firstDifference(got, want string) string {
	have := strings.Split(got, "\n")
	for i, line := range strings.Split(want, "\n") {
		if i >= len(have) {
			return "it ends before " + line
		}
		if have[i] != line {
			return "\n got " + have[i] + "\nwant " + line
		}
	}
	return "it goes on after " + want[max(0, len(want)-80):]
}
