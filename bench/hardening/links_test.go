package hardening

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A mode is a fault and its duration.
type mode struct {
	testkit.Fault
	lasts time.Duration
}

// held is the duration of faults that hold data. It is longer than the timeout of every route.
const held = 6 * time.Second

// modes lists the faults of a connection to Postgres or Redis. Held data arrives when the fault ends, as with TCP.
var modes = []mode{
	{testkit.Fault{Name: "delay", Handle: func(p *testkit.Chunk) error { p.Wait(30 * time.Millisecond); return nil }}, time.Second},
	{testkit.Fault{Name: "jitter", Handle: func(p *testkit.Chunk) error { p.Wait(rand.N(80 * time.Millisecond)); return nil }},
		time.Second},
	{testkit.Fault{Name: "single bytes", MaxChunk: 1}, time.Second},
	{testkit.Fault{Name: "a byte a second", MaxChunk: 1, Handle: func(p *testkit.Chunk) error { p.Wait(time.Second); return nil }},
		2 * time.Second},
	{testkit.Fault{Name: "black hole", Handle: func(p *testkit.Chunk) error { p.Hold(); return nil }}, held},
	{testkit.Fault{Name: "questions held", Handle: upwards((*testkit.Chunk).Hold, nil)}, held},
	{testkit.Fault{Name: "answers held", Handle: downwards((*testkit.Chunk).Hold, nil)}, held},
	{testkit.Fault{Name: "refused", Refuse: true}, time.Second},
	{testkit.Fault{Name: "reset by a question", Handle: upwards(nothing, testkit.ErrReset)}, time.Second},
	{testkit.Fault{Name: "reset before an answer", Handle: downwards(nothing, testkit.ErrReset)}, time.Second},
	{testkit.Fault{Name: "closed within an answer", Handle: downwards(half, io.EOF)}, time.Second},
	{testkit.Fault{Name: "cut at random", MaxChunk: 64, Handle: func(*testkit.Chunk) error {
		if rand.IntN(40) == 0 {
			return testkit.ErrReset
		}
		return nil
	}}, time.Second},
}

func upwards(do func(*testkit.Chunk), err error) func(*testkit.Chunk) error {
	return oneWay(true, do, err)
}
func downwards(do func(*testkit.Chunk), err error) func(*testkit.Chunk) error {
	return oneWay(false, do, err)
}

func oneWay(up bool, do func(*testkit.Chunk), err error) func(*testkit.Chunk) error {
	return func(p *testkit.Chunk) error {
		if p.ToServer != up {
			return nil
		}
		do(p)
		return err
	}
}

func nothing(*testkit.Chunk) {}

func half(p *testkit.Chunk) { p.Bytes = p.Bytes[:len(p.Bytes)/2] }

// cutLinks applies each fault to the connections of a server under load to Redis and to Postgres. Afterwards it
// compares the goroutines of the server with those of a server without faults.
func cutLinks(t testing.TB, _ bench) result {
	const tries = 2
	parts := testkit.NewDurablePostgres(t)
	database, postgres := parts.ProxiedDatabase(t, "links")
	cache, redis := testkit.NewRedisServer(t).ProxyURL(t)
	options := append([]string{"--redis", cache}, behind...)
	s := newServer(t, database, options...)
	l := s.traffic(t, 4, 400*time.Millisecond)
	slowest, tried := time.Duration(0), 0
	try := func(name string, p *testkit.Proxy, m mode) {
		l.recovered(t, 20*time.Second, "what was before "+name)
		p.Set(t, m.Fault)
		<-time.After(m.lasts)
		if p.Affected() == 0 {
			t.Fatalf("%s: the fault met no connection", name)
		}
		p.Set(t, testkit.Fault{})
		took := l.recovered(t, 20*time.Second, name)
		testkit.Until(t, "ready after "+name, s.saysOfRedis(t, "up"))
		t.Logf("%s: a comment after %v", name, took.Round(time.Millisecond))
		slowest = max(slowest, took)
		tried++
	}
	for _, m := range modes {
		for range tries {
			m.lasts = min(m.lasts, time.Second) // more than twice the longest wait for Redis
			try("Redis, "+m.Name, redis, m)
		}
	}
	var failures []string
	if n := l.Retries(); n > 0 {
		failures = append(failures, fmt.Sprintf("%d posts had to retry because of a fault of Redis", n))
	}
	failures = append(failures, unread(l.forget(), false)...)
	for _, m := range modes {
		for range tries {
			try("Postgres, "+m.Name, postgres, m)
		}
	}
	failures = append(failures, l.failures(t, true)...)
	failures = append(failures, leaks(t, s, func(name string) *server {
		calm := newServer(t, parts.Database(t, name), options...)
		warm := calm.traffic(t, 4, time.Millisecond)
		warm.recovered(t, 20*time.Second, "nothing")
		warm.end()
		return calm
	})...)
	return count(t, fmt.Sprintf("%d, slowest recovery %v", tried, slowest.Round(100*time.Millisecond)), failures, "")
}

// saysOfRedis returns a function that reports whether the server is ready and its health of Redis is health.
func (s *server) saysOfRedis(t testing.TB, health string) func() bool {
	return func() bool {
		a := s.ask(t, "GET", "/readyz", nil, nil)
		return a.status == 200 && strings.Contains(string(a.body), `"redis":"`+health+`"`)
	}
}

// leaks ends a server and returns its goroutines beyond those of a calm server, by their creators. As a control, it
// must detect requests that are kept open on purpose.
func leaks(t testing.TB, s *server, calm func(name string) *server) []string {
	t.Helper()
	const open, spare = 20, 3 // spare goroutines: timers that happen to run
	usual, busy := running(calm("calm")), calm("busy")
	for range open {
		c, err := net.Dial("tcp", strings.TrimPrefix(busy.URL, "http://"))
		if err == nil {
			t.Cleanup(func() { _ = c.Close() })
			_, err = io.WriteString(c, "POST "+commentsOfA+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
				"Content-Length: 900\r\n\r\n{")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	testkit.Until(t, "the server is ready", s.saysOfRedis(t, "up"))
	const asked = "net/http.(*Server).Serve"
	kept := running(busy)
	if kept[asked] < open {
		t.Fatalf("%d requests are kept open, but only %d are found", open, kept[asked])
	}
	kept[asked] -= open
	for where, n := range kept { // this server was calm too
		usual[where] = max(usual[where], n)
	}
	ours := running(s)
	t.Logf("goroutines: %d after the faults, %d without", total(ours), total(usual))
	if total(ours) <= total(usual)+spare {
		return nil
	}
	var more []string
	for where, n := range ours {
		if n > usual[where] {
			more = append(more, fmt.Sprintf("%d goroutines created by %s, want %d", n, where, usual[where]))
		}
	}
	return more
}

var madeBy = regexp.MustCompile(`created by (\S+)`)

// running ends a server and counts its goroutines by their creators, without idle connections.
func running(s *server) map[string]int {
	n := map[string]int{}
	for _, stack := range s.Goroutines() {
		if strings.Contains(stack, "net/http.(*conn).serve(") && !strings.Contains(stack, "ServeHTTP(") {
			continue
		}
		by := "main"
		if m := madeBy.FindStringSubmatch(stack); m != nil {
			by = m[1]
		}
		n[by]++
	}
	return n
}

func total(counts map[string]int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
