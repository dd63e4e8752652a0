package hardening

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// csvCells posts each row as the name, text and page title of a comment, and checks the CSV exports of comments and
// insights for formulas. As a control, the unescaped rows must be detected as formulas. Then it imports the site into
// another database; the export from there must be byte for byte the same.
func csvCells(t testing.TB, _ bench) result {
	cells := rows[string](t, "csv-cells.jsonl")
	var naive strings.Builder
	for _, cell := range cells {
		naive.WriteString(`"` + strings.ReplaceAll(cell, `"`, `""`) + "\"\r\n")
	}
	if seen := testkit.Formulas(t, []byte(naive.String())); len(seen) < len(cells) {
		t.Fatalf("of %d unescaped rows only %d are detected as formulas", len(cells), len(seen))
	}
	var failures []string
	for _, database := range []string{testkit.SQLite(t), testkit.Postgres(t)} {
		s := newStage(t, database)
		for n, cell := range cells {
			in := values{"page": values{"url": fmt.Sprintf("%s/cell-%d", blog, n), "title": cell},
				"author": values{"name": cell}, "body": cell}
			for _, field := range []string{"author", "body"} { // a refused name or text gets a prefix
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
			failures = append(failures, fmt.Sprintf("%d of %d rows are stored", posted, len(cells)))
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
	return count(t, fmt.Sprintf("%d rows × 3 fields, comments and insights, round trip, both databases", len(cells)),
		failures, "")
}

// goesRound imports the export of site a into an empty database, and compares the export from there.
func (s *stage) goesRound(t testing.TB) (failures []string) {
	t.Helper()
	lines := func(s *server) string {
		_, rest, _ := strings.Cut(s.run(t, "", "export", "--site", "a"), "\n") // skip the first line, which has the time
		return rest
	}
	file := filepath.Join(t.TempDir(), "a.jsonl")
	s.run(t, "", "export", "--site", "a", "--out", file)
	again := newServer(t, testkit.SQLite(t))
	again.run(t, "", "import", "aitys", file, "--site", "a")
	if got, want := lines(again), lines(s.server); got != want || want == "" {
		failures = append(failures, fmt.Sprintf("an export of %d bytes differs after the round trip (%d)", len(want), len(got)))
	}
	return failures
}
