package api_test

import (
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// readGzip reads a page with gzip. It returns the Content-Length and the decoded body.
func (w *world) readGzip() (length int64, text string) {
	w.t.Helper()
	res := w.send(call{path: "/api/v1/sites/a/comments?page=" + pageA,
		header: map[string]string{"Accept-Encoding": "gzip"}})
	defer res.Body.Close()
	z, err := gzip.NewReader(res.Body)
	fatal(w.t, err)
	plain, err := io.ReadAll(z)
	fatal(w.t, err)
	return res.ContentLength, string(plain)
}

func TestPageCache_HotReadEncodesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.approved(requireBody(w.text()))
		// The event of the approval may arrive twice and render the page again.
		testkit.Until(w.t, "100 hot reads cost no encoding and no compression", func() bool {
			w.thread()
			w.readGzip()
			before := w.front.Work()
			for range 50 {
				if r := w.thread(); r.status != 200 || r.header.Get("Cache-Control") != "no-cache" || r.header.Get("ETag") == "" {
					t.Fatalf("got %v %v", r, r.header)
				}
				w.readGzip()
			}
			return w.front.Work() == before
		})
	})
}

// TestPageCache_BusyPageIsRecompressed reads one page until its compressed body is shorter.
func TestPageCache_BusyPageIsRecompressed(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for range 4 {
			w.approved(requireBody(w.text()))
		}
		// The event of an approval may arrive twice and render the page again.
		testkit.Until(w.t, "a page that was read forty times is shorter than at first, and says the same", func() bool {
			w.approved(requireBody(w.text()))
			first, text := w.readGzip()
			var last int64
			for range 40 {
				var again string
				if last, again = w.readGzip(); again != text {
					return false
				}
			}
			return last < first
		})
	})
}

func TestPageCache_MatchingETagGets304(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.approved(requireBody(w.text()))
		etag := w.thread().header.Get("ETag")
		ask := func(known string) reply {
			return w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA, header: map[string]string{"If-None-Match": known}})
		}
		for _, known := range []string{etag, `"other", ` + etag, "*"} {
			if r := ask(known); r.status != http.StatusNotModified || len(r.raw) != 0 || r.header.Get("ETag") != etag {
				t.Errorf("If-None-Match %s: got %d with %d bytes, want 304", known, r.status, len(r.raw))
			}
		}
		if r := ask(`W/"other"`); r.status != 200 {
			t.Errorf("another ETag: got %d, want 200", r.status)
		}
		w.approved(requireBody(w.text()))
		if r := ask(etag); r.status != 200 || len(r.list("comments")) != 2 {
			t.Errorf("after an approval: got %v, want a new page", r)
		}
	})
}

func TestPageCache_FollowsEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		count := func() int { return w.thread().num("page", "count") }
		if n := count(); n != 0 { // cached as a page that does not exist
			t.Fatalf("got %d comments, want none", n)
		}
		posted := w.post(requireBody(w.text()))
		if got := w.thread().str("page", "title"); got != "/post" {
			t.Errorf("while its first comment waits, a page has the title %q", got)
		}
		d := w.decide("approve", posted.str("id"), 1)
		if n := count(); n != 1 {
			t.Errorf("approved: got %d comments, want 1", n)
		}
		if got := w.thread().str("page", "title"); got != "A post" {
			t.Errorf("approved: the page has the title %q, want its first comment's", got)
		}
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions/"+d.str("batch")+"/undo", nil)
		if n := count(); n != 0 {
			t.Errorf("undone: got %d comments, want none", n)
		}
		w.decide("approve", posted.str("id"), 3)
		w.do(call{method: "PATCH", path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token"),
			body: m{"body": "Edited."}})
		if n := count(); n != 0 {
			t.Errorf("edited, so waiting again: got %d comments, want none", n)
		}
		w.decide("approve", posted.str("id"), 5)
		if n := count(); n != 1 {
			t.Errorf("approved again: got %d comments, want 1", n)
		}
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/comments/"+posted.str("id")+"/reply", m{"body": "Thank you."})
		if n := count(); n != 2 {
			t.Errorf("answered: got %d comments, want 2", n)
		}
		page := w.as("owner a", "GET", "/api/v1/sites/a/moderation/pages", nil).list("pages")[0]["id"].(string)
		w.as("owner a", "PATCH", "/api/v1/sites/a/moderation/pages/"+page, m{"open": false, "title": "Renamed"})
		if r := w.thread(); r.at("page", "open") != false || r.str("page", "title") != "Renamed" {
			t.Errorf("closed and renamed: got %v", r.at("page"))
		}
		w.as("owner a", "PATCH", "/api/v1/sites/a", m{"rules_en": "Be brief."})
		if got := w.thread().str("settings", "rules"); got != "Be brief." {
			t.Errorf("new rules: got %q", got)
		}
		w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token")})
		if n := count(); n != 1 {
			t.Errorf("withdrawn: got %d comments, want the answer", n)
		}
		w.as("owner a", "DELETE", "/api/v1/sites/a", nil)
		want(t, w.thread(), 404, "site.unknown")
	})
}

