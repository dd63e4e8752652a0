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

// A PostLog records comments before they are posted, and then their answers. An acknowledged comment must exist once.
// Another comment must exist once after it is sent again with its Idempotency-Key. It is safe for concurrent use.
type PostLog struct {
	Page string // address of the page

	mu         sync.Mutex
	sent       []*entry
	unexpected []string // answers other than success and retryable errors

	inFlight, acknowledged, retries atomic.Int64
}

// An entry is one comment in the log.
type entry struct {
	key, text string
	id, token string // empty until the comment is acknowledged
}

// Acknowledged returns the number of acknowledged comments.
func (b *PostLog) Acknowledged() int64 { return b.acknowledged.Load() }

// InFlight returns the number of running requests.
func (b *PostLog) InFlight() int64 { return b.inFlight.Load() }

// Retries returns the number of attempts that failed and were repeated.
func (b *PostLog) Retries() int64 { return b.retries.Load() }

// Unexpected returns the answers so far that were neither success nor a retryable error.
func (b *PostLog) Unexpected() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.unexpected)
}

// PostUntilError posts comments one after the other until ctx ends or a post fails.
func (b *PostLog) PostUntilError(ctx context.Context, c *Client) {
	for ctx.Err() == nil && b.post(ctx, c, b.next()) == nil {
	}
}

// PostWithRetries posts comments one after the other until ctx ends. It repeats each with its key until it is
// acknowledged, and sends at most one per pause.
func (b *PostLog) PostWithRetries(ctx context.Context, c *Client, pause time.Duration) {
	tick := time.NewTicker(max(pause, time.Millisecond))
	defer tick.Stop()
	for ctx.Err() == nil {
		e := b.next()
		for b.post(ctx, c, e) != nil && ctx.Err() == nil {
			b.retries.Add(1)
			select {
			case <-ctx.Done():
			case <-time.After(max(pause, 20*time.Millisecond)): // the attempt failed
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

func (b *PostLog) next() *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.sent)
	e := &entry{key: fmt.Sprintf("ledger-key-%08d", n),
		text: fmt.Sprintf("Comment number %d stands in the ledger and is like no other: %x.", n, n*2654435761)}
	b.sent = append(b.sent, e)
	return e
}

func (b *PostLog) post(ctx context.Context, c *Client, e *entry) error {
	b.inFlight.Add(1)
	posted, err := c.Post(ctx, e.key, b.Page, "Writer "+e.key, "", e.text)
	b.inFlight.Add(-1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil {
		e.id, e.token = posted.ID, posted.EditToken
		b.acknowledged.Add(1)
		return nil
	}
	if status, ok := errors.AsType[*StatusError](err); ok && !status.Retryable() {
		b.unexpected = append(b.unexpected, err.Error())
	}
	return err // without a status it is unknown whether the comment was stored
}

// Retryable reports whether the answer asks to retry later.
func (e *StatusError) Retryable() bool {
	return e.Status == http.StatusServiceUnavailable || e.Status == http.StatusInsufficientStorage
}

// PostCounts is the result of Verify. Stored comments exist although they were not acknowledged.
type PostCounts struct{ Acknowledged, Unknown, Stored, Found, Lost, Duplicated int }

func (n PostCounts) String() string {
	return fmt.Sprintf("acknowledged %d, unknown %d (%d of them kept), found %d, lost %d, doubled %d",
		n.Acknowledged, n.Unknown, n.Stored, n.Found, n.Lost, n.Duplicated)
}

// Verify reads every comment by its text in the moderation queue and by its edit token. It sends comments that were not
// acknowledged again with their keys; they must then exist once. It logs the first 20 problems.
func (b *PostLog) Verify(t testing.TB, reader, moderator *Client) PostCounts {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	there := QueueTexts(t, moderator)
	var n PostCounts
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
			n.Duplicated++
			log("%q is there %d times", e.text, copies)
		case e.id == "":
			n.Stored += copies
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
	there = QueueTexts(t, moderator)
	for _, e := range b.sent {
		if e.id == "" && there[e.text] != 1 {
			n.Duplicated++
			log("%q was sent again with its key and is there %d times", e.text, there[e.text])
		}
	}
	return n
}

// QueueTexts returns how often each text is in the queue.
func QueueTexts(t testing.TB, moderator *Client) map[string]int {
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
