package api_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// grow adds to-from rows to site A: approved comments on its page, pages with one comment each, log entries and
// takedowns.
func (w *world) grow(first comment.Comment, from, to int) {
	w.t.Helper()
	blog, err := w.service.Site(context.Background(), "a")
	fatal(w.t, err)
	page := site.Page{Site: blog.ID, Open: true, CreatedAt: w.clock.Now()}
	for part := from; part < to; part += 500 {
		pen := auditlog.NewAuthor(blog, "somebody", w.clock.Now())
		_, err := w.db.Update(context.Background(), func(tx store.Tx) error {
			b, err := pen.Open(tx)
			if err != nil {
				return err
			}
			var list []comment.Comment
			for i := part; i < part+500; i++ {
				page.ID, page.URL = txn.NewID(), fmt.Sprintf("%s/grown/%d", originA, i)
				if _, err := tx.EnsurePage(page); err != nil {
					return err
				}
				for _, on := range []string{first.Page, page.ID} {
					c := first
					c.ID, c.Page, c.Same, c.Path = txn.NewID(), on, nil, fmt.Sprintf("%016d", i+1)
					c.CreatedAt = c.CreatedAt.Add(time.Duration(i) * time.Millisecond)
					d := b.Append(auditlog.Entry{Ruling: auditlog.Ruling{Comment: c.ID, Action: comment.Approve, To: comment.Approved}})
					c.Standing, c.DecidedAt = d.Seq, d.At
					list = append(list, c)
				}
				d := takedown.Takedown{Site: blog.ID, ID: txn.NewID(), Seq: b.Append(auditlog.Entry{Kind: auditlog.Withholding,
					Teaching: auditlog.Teaching{Subject: "x"}}).Seq, By: "District court", Kind: takedown.Court, Public: takedown.Full,
					Received: w.clock.Now(), At: w.clock.Now(), Salt: "salt", Ended: w.clock.Now(), Why: "It was a mistake."}
				if err := tx.AddTakedown(d, []string{first.ID}); err != nil {
					return err
				}
			}
			if err := tx.PutComments(list); err != nil {
				return err
			}
			return b.Close()
		})
		fatal(w.t, err)
	}
}

// cpu returns the CPU time that this process has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	fatal(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// costs returns the minimum CPU time of several responses to each request.
func (w *world) costs(t *testing.T, requests []string) map[string]time.Duration {
	t.Helper()
	least := map[string]time.Duration{}
	for range 3 {
		for _, path := range requests {
			const answers = 3
			before := cpu(t)
			for range answers {
				if status := w.ask(askedIn, call{path: path}); status == 0 || status >= 500 {
					t.Fatalf("GET %s: %d", path, status)
				}
			}
			if took := (cpu(t) - before) / answers; least[path] == 0 || took < least[path] {
				least[path] = took
			}
		}
	}
	return least
}

// TestPublicReads_CostDoesNotGrowWithTheSite compares the CPU time of each public GET at 1,000 and at 4,000 rows, or
// 10,000 in CI. A route that costs more on the larger site must have a limit by address.
func TestPublicReads_CostDoesNotGrowWithTheSite(t *testing.T) {
	rows := 4_000
	if testkit.Tier(t) != "fast" {
		rows = 10_000
	}
	w := onSQLite(t)
	id := w.approved(requireBody("A comment of which there are many."))
	var first comment.Comment
	fatal(t, w.db.View(t.Context(), func(tx store.Tx) (err error) {
		site, err := w.service.Site(t.Context(), "a")
		if err == nil {
			first, err = tx.CommentByID(site.ID, id)
		}
		return err
	}))
	gets := w.publicGets(t, []string{id}, false)
	var requests []string
	for route, all := range gets {
		if strings.HasSuffix(route, "/live") {
			continue // a stream
		}
		requests = append(requests, all...)
	}
	slices.Sort(requests)
	small := w.copied() // a limit does not depend on the size
	w.grow(first, 0, 1_000)
	few := w.costs(t, requests)
	w.grow(first, 1_000, rows)
	many := w.costs(t, requests)
	limited := newWorld(t, small, "", options{limits: true, known: true})
	for _, path := range slices.Sorted(maps.Keys(few)) {
		grew := many[path] > 2*few[path] && many[path]-few[path] > 500*time.Microsecond
		if !grew {
			continue
		}
		t.Logf("%v at 1,000 rows, %v at %d: %s", few[path], many[path], rows, path)
		waits := false
		for n := 0; n < 3_000 && !waits; n++ {
			waits = limited.ask(askedIn, call{path: path}) == http.StatusTooManyRequests
		}
		if !waits {
			t.Errorf("one address may ask as often as it likes for %s", path)
		}
	}
	if log := many["/sites/a/log.jsonl?"]; log > few["/sites/a/log.json?"]*time.Duration(rows/100) {
		t.Errorf("the whole log of %d entries takes %v: it is not kept rendered", 3*rows, log)
	}
}
