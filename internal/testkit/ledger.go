package testkit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Ledger is what writers know of the comments they sent: each is written down before it is sent, and
// completed by the answer. What was acknowledged must be there once, and what was not, once after it is sent
// again with its Idempotency-Key. It is safe for concurrent use.
type Ledger struct {
	Page string // where they write

	mu      sync.Mutex
	sent    []*entry
	failing []string // answers that no fault explains

	flying, acked, again atomic.Int64
}

// An entry is one comment in the ledger.
type entry struct {
	key, text string
	id, token string // empty while nothing is known of it
}

// Acked counts the comments that were acknowledged.
func (b *Ledger) Acked() int64 { return b.acked.Load() }

// Flying counts the requests that are under way.
func (b *Ledger) Flying() int64 { return b.flying.Load() }

// Again counts the tries that were not acknowledged, and made again.
func (b *Ledger) Again() int64 { return b.again.Load() }

// Failing are the answers so far that no fault explains: neither taken, nor told to come again.
func (b *Ledger) Failing() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.failing)
}

// Write posts comments, one after the other, until ctx ends, the server is gone, or it refuses one.
func (b *Ledger) Write(ctx context.Context, c *Client) {
	for ctx.Err() == nil && b.post(ctx, c, b.next()) == nil {
	}
}

// Persist posts comments, one after the other, until ctx ends. It sends each with its key until it is
// acknowledged, and waits for a pause after each answer.
func (b *Ledger) Persist(ctx context.Context, c *Client, pause time.Duration) {
	tick := time.NewTicker(max(pause, time.Millisecond))
	defer tick.Stop()
	for ctx.Err() == nil {
		e := b.next()
		for b.post(ctx, c, e) != nil && ctx.Err() == nil {
			b.again.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(max(pause, 20*time.Millisecond)): // it was told to come again
			}
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}
}

func (b *Ledger) next() *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.sent)
	e := &entry{key: fmt.Sprintf("ledger-key-%08d", n),
		text: fmt.Sprintf("Comment number %d stands in the ledger and is like no other: %x.", n, n*2654435761)}
	b.sent = append(b.sent, e)
	return e
}

func (b *Ledger) post(ctx context.Context, c *Client, e *entry) error {
	b.flying.Add(1)
	posted, err := c.Post(ctx, e.key, b.Page, "Writer "+e.key, "", e.text)
	b.flying.Add(-1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		e.id, e.token = posted.ID, posted.EditToken
		b.acked.Add(1)
		return nil
	}
	if status, ok := errors.AsType[*StatusError](err); ok && !status.Later() {
		b.failing = append(b.failing, err.Error())
	}
	return err // without a status, whether it was kept is unknown
}

// Later reports whether the answer says to come again.
func (e *StatusError) Later() bool {
	return e.Status == http.StatusServiceUnavailable || e.Status == http.StatusInsufficientStorage
}

// Counts are what is left of a ledger. Of what was not acknowledged, Kept was there all the same.
type Counts struct{ Acknowledged, Unknown, Kept, Found, Lost, Doubled int }

func (n Counts) String() string {
	return fmt.Sprintf("acknowledged %d, unknown %d (%d of them kept), found %d, lost %d, doubled %d",
		n.Acknowledged, n.Unknown, n.Kept, n.Found, n.Lost, n.Doubled)
}

// Count reads every comment back: by its text in the moderators' queue, and by its edit token. What is
// unknown is then sent again with its key, and must be there once. It logs the first that are not.
func (b *Ledger) Count(t testing.TB, reader, moderator *Client) Counts {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	there := Texts(t, moderator)
	var n Counts
	logged := 0
	log := func(format string, args ...any) {
		t.Helper()
		if logged++; logged <= 20 {
			t.Logf(format, args...)
		}
	}
	for _, e := range b.sent {
		switch copies := there[e.text]; {
		case copies > 1:
			n.Doubled++
			log("%q is there %d times", e.text, copies)
		case e.id == "":
			n.Kept += copies
		case copies == 1:
			n.Found++
		}
		if e.id == "" {
			n.Unknown++
			if _, err := reader.Post(t.Context(), e.key, b.Page, "Writer "+e.key, "", e.text); err != nil {
				t.Errorf("send %q again: %v", e.text, err)
			}
			continue
		}
		n.Acknowledged++
		body, _, err := reader.Own(t.Context(), e.id, e.token)
		if err != nil || body != e.text || there[e.text] == 0 {
			n.Lost++
			log("%q was acknowledged; in the queue %d times, its edit token reads %q, %v", e.text, there[e.text], body, err)
		}
	}
	there = Texts(t, moderator)
	for _, e := range b.sent {
		if e.id == "" && there[e.text] != 1 {
			n.Doubled++
			log("%q was sent again with its key and is there %d times", e.text, there[e.text])
		}
	}
	return n
}

// Texts returns how often each text stands in the queue.
func Texts(t testing.TB, moderator *Client) map[string]int {
	t.Helper()
	there := map[string]int{}
	for after := ""; ; {
		items, next, err := moderator.Queue(t.Context(), "limit=200&after="+after)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			there[item.Comment.Body]++
		}
		if next == "" {
			return there
		}
		after = next
	}
}
