package api_test

import (
	"net/http"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkHotWork counts the encodings and compressions per hot read; the target is zero (R7). `make bench` measures
// the speed of hot reads on the built binary.
func BenchmarkHotWork(b *testing.B) {
	w := newWorld(b, testkit.SQLite(b), "", options{silent: true})
	for range 25 {
		w.approved(requireBody(w.text()))
	}
	get := call{path: "/api/v1/sites/a/comments?page=" + pageA}
	// Wait until the event of the last approval no longer renders the page again.
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
