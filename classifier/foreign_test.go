package classifier

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// languages returns harmless comments in languages that no test teaches, by their codes.
func languages(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("testdata/languages/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d languages: %v", len(files), err)
	}
	all := map[string][]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".txt")] = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return all
}

// A site that knows 150 comments in Kazakh, and spam in three languages. Two of each file have a link, which
// is suspect there.
func TestALanguageThatWasNeverTaughtIsNotSuspected(t *testing.T) {
	m := Fold(slices.Values(kazakhStream(t)))
	likely, all := 0, 0
	for code, lines := range languages(t) {
		n := 0
		for _, line := range lines {
			if m.Judge(Read(Comment{Text: line})).Spam >= 0.5 {
				n++
			}
		}
		t.Logf("%s: %d of %d stand at 0.5 or above", code, n, len(lines))
		likely, all = likely+n, all+len(lines)
	}
	if 100*likely > 7*all {
		t.Errorf("%d of %d good comments in languages never taught stand at 0.5 or above, want 7 in 100 at most", likely, all)
	}
}
