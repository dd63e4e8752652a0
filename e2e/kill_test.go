package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const (
	writers  = 16  // number of clients that post without a pause
	inFlight = 8   // minimum number of running requests at a kill
	enough   = 500 // minimum number of acknowledged comments
)

func TestKill_KeepsAcknowledgedOnSQLite(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	tortureWith(t, "sqlite", testkit.DurableSQLite(t))
}

func TestKill_KeepsAcknowledgedOnPostgres(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	tortureWith(t, "postgres", testkit.NewDurablePostgres(t).Database(t, "ledger"))
}

// tortureWith kills a server repeatedly, and checks that all acknowledged comments are stored.
func tortureWith(t *testing.T, name, database string) {
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir(), "--database", database}}
	token := s.addSite("ledger")

	book := testkit.PostLog{Page: "https://ledger.example/post"}
	times := testkit.EnvInt(t, "TEST_KILLS", 5)
	for kill := range times {
		server := s.start()
		goal := book.Acknowledged() + int64(enough/times+1)
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for range writers {
			c := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: &http.Client{Transport: &http.Transport{}}}
			clients.Go(func() { book.PostUntilError(ctx, c) })
		}
		until(t, fmt.Sprintf("kill %d", kill), func() bool {
			return len(book.Unexpected()) > 0 || book.Acknowledged() >= goal+rand.Int64N(40) && book.InFlight() >= inFlight
		})
		met := book.InFlight()
		server.Kill()
		cancel()
		clients.Wait()
		if why := book.Unexpected(); len(why) > 0 {
			t.Fatalf("a post failed before the kill: %s\n%s", why[0], server.Log())
		}
		if met == 0 {
			t.Errorf("kill %d met nothing in flight", kill)
		}
	}

	server := s.start()
	defer server.Kill()
	reader := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: http.DefaultClient}
	moderator := &testkit.Client{URL: server.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}
	count := book.Verify(t, reader, moderator)
	fmt.Printf("ledger: %s: %d kills, %v\n", name, times, count)
	if count.Lost+count.Duplicated > 0 {
		t.Errorf("%d acknowledged comments are lost, %d doubled", count.Lost, count.Duplicated)
	}
	if count.Acknowledged < enough {
		t.Errorf("%d comments were acknowledged, want at least %d", count.Acknowledged, enough)
	}
}

// until waits for a condition that depends on other goroutines.
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
