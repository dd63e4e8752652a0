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

// Golden compares a text with its golden file. It writes the file first if update is true.
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
		t.Errorf("%s: %s\n(if that is intended: go test -run %s -update)", file, firstDifference(got, want), test)
	}
}

// Pages are the HTML pages of a package, rendered with sample data and compared with golden files.
type Pages struct {
	Layouts map[string]string // the package's pages; each needs a sample
	// Samples returns sample data in a language, by the page's name, or by the name, "-" and a variant.
	Samples  func(lang string) map[string]any
	Render   func(to io.Writer, lang, page string, sample any) error
	FullPage func(name, page string) bool // whether to compare the whole page instead of its main element
}

// Golden compares each page in English with its file, and checks it in the other languages. With TEST_PAGES=DIR the
// pages are also written there, whole.
func (p Pages) Golden(t testing.TB, update bool) {
	t.Helper()
	shown := map[string]bool{}
	for _, lang := range i18n.LanguageKeys() {
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
			if lang == i18n.Languages[0].Key && !p.FullPage(name, page) {
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
		Golden(t, filepath.Join("testdata/pages", name+"."+lang+".html"), NormalizeHTML(html), update)
		return
	}
	for _, wrong := range translationErrors(lang, html) {
		t.Errorf("%s in %s: %s", name, lang, wrong)
	}
}

// Parts of a page that differ between renderings or are irrelevant: asset versions, idempotency keys of forms, the
// script's sentences, and icon paths.
var (
	versions     = regexp.MustCompile(`\?v=[\w-]+`)
	nonces       = regexp.MustCompile(`name="key" value="[0-9a-f]{32}"`)
	scriptWords  = regexp.MustCompile(`data-words="[^"]*"`)
	iconElements = regexp.MustCompile(`<svg[^>]* aria-hidden="true"[^>]*><path.*?</svg>`)
	betweenTags  = regexp.MustCompile(`>(\s*)<`)
	brokenTag    = regexp.MustCompile(`(<[a-z][^<>]*?)\n +`) // a tag across several lines
)

// NormalizeHTML returns a page for Golden: one element per line, without parts that differ between renderings. A line
// that begins with a space had white space before it in the page, which may be visible.
func NormalizeHTML(page string) string {
	page = versions.ReplaceAllString(page, "?v=")
	page = nonces.ReplaceAllString(page, `name="key" value=""`)
	page = scriptWords.ReplaceAllString(page, `data-words=""`)
	page = iconElements.ReplaceAllString(page, "<svg/>")
	for brokenTag.MatchString(page) {
		page = brokenTag.ReplaceAllString(page, "$1 ")
	}
	return betweenTags.ReplaceAllStringFunc(page, func(s string) string {
		if len(s) > len("><") {
			return ">\n <"
		}
		return ">\n<"
	})
}

// firstDifference describes the first line in which two texts differ.
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
