package desk

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/pages anew")

// TestEveryPageIsAsItsGoldenFile renders each page from made-up content, in every language. With
// TEST_PAGES=DIR the pages are written there, whole, to be looked at.
func TestEveryPageIsAsItsGoldenFile(t *testing.T) {
	shown := map[string]bool{}
	for lang, w := range catalogs() {
		for name, data := range samplePages(w) {
			page, _, _ := strings.Cut(name, "-")
			shown[page] = true
			var b bytes.Buffer
			if err := templates()[lang][page].Execute(&b, data); err != nil {
				t.Errorf("%s in %s: %v", name, lang, err)
			}
			if dir := os.Getenv("TEST_PAGES"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, name+"."+lang+".html"), b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			whole := b.String()
			if layouts[page] == "desk" && name != "queue" { // one page shows what stands around all of them
				_, main, _ := strings.Cut(whole, "<main")
				main, _, _ = strings.Cut(main, "</main>")
				whole = "<main" + main + "</main>\n"
			}
			golden(t, name+"."+lang+".html", readable(whole))
		}
	}
	for page := range layouts {
		if !shown[page] {
			t.Errorf("no sample of the page %q", page)
		}
	}
}

// What differs from one rendering to the next, or says nothing about a page: versions of assets,
// keys of forms, the script's words, the paths of icons.
var (
	versions = regexp.MustCompile(`\?v=[0-9a-f]+`)
	nonces   = regexp.MustCompile(`name="key" value="[0-9a-f]{32}"`)
	scripted = regexp.MustCompile(`data-words="[^"]*"`)
	drawings = regexp.MustCompile(`<svg[^>]* aria-hidden="true"[^>]*><path.*?</svg>`)
	between  = regexp.MustCompile(`>(\s*)<`)
)

// readable writes a page with one element a line. A line that begins with a space had space before
// it in the page, which may show.
func readable(page string) string {
	page = versions.ReplaceAllString(page, "?v=")
	page = nonces.ReplaceAllString(page, `name="key" value=""`)
	page = scripted.ReplaceAllString(page, `data-words=""`)
	page = drawings.ReplaceAllString(page, "<svg/>")
	return between.ReplaceAllStringFunc(page, func(s string) string {
		if len(s) > len("><") {
			return ">\n <"
		}
		return ">\n<"
	})
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata/pages", name)
	if *update {
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
		t.Errorf("%s: %s\n(if that is meant: go test ./api/desk -run Golden -update)", file, firstDifference(got, want))
	}
}

// firstDifference names the first line in which two pages differ.
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
