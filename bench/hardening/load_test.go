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

// traffic is writers who keep a ledger, and readers of what is there, while something fails.
type traffic struct {
	testkit.Ledger
	s      *server
	ending context.CancelFunc
	people sync.WaitGroup

	mu    sync.Mutex
	reads []answer
}

// behind is the option of a server that believes who is in front of it: each request of its traffic comes from a
// network of its own, so that limits are counted and let it through.
var behind = []string{"--limits", "default", "--trusted-proxy", "127.0.0.0/8"}

// traffic begins: each writer waits for a pause between two comments. It ends with end, or the test.
func (s *server) traffic(t testing.TB, writers int, pause time.Duration) *traffic {
	t.Helper()
	posted, err := s.anywhere().Post(t.Context(), "", ledgerPage+"/read", "Writer", "", "This is read meanwhile.")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.staff().Decide(t.Context(), "approve", "", testkit.Ref{ID: posted.ID, Version: posted.Version})
	if err != nil {
		t.Fatal(err)
	}
	l := &traffic{Ledger: testkit.Ledger{Page: ledgerPage}, s: s}
	ctx, cancel := context.WithCancel(t.Context())
	l.ending = cancel
	for range writers {
		c := s.anywhere()
		l.people.Go(func() {
			l.Persist(ctx, c, pause)
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

// read asks for the page, in one form that is kept and in others that are not.
func (l *traffic) read(ctx context.Context) {
	c := l.s.anywhere().HTTP
	c.Timeout = 8 * time.Second // each route ends before
	defer c.CloseIdleConnections()
	load.Every(ctx, 20*time.Millisecond, func(n int) {
		a := answer{}
		began := time.Now()
		res, err := c.Get(fmt.Sprintf("%s%s?page=%s&limit=%d", l.s.URL, commentsOfA, url.QueryEscape(ledgerPage+"/read"),
			1+n%2*rand.IntN(100)))
		if err == nil {
			a.status = res.StatusCode
			a.body, err = io.ReadAll(res.Body)
			_ = res.Body.Close() // read to its end
		}
		a.err, a.took = err, time.Since(began)
		l.mu.Lock()
		l.reads = append(l.reads, a)
		l.mu.Unlock()
	})
}

// forget begins the reads anew and returns those so far.
func (l *traffic) forget() []answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.reads
	l.reads = nil
	return all
}

// asked counts the reads since they were forgotten.
func (l *traffic) asked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.reads)
}

// recovered waits until a comment that was sent from now on is acknowledged.
func (l *traffic) recovered(t testing.TB, limit time.Duration, after string) time.Duration {
	t.Helper()
	enough := l.Acked() + l.Flying() + 1 // those under way may be acknowledged for what was before
	return testkit.Within(t, limit, "a comment is acknowledged after "+after, func() bool { return l.Acked() >= enough })
}

// failures ends the traffic, and counts its ledger and its answers. Where the database is away, readers may
// be told to come again.
func (l *traffic) failures(t testing.TB, away bool) []string {
	t.Helper()
	l.end()
	all := append(l.Failing(), unread(l.forget(), away)...)
	why := map[string]int{}
	for _, m := range cause.FindAllStringSubmatch(l.s.Log(), -1) {
		why[m[1]]++
	}
	for _, err := range slices.Sorted(maps.Keys(why)) {
		t.Logf("%d × %s", why[err], err)
	}
	n := l.Count(t, l.s.anywhere(), l.s.staff())
	if n.Acknowledged == 0 {
		t.Fatalf("nothing was acknowledged: %v", n)
	}
	t.Logf("ledger: %v", n)
	if n.Lost+n.Doubled > 0 {
		all = append(all, n.String())
	}
	return all
}

// cause is what a server's log says of an answer that it cannot explain.
var cause = regexp.MustCompile(`(?m)level=ERROR .*err=(.*)$`)

func unread(reads []answer, away bool) (failures []string) {
	for _, a := range reads {
		if a.err != nil || a.status != http.StatusOK && !(away && a.status == http.StatusServiceUnavailable) {
			failures = append(failures, fmt.Sprintf("a reader is answered %d after %v: %v %.200s", a.status, a.took, a.err,
				a.body))
		}
	}
	return failures
}

// anywhere is a client each of whose requests comes from a network of its own.
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
