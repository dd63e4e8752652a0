package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

const (
	writers    = 16  // clients that post without a pause
	inFlight   = 8   // requests under way, at least, when a kill comes
	enough     = 500 // comments acknowledged in all, at least
	ledgerPage = "https://ledger.example/post"
)

// kills is how often each database's server is killed: TEST_KILLS, or 5.
func kills(t *testing.T) int {
	t.Helper()
	s := os.Getenv("TEST_KILLS")
	if s == "" {
		return 5
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("TEST_KILLS is %q; it must be a number above 0", s)
	}
	return n
}

func TestAKilledServerHasLostNothingItAcknowledgedOnSQLite(t *testing.T) {
	tortureWith(t, "sqlite", kit.SQLite(t))
}

func TestAKilledServerHasLostNothingItAcknowledgedOnPostgres(t *testing.T) {
	tortureWith(t, "postgres", kit.NewDurablePostgres(t).Database(t, "ledger"))
}

// An entry is one comment in the ledger: written down before it is sent, completed by the answer.
type entry struct {
	key, text string
	id, token string // empty while nothing is known of it
}

type ledger struct {
	mu      sync.Mutex
	sent    []*entry
	flying  atomic.Int64
	acked   atomic.Int64
	failing atomic.Pointer[string] // an answer that no kill explains
}

// tortureWith kills a server again and again, and counts what is left.
func tortureWith(t *testing.T, name, database string) {
	binary := kit.Binary(t)
	common := []string{"--data", t.TempDir(), "--database", database}
	run := func(args ...string) string {
		out, err := kit.Run(binary, append(args, common...)...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	run("migrate", "up")
	run("site", "add", "--key", "ledger", "--name", "Ledger", "--origin", "https://ledger.example")
	run("account", "add", "--email", "l@ledger.example", "--name", "L", "--role", "owner")
	token := run("token", "add", "--account", "l@ledger.example")

	var book ledger
	start := func() *kit.Instance {
		i, err := kit.Start(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off"}, common...)...)
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	times := kills(t)
	for kill := range times {
		server := start()
		goal := book.acked.Load() + int64(enough/times+1)
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for range writers {
			clients.Go(func() { book.write(ctx, server.URL) })
		}
		until(t, fmt.Sprintf("kill %d", kill), func() bool {
			return book.failing.Load() != nil || book.acked.Load() >= goal+rand.Int64N(40) && book.flying.Load() >= inFlight
		})
		met := book.flying.Load()
		server.Kill()
		cancel()
		clients.Wait()
		if why := book.failing.Load(); why != nil {
			t.Fatalf("a post failed before the kill: %s\n%s", *why, server.Log())
		}
		if met == 0 {
			t.Errorf("kill %d met nothing in flight", kill)
		}
	}

	server := start()
	defer server.Kill()
	reader := &kit.Client{URL: server.URL, Site: "ledger", HTTP: http.DefaultClient}
	moderator := &kit.Client{URL: server.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}
	count := book.count(t, reader, moderator)
	fmt.Printf("ledger: %s: %d kills, acknowledged %d, unknown %d (%d of them kept), found %d, lost %d, doubled %d\n",
		name, times, count.acknowledged, count.unknown, count.kept, count.found, count.lost, count.doubled)
	if count.lost+count.doubled > 0 {
		t.Errorf("%d acknowledged comments are lost, %d doubled", count.lost, count.doubled)
	}
	if count.acknowledged < enough {
		t.Errorf("%d comments were acknowledged, want at least %d", count.acknowledged, enough)
	}
}

// until waits for a condition that other goroutines bring about.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for look := time.NewTicker(100 * time.Microsecond); !done(); {
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%s: it did not come about within two minutes", what)
		}
	}
}

// write posts comments, one after the other, until ctx ends or the server is gone.
func (b *ledger) write(ctx context.Context, url string) {
	c := &kit.Client{URL: url, Site: "ledger", HTTP: &http.Client{Transport: &http.Transport{}}}
	for ctx.Err() == nil {
		e := b.next()
		b.flying.Add(1)
		posted, err := c.Post(ctx, e.key, ledgerPage, "Writer "+e.key, "", e.text)
		b.flying.Add(-1)
		var status *kit.StatusError
		switch {
		case errors.As(err, &status):
			why := status.Error()
			b.failing.CompareAndSwap(nil, &why)
			return
		case err != nil:
			return // the server is gone: whether it kept the comment is unknown
		}
		b.mu.Lock()
		e.id, e.token = posted.ID, posted.EditToken
		b.mu.Unlock()
		b.acked.Add(1)
	}
}

func (b *ledger) next() *entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := len(b.sent)
	e := &entry{key: fmt.Sprintf("ledger-key-%08d", n),
		text: fmt.Sprintf("Comment number %d stands in the ledger and is like no other: %x.", n, n*2654435761)}
	b.sent = append(b.sent, e)
	return e
}

type counts struct{ acknowledged, unknown, kept, found, lost, doubled int }

// count reads every comment back: by its text in the moderators' queue, and by its edit token.
// What is unknown is then sent again with its key, and must be there once.
func (b *ledger) count(t *testing.T, reader, moderator *kit.Client) counts {
	t.Helper()
	there := readAll(t, moderator)
	var n counts
	for _, e := range b.sent {
		switch copies := there[e.text]; {
		case copies > 1:
			n.doubled++
			t.Errorf("%q is there %d times", e.text, copies)
		case e.id == "":
			n.kept += copies
		case copies == 1:
			n.found++
		}
		if e.id == "" {
			n.unknown++
			if _, err := reader.Post(t.Context(), e.key, ledgerPage, "Writer "+e.key, "", e.text); err != nil {
				t.Errorf("send %q again: %v", e.text, err)
			}
			continue
		}
		n.acknowledged++
		body, _, err := reader.Own(t.Context(), e.id, e.token)
		if err != nil || body != e.text || there[e.text] == 0 {
			n.lost++
			t.Errorf("%q was acknowledged; in the queue %d times, its edit token reads %q, %v", e.text, there[e.text], body, err)
		}
	}
	there = readAll(t, moderator)
	for _, e := range b.sent {
		if there[e.text] != 1 && e.id == "" {
			n.doubled++
			t.Errorf("%q was sent again with its key and is there %d times", e.text, there[e.text])
		}
	}
	return n
}

// readAll returns how often each text stands in the queue.
func readAll(t *testing.T, moderator *kit.Client) map[string]int {
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
