package hardening

import (
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

const ledgerPage = blog + "/ledger"

// traffic is a load of writers, who record acknowledged comments in a ledger, and of one reader.
type traffic struct {
	testkit.PostLog
	s      *server
	ending context.CancelFunc
	people sync.WaitGroup

	mu    sync.Mutex
	reads []answer
}

// behind are the flags of a server with limits that trusts X-Forwarded-For from the loopback. Each request of its
// traffic comes from another network, so that limits are counted and not reached.
var behind = []string{"--limits", "default", "--trusted-proxy", "127.0.0.0/8"}

// traffic starts a load. Each writer pauses between two comments. The load ends with end, or with the test.
func (s *server) traffic(t testing.TB, writers int, pause time.Duration) *traffic {
	t.Helper()
	posted, err := s.anywhere().Post(t.Context(), "", ledgerPage+"/read", "Writer", "", "This is read meanwhile.")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.staff().Decide(t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: posted.Version})
	if err != nil {
		t.Fatal(err)
	}
	l := &traffic{PostLog: testkit.PostLog{Page: ledgerPage}, s: s}
	ctx, cancel := context.WithCancel(t.Context())
	l.ending = cancel
	for range writers {
		c := s.anywhere()
		l.people.Go(func() {
			l.PostWithRetries(ctx, c, pause)
			c.HTTP.CloseIdleConnections()
		})
	}
	l.people.Go(func() { l.read(ctx) })
	t.Cleanup(l.end)
	return l
}

func (l *traffic) end() {
	l.ending()
	l.people.Wait()
}

// read reads the page, alternating between a cached query and random ones.
func (l *traffic) read(ctx context.Context) {
	c := l.s.anywhere().HTTP
	c.Timeout = 8 * time.Second // longer than the timeout of each route
	defer c.CloseIdleConnections()
	load.Every(ctx, 20*time.Millisecond, func(n int) {
		a := answer{}
		began := time.Now()
		res, err := c.Get(fmt.Sprintf("%s%s?page=%s&limit=%d", l.s.URL, commentsOfA, url.QueryEscape(ledgerPage+"/read"),
			1+n%2*rand.IntN(100)))
		if err == nil {
			a.status = res.StatusCode
			a.body, err = io.ReadAll(res.Body)
			_ = res.Body.Close() // the body was read
		}
		a.err, a.took = err, time.Since(began)
		l.mu.Lock()
		l.reads = append(l.reads, a)
		l.mu.Unlock()
	})
}

// forget returns the recorded reads and clears them.
func (l *traffic) forget() []answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.reads
	l.reads = nil
	return all
}

// asked returns the number of reads since forget.
func (l *traffic) asked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.reads)
}

// recovered waits until a comment that was sent after this call is acknowledged, and returns how long that took.
func (l *traffic) recovered(t testing.TB, limit time.Duration, after string) time.Duration {
	t.Helper()
	enough := l.Acknowledged() + l.InFlight() + 1 // comments in flight were sent before this call
	return testkit.Within(t, limit, "a comment is acknowledged after "+after, func() bool { return l.Acknowledged() >= enough })
}

// failures ends the load and returns failed posts and reads, and lost or doubled comments. If away is true, the
// database was unavailable and reads may be answered with 503.
func (l *traffic) failures(t testing.TB, away bool) []string {
	t.Helper()
	l.end()
	all := append(l.Unexpected(), unread(l.forget(), away)...)
	why := map[string]int{}
	for _, m := range cause.FindAllStringSubmatch(l.s.Log(), -1) {
		why[m[1]]++
	}
	for _, err := range slices.Sorted(maps.Keys(why)) {
		t.Logf("%d × %s", why[err], err)
	}
	n := l.Verify(t, l.s.anywhere(), l.s.staff())
	if n.Acknowledged == 0 {
		t.Fatalf("nothing was acknowledged: %v", n)
	}
	t.Logf("ledger: %v", n)
	if n.Lost+n.Duplicated > 0 {
		all = append(all, n.String())
	}
	return all
}

// cause matches an error in the log of a server.
var cause = regexp.MustCompile(`(?m)level=ERROR .*(?:cause|error)=(.*)$`)

func unread(reads []answer, away bool) (failures []string) {
	for _, a := range reads {
		if a.err != nil || a.status != http.StatusOK && !(away && a.status == http.StatusServiceUnavailable) {
			failures = append(failures, fmt.Sprintf("a reader is answered %d after %v: %v %.200s", a.status, a.took, a.err,
				a.body))
		}
	}
	return failures
}

// anywhere returns a client whose requests come from random networks.
func (s *server) anywhere() *testkit.Client {
	c := s.public()
	c.HTTP.Transport = spread{c.HTTP.Transport.(*http.Transport)}
	return c
}

type spread struct{ *http.Transport }

func (n spread) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256)))
	return n.Transport.RoundTrip(r)
}
