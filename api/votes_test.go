package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

func voteFor(id string, body any) call {
	return call{method: "POST", path: "/api/v1/sites/a/comments/" + id + "/vote", body: body}
}

// votes returns the number of votes that a page shows for a comment.
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

func TestVote_TokenRemovesVote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{proxy: "127.0.0.1/32"})
	id := w.post(requireBody("What is voted for has to be published.")).str("id")
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
	testkit.Until(t, "one is shown", func() bool { return w.votes(id) == 1 })
	want(t, w.do(voteFor(id, m{})), 422, "field.invalid")
	want(t, w.do(voteFor(id, m{"value": 2})), 422, "field.invalid")
	want(t, w.as("owner a", "PATCH", "/api/v1/sites/a", m{"votes": "off"}), 200, "")
	want(t, w.do(voteFor(id, m{"value": 1})), 422, "field.invalid")
}

// TestVote_AnswerCountsTheOwnVoteOnce repeats a vote before and after lists show it.
func TestVote_AnswerCountsTheOwnVoteOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{proxy: "127.0.0.1/32"})
	id := w.post(requireBody("Counted whether it is shown or not.")).str("id")
	w.decide("approve", id, 1)
	from := func(address string, body m) reply {
		c := voteFor(id, body)
		c.header = map[string]string{"X-Forwarded-For": address}
		r := w.do(c)
		want(t, r, 200, "")
		return r
	}
	says := func(when string, r reply, votes int) {
		t.Helper()
		if got := int(r.num("votes")); got != votes {
			t.Errorf("%s: the answer has votes %d, want %d", when, got, votes)
		}
	}
	const own, other = "192.0.2.1", "192.0.2.2"
	cast := m{"value": 1}
	first := from(own, cast)
	back := m{"value": 0, "vote_token": first.str("vote_token")}
	says("cast", first, 1)
	says("sent twice", from(own, cast), 1)
	testkit.Until(t, "it is shown", func() bool { return w.votes(id) == 1 })
	says("sent once more", from(own, cast), 1)
	says("another's", from(other, cast), 2)
	says("taken back", from(own, back), 1)
	says("taken back twice", from(own, back), 1)
	says("cast again", from(own, cast), 2)
	testkit.Until(t, "both are shown", func() bool { return w.votes(id) == 2 })
	says("taken back after that", from(own, back), 1)
	says("and cast at once", from(own, cast), 2)
	says("the other's sent again", from(other, cast), 2)
}

// TestVote_NetworkLimits votes from many addresses of an IPv6 network.
func TestVote_NetworkLimits(t *testing.T) {
	onBothWith(t, options{proxy: "127.0.0.1/32"}, func(t *testing.T, w *world) {
		id := w.post(requireBody("Voted for from one network.")).str("id")
		w.decide("approve", id, 1)
		voted := func(addresses ...string) (counted int) {
			var all sync.WaitGroup
			var n atomic.Int64
			for _, address := range addresses {
				all.Go(func() {
					c := voteFor(id, m{"value": 1})
					c.header = map[string]string{"X-Forwarded-For": address}
					switch r := w.do(c); r.status {
					case http.StatusOK:
						n.Add(1)
					case http.StatusTooManyRequests:
						if wait, _ := strconv.Atoi(r.header.Get("Retry-After")); wait < 1 || wait > 24*60*60 {
							t.Errorf("%s: wait %d seconds, want a day at most", address, wait)
						}
					default:
						t.Errorf("%s: %v", address, r)
					}
				})
			}
			all.Wait()
			return int(n.Load())
		}
		var one56, one48 []string
		for i := range 40 {
			one56 = append(one56, fmt.Sprintf("2001:db8:9:%x::1", i))
			one48 = append(one48, fmt.Sprintf("2001:db8:9:%x00::1", i+1))
		}
		if n := voted("2001:db8:9:1::1", "2001:db8:9:1::2", "2001:db8:9:1:f::3"); n != 3 { // one voter
			t.Errorf("%d of 3 votes of a /64 are answered", n)
		}
		if n := voted(one56...); n != 4 {
			t.Errorf("40 networks of a /56 have %d votes, want 4", n)
		}
		if n := voted(one48...); n != 16-4 {
			t.Errorf("40 networks of the /48 around it have %d votes more, want 12", n)
		}
		if n := voted("2001:db8:a::1", "192.0.2.7", "192.0.2.8", "2001:db8:9:1::9"); n != 4 {
			t.Errorf("%d of 4 votes of other networks, and of one that voted, are counted", n)
		}
		testkit.Until(t, "they are shown", func() bool { return w.votes(id) == 16+3 })
	})
}

// The cost of rendering a page does not grow with its number of votes.
func TestVote_ManyVotesRenderPageOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{proxy: "127.0.0.1/32"})
	id := w.post(requireBody("A text for which a thousand vote at once.")).str("id")
	w.decide("approve", id, 1)
	w.votes(id)
	testkit.Until(t, "nothing else is rendered", func() bool {
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
	testkit.Until(t, "all are shown", func() bool { return w.votes(id) == voters })
	most := int64(time.Since(began)/(10*time.Second)) + 2 // plus one at the start and one at the end of the interval
	if n := w.front.Work().Encodes - before; n > most {
		t.Errorf("the page was rendered %d times in %v, at most %d are allowed", n, time.Since(began), most)
	}
}
