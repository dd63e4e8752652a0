package api_test

import (
	"net/http"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkHotWork guards R7: a hot read encodes and compresses nothing. How fast one is, `make bench`
// measures on the started binary.
func BenchmarkHotWork(b *testing.B) {
	w := newWorld(b, testkit.SQLite(b), "", options{silent: true})
	for range 25 {
		w.approved(written(w.text()))
	}
	get := call{path: "/api/v1/sites/a/comments?page=" + pageA}
	// The page as it is asked for below, once the last approval was told for good.
	testkit.Until(b, "the page is hot", func() bool {
		before := w.front.Work()
		w.do(get)
		return w.front.Work() == before
	})
	before := w.front.Work()
	for b.Loop() {
		if got := w.do(get); got.status != http.StatusOK {
			b.Fatalf("answered %d", got.status)
		}
	}
	work := w.front.Work()
	b.ReportMetric(float64(work.Encodes-before.Encodes+work.Gzips-before.Gzips)/float64(b.N), "per_op")
}
