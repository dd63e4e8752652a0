package hardening

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// csvCells writes each row as a name, a text and a page's title, and reads what spreadsheets are given: a site's
// comments and its insights. The rows themselves, in a file of the same form, must be seen. Then the site goes into
// another database by its export, and what is exported of it there is byte for byte the same.
func csvCells(t testing.TB, _ bench) result {
	cells := rows[string](t, "csv-cells.jsonl")
	var naive strings.Builder
	for _, cell := range cells {
		naive.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + "\"\r\n")
	}
	if seen := testkit.Formulas(t, []byte(naive.String())); len(seen) < len(cells) {
		t.Fatalf("of %d rows as they are only %d places are taken for formulas", len(cells), len(seen))
	}
	var failures []string
	for _, database := range []string{testkit.SQLite(t), testkit.Postgres(t)} {
		s := newStage(t, database)
		for n, cell := range cells {
			in := values{"page": values{"url": fmt.Sprintf("%s/cell-%d", blog, n), "title": cell},
				"author": values{"name": cell}, "body": cell}
			for _, field := range []string{"author", "body"} { // one that is no name, or no text, is said with one
				got := s.ask(t, "POST", commentsOfA, nil, act{json: in}.body())
				if got.status == http.StatusCreated {
					break
				}
				if got.status != http.StatusUnprocessableEntity {
					failures = append(failures, fmt.Sprintf("%q is answered %d %.200s", cell, got.status, got.body))
				}
				in[field] = map[string]any{"author": values{"name": "N" + cell}, "body": "Text " + cell}[field]
			}
		}
		posted := len(s.texts("SELECT id FROM comments"))
		if posted != len(cells) {
			failures = append(failures, fmt.Sprintf("%d of %d rows are kept", posted, len(cells)))
		}
		comments := s.run(t, "", "export", "--site", "a", "--format", "csv")
		insights := s.ask(t, "GET", "/moderate/a/insights.csv?days=7", map[string]string{"Cookie": s.signIn()}, nil)
		if insights.status != http.StatusOK {
			t.Fatalf("insights: %d %s", insights.status, insights.body)
		}
		for name, file := range map[string][]byte{"comments": []byte(comments), "insights": insights.body} {
			for _, cell := range testkit.Formulas(t, file) {
				failures = append(failures, fmt.Sprintf("%s: a formula: %q", name, cell))
			}
		}
		failures = append(failures, s.goesRound(t)...)
	}
	return count(t, fmt.Sprintf("%d rows × 3 fields, comments and insights, there and back, both databases", len(cells)),
		failures, "")
}

// goesRound brings the site a into a database that has nothing, and compares what leaves it with what came.
func (s *stage) goesRound(t testing.TB) (failures []string) {
	t.Helper()
	lines := func(s *server) string {
		_, rest, _ := strings.Cut(s.run(t, "", "export", "--site", "a"), "\n") // the first line has the time
		return rest
	}
	file := filepath.Join(t.TempDir(), "a.jsonl")
	s.run(t, "", "export", "--site", "a", "--out", file)
	again := newServer(t, testkit.SQLite(t))
	again.run(t, "", "import", "aitys", file, "--site", "a")
	if got, want := lines(again), lines(s.server); got != want || want == "" {
		failures = append(failures, fmt.Sprintf("%d bytes of a site came back as %d others", len(want), len(got)))
	}
	return failures
}