func TestPageCache_FollowsOtherProcesses(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		other := &world{t: t, dbURL: w.dbURL, redis: w.redis, clock: w.clock, tokens: w.tokens}
		other.open(options{}, store.Options{})
		id := w.post(requireBody(w.text())).str("id")
		if n := other.thread().num("page", "count"); n != 0 {
			t.Fatalf("got %d comments, want none", n)
		}
		w.decide("approve", id, 1)
		testkit.Until(other.t, "the other server shows the comment",
			func() bool { return other.thread().num("page", "count") == 1 })
	})
}

// A withdrawal reaches other processes within two seconds, although a transaction of another database in the same
// Postgres cluster runs.
func TestPageCache_WithdrawalDoesNotWaitForForeignTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t), testkit.Redis(t), options{})
	other := &world{t: t, dbURL: w.dbURL, redis: w.redis, clock: w.clock, tokens: w.tokens}
	other.open(options{}, store.Options{})
	foreign, err := sql.Open("pgx", testkit.Postgres(t))
	fatal(t, err)
	defer foreign.Close()
	neighbour, err := foreign.BeginTx(t.Context(), nil)
	fatal(t, err)
	defer neighbour.Rollback()
	_, err = neighbour.Exec("SELECT pg_current_xact_id()")
	fatal(t, err)

	shows := func(n int) func() bool { return func() bool { return other.thread().num("page", "count") == n } }
	posted := w.post(requireBody(w.text()))
	w.decide("approve", posted.str("id"), 1)
	testkit.Within(t, 2*time.Second, "the other server shows the comment", shows(1))
	w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token")})
	testkit.Within(t, 2*time.Second, "the other server shows it no longer", shows(0))
}

// TestPageCache_ReadAfterDecisionIsFresh reads and decides concurrently. A read that begins after the response to a
// decision shows the decision.
func TestPageCache_ReadAfterDecisionIsFresh(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		posted := w.post(requireBody(w.text()))
		ctx, stop := context.WithCancel(context.Background())
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for ctx.Err() == nil {
					w.thread()
				}
			})
		}
		site, err := w.service.Site(ctx, "a")
		fatal(t, err)
		for version := int64(1); version < 60; version++ {
			action, n := comment.Approve, 1
			if version%2 == 0 {
				action, n = comment.MarkSpam, 0
			}
			_, err := w.service.Decide(ctx, authz.Operator, site, moderation.Choice{
				Action: action, Comments: []moderation.Ref{{ID: posted.str("id"), Version: version}},
			})
			fatal(t, err)
			if got := w.thread().num("page", "count"); got != n {
				t.Errorf("after %v: got %d comments, want %d", action, got, n)
				break
			}
		}
		stop()
		readers.Wait()
	})
}

// TestPageCache_ColdPageIsRenderedOnce has sixteen clients request the same pages concurrently, with different but
// equivalent queries.
func TestPageCache_ColdPageIsRenderedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const pages, clients = 200, 16
		before := w.front.Work().Encodes
		var readers sync.WaitGroup
		for n := range clients {
			readers.Go(func() {
				for i := range pages {
					r := w.do(call{path: fmt.Sprintf("/api/v1/sites/a/comments?z=%d&page=%s-%d&page=other", n, pageA, i)})
					if r.status != 200 {
						t.Errorf("page %d: got %v", i, r)
						return
					}
				}
			})
		}
		readers.Wait()
		if got := w.front.Work().Encodes - before; got != pages {
			t.Errorf("%d clients asked for %d cold pages: got %d renders, want one a page", clients, pages, got)
		}
	})
}

