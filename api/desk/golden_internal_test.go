package desk

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
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
			if err := deskPages()[lang][page].Execute(&b, data); err != nil {
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
			kit.Golden(t, filepath.Join("testdata/pages", name+"."+lang+".html"), kit.Readable(whole), *update)
		}
	}
	for page := range layouts {
		if !shown[page] {
			t.Errorf("no sample of the page %q", page)
		}
	}
}
