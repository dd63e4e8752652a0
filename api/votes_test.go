package api_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

func voteFor(id string, body any) call {
	return call{method: "POST", path: "/api/v1/sites/a/comments/" + id + "/vote", body: body}
}

// votes are what a page shows for a comment.
func (w *world) votes(id string) int {
	w.t.Helper()
	for _, c := range w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA}).list("comments") {
		if c["id"] == id {
			return int(c["votes"].(float64))
		}
	}
	w.t.Fatalf("%s is not shown", id)
	return 0
}

func TestAReaderVotesOnceAndTakesItBackWithTheToken(t *testing.T) {
	w := newWorld(t, kit.SQLite(t), "", options{proxy: "127.0.0.1/32"})
	id := w.post(written("What is voted for has to be published.")).str("id")
	want(t, w.do(voteFor(id, m{"value": 1})), 404, "comment.unknown")
	w.decide("approve", id, 1)
	first := w.do(voteFor(id, m{"value": 1}))
	want(t, first, 200, "")
	again := w.do(voteFor(id, m{"value": 1}))
	if first.num("votes") != 1 || again.str("vote_token") != first.str("vote_token") || first.str("vote_token") == "" {
		t.Errorf("%v, and again %v", first, again)
	}
	other := voteFor(id, m{"value": 1})
	other.header = map[string]string{"X-Forwarded-For": "192.0.2.8"}
	want(t, w.do(other), 200, "")

	for _, token := range []string{"", "x", first.str("vote_token") + "A", first.str("vote_token")[:42] + "-"} {
		want(t, w.do(voteFor(id, m{"value": 0, "vote_token": token})), 422, "field.invalid")
	}
	for range 2 {
		back := w.do(voteFor(id, m{"value": 0, "vote_token": first.str("vote_token")}))
		want(t, back, 200, "")
		if back.at("vote_token") != nil {
			t.Errorf("taken back: %v", back)
		}
	}
	kit.Until(t, "one is shown", func() bool { return w.votes(id) == 1 })
	want(t, w.do(voteFor(id, m{})), 422, "field.invalid")
	want(t, w.do(voteFor(id, m{"value": 2})), 422, "field.invalid")
	want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"votes": "off"}), 200, "")
	want(t, w.do(voteFor(id, m{"value": 1})), 422, "field.invalid")
}

// TestAThousandVotesRenderAPageOnce: what a page costs does not grow with those who vote on it.
func TestAThousandVotesRenderAPageOnce(t *testing.T) {
	w := newWorld(t, kit.SQLite(t), "", options{proxy: "127.0.0.1/32"})
	id := w.post(written("A text for which a thousand vote at once.")).str("id")
	w.decide("approve", id, 1)
	w.votes(id)
	kit.Until(t, "nothing else is rendered", func() bool {
		before := w.front.Work().Encodes
		w.votes(id)
		return w.front.Work().Encodes == before
	})
	before, began := w.front.Work().Encodes, time.Now()
	const voters, at = 1000, 20
	var all sync.WaitGroup
	for n := range at {
		all.Go(func() {
			for i := n; i < voters; i += at {
				c := voteFor(id, m{"value": 1})
				c.header = map[string]string{"X-Forwarded-For": fmt.Sprintf("198.18.%d.%d", i/256, i%256)}
				if r := w.do(c); r.status != http.StatusOK {
					t.Errorf("vote %d: %v", i, r)
				}
				w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA})
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	t.Logf("%d votes in %v, the page rendered %d times", voters, took.Round(time.Millisecond),
		w.front.Work().Encodes-before)
	kit.Until(t, "all are shown", func() bool { return w.votes(id) == voters })
	most := int64(time.Since(began)/(10*time.Second)) + 2 // gathered once in the midst, and once at the end
	if n := w.front.Work().Encodes - before; n > most {
		t.Errorf("the page was rendered %d times in %v, at most %d are allowed", n, time.Since(began), most)
	}
}