// count reads the page a number of times. It returns the number of comments in the last response.
func (w *world) count(times int) int {
	w.t.Helper()
	var answer struct{ Page struct{ Count int } }
	for range times {
		_, text := w.readGzip()
		fatal(w.t, json.Unmarshal([]byte(text), &answer))
	}
	return answer.Page.Count
}

// TestPageCache_HotPageIsRenderedInIntervals approves comments one by one while the page is read, then refuses one.
func TestPageCache_HotPageIsRenderedInIntervals(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const comments, reads = 30, 8
		var last string
		began, before := time.Now(), w.front.Work().Encodes
		for range comments {
			last = w.approved(requireBody(w.text()))
			w.count(reads)
		}
		testkit.Until(t, "all that was approved is seen", func() bool { return w.count(1) == comments })
		seconds := int64(time.Since(began)/time.Second) + 1
		if got := w.front.Work().Encodes - before; got > 3*seconds {
			t.Errorf("in %d seconds %d comments were approved: got %d renderings", seconds, comments, got)
		}
		if d := w.decide("reject", last, 2); d.num("decided") != 1 {
			t.Fatalf("refuse: %v", d)
		}
		if got := w.count(1); got != comments-1 {
			t.Errorf("after a refusal: got %d comments, want %d at once", got, comments-1)
		}
	})
}

// TestPageCache_ReplacedHotPageStaysHot waits until a stale hot page is rendered again, then approves another comment
// at once. On a slow machine this takes several attempts.
func TestPageCache_ReplacedHotPageStaysHot(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.approved(requireBody(w.text()))
		comments := 1
		testkit.Within(t, time.Minute, "the new page lacks a comment, too", func() bool {
			w.count(20)
			w.approved(requireBody(w.text()))
			comments++
			testkit.Until(t, "the page is rendered again", func() bool { return w.count(1) == comments })
			w.approved(requireBody(w.text()))
			comments++
			return w.count(1) < comments
		})
		testkit.Until(t, "nothing is lacking at last", func() bool { return w.count(1) == comments })
	})
}

// TestPageCache_NotModifiedReadsCountAsHot reads a page with If-None-Match.
func TestPageCache_NotModifiedReadsCountAsHot(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.approved(requireBody(w.text()))
		testkit.Within(t, time.Minute, "the page lacks a comment for a while", func() bool {
			known := call{path: "/api/v1/sites/a/comments?page=" + pageA,
				header: map[string]string{"If-None-Match": w.thread().header.Get("ETag")}}
			for range 20 {
				w.do(known)
			}
			w.approved(requireBody(w.text()))
			return w.do(known).status == http.StatusNotModified
		})
	})
}

func TestPageCache_PageClosesByAge(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.as("owner a", "PATCH", "/api/v1/sites/a", m{"close_after_days": 7})
		w.approved(requireBody(w.text()))
		w.clock.Add(6 * 24 * time.Hour)
		if r := w.thread(); r.at("page", "open") != true {
			t.Errorf("on the sixth day: got %v", r.at("page"))
		}
		w.clock.Add(24 * time.Hour) // without any event
		if r := w.thread(); r.at("page", "open") != false || r.num("page", "count") != 1 {
			t.Errorf("on the seventh day: got %v", r.at("page"))
		}
		r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text())})
		want(t, r, 422, "page.closed")
		pages := "/api/v1/sites/a/moderation/pages"
		if p := w.as("owner a", "GET", pages, nil).list("pages")[0]; p["open"] != false {
			t.Errorf("to staff: got %v", p)
		}
		w.as("owner a", "PATCH", "/api/v1/sites/a", m{"close_after_days": 0})
		if r := w.thread(); r.at("page", "open") != true {
			t.Errorf("without an end: got %v", r.at("page"))
		}
	})
}
