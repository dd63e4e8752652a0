package hardening

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// signInFlood tries passwords with 400 connections from one address. Meanwhile it signs in from another address and
// reads uncached pages. As a control, the flood must have an effect on a server without limits. At the start of the
// flood its allowed burst fills the queue for password hashes, so a sign-in in that half second may get a 503.
// The flood runs with a low priority, as all floods here.
func signInFlood(t testing.TB, _ bench) result {
	const connections, turns, turn = 400, 4, 3 * time.Second
	felt := func(options ...string) (signIn, read float64, refused, own, flood int) {
		s := &stage{server: newServer(t, testkit.SQLite(t), options...), t: t, site: "a"}
		s.furnish()
		g := generate(t, "sign-in", connections, s.URL)
		header := map[string]string{"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.7"}
		body := act{json: values{"email": "h@owner.example", "password": password}}.body()
		s.run(t, password+"\n", "account", "add", "--email", "h@owner.example", "--name", "H", "--role", "owner",
			"--password-stdin")
		before := strings.Count(s.Log(), "route=/api/v1/session")
		quiet, busy := takeTurns(turns, turn, 150*time.Millisecond, g.goes, func() time.Duration {
			own++
			got := s.ask(t, "POST", "/api/v1/session", header, body)
			if got.status != http.StatusCreated && got.status != http.StatusOK {
				t.Logf("a valid sign-in is refused: %d %s %v", got.status, got.body, got.err)
				refused++
			}
			return got.took
		})
		signIn = longer(busy, quiet, 0.5)
		n := 0
		quiet, busy = takeTurns(turns, turn/2, 10*time.Millisecond, g.goes, func() time.Duration {
			n++
			got := s.readPage(n)
			if got.status != http.StatusOK {
				refused++
			}
			return got.took
		})
		s.Kill()
		flood = strings.Count(s.Log(), "route=/api/v1/session") - before - own
		return signIn, longer(busy, quiet, 0.5), refused, own, flood
	}
	signIn, _, refused, _, flood := felt("--limits", "off", "--trusted-proxy", "127.0.0.0/8")
	if signIn < 3 && refused < turns {
		t.Fatalf("without limits a sign-in takes %.1f times as long, and %d are refused: the flood (%d) has no effect",
			signIn, refused, flood)
	}
	t.Logf("without limits: %.1f times, %d refused of a flood of %d", signIn, refused, flood)
	signIn, read, refused, own, flood := felt(behind...)
	if flood < connections {
		t.Fatalf("the flood has %d tries", flood)
	}
	var failures []string
	ours := fmt.Sprintf("%d tries of the flood, niced: sign-in %.1f ×, %d of %d told to retry; uncached reads %.1f ×",
		flood, signIn, refused, own, read)
	if signIn > 3 || read > 2 || refused > own/20 {
		failures = append(failures, ours)
	}
	return count(t, ours, failures, "")
}

// coldPages is the number of pages of readPage. It is below the number that one address may create in a minute.
const coldPages = 25

// furnish creates the pages that readPage reads.
func (s *stage) furnish() {
	s.t.Helper()
	for n := range coldPages {
		c, err := s.anywhere().Post(s.t.Context(), "", fmt.Sprint(ledgerPage, n), "N", "", fmt.Sprint("Comment of page ", n))
		must(s.t, err)
		_, err = s.staff().Decide(s.t.Context(), "approve", "", testkit.CommentRef{ID: c.ID, Version: c.Version})
		must(s.t, err)
	}
}

// readPage reads a page with a query that was not used before, so that it is not cached. It has some thousand queries.
func (s *stage) readPage(n int) answer {
	return s.ask(s.t, "GET", fmt.Sprintf("%s?page=%s%d&limit=%d&sort=%s", commentsOfA, url.QueryEscape(ledgerPage),
		n%coldPages, 1+n/coldPages%100, []string{"oldest", "newest"}[n/coldPages/100%2]), nil, nil)
}

// slowClients connects 500 clients that send or read one byte per second, and 500 idle streams of a queue, in turns,
// and measures reads meanwhile. Then comments arrive: each stream must send each of them, and a new stream must send
// the number of pending comments.
func slowClients(t testing.TB, _ bench) result {
	const slow, streams, accounts, turns = 500, 500, 25, 6
	s := newStage(t, testkit.SQLite(t))
	s.furnish()
	var tokens []string
	for n := range accounts {
		email := fmt.Sprintf("m%d@people.example", n)
		s.make("POST", "/api/v1/accounts", values{"email": email, "name": "M", "role": "moderator", "site": []string{"a"}})
		tokens = append(tokens, s.make("POST", "/api/v1/tokens", values{"account": email, "name": "x"})["token"].(string))
	}
	g := generate(t, "slow", slow, s.URL)
	var open []*follower
	most := 0
	goes := func(on bool) {
		g.goes(on)
		for _, f := range open {
			f.close()
		}
		open = nil
		for n := range streams {
			if on {
				open = append(open, s.followAs(tokens[n%accounts]))
			}
		}
	}
	n := 0
	quiet, busy := takeTurns(turns, 3*time.Second, 5*time.Millisecond, goes, func() time.Duration {
		n++
		got := s.readPage(n)
		if n%100 == 0 {
			most = max(most, descriptors(t, s.PID()))
		}
		if got.status != http.StatusOK {
			return time.Hour
		}
		return got.took
	})
	if most < slow+streams {
		t.Fatalf("at most %d files and connections are open", most)
	}
	goes(true)
	const comments = 20
	for range comments {
		s.post(s.written())
	}
	told := 0
	for _, f := range open {
		testkit.Until(t, "a stream has sent every comment", func() bool { return f.arrived.Load() >= comments })
		told += int(f.arrived.Load())
	}
	rss := memory(t, s.PID(), false)
	goes(false)
	s.post(s.written())
	late := s.followAs(tokens[0])
	defer late.close()
	waiting := s.make("GET", "/api/v1/sites/a/moderation/queue?limit=1", nil)["counts"].(values)["pending"].(float64)
	testkit.Until(t, "a new stream has the pending count", func() bool { return late.pending.Load() == int64(waiting) })
	ratio := longer(busy, quiet, 0.99)
	var failures []string
	if ratio > 1.5 || rss > 350<<20 || told != streams*comments {
		failures = append(failures, fmt.Sprintf("p99 %.2f ×, %d MiB, %d of %d events", ratio, rss>>20, told, streams*comments))
	}
	return count(t, fmt.Sprintf("%d slow and %d streams: p99 %v and %v (%.2f ×), %d MiB, %d of %d events", slow, streams,
		quiet.At(0.99).Round(10*time.Microsecond), busy.At(0.99).Round(10*time.Microsecond), ratio, rss>>20, told,
		streams*comments), failures, "")
}

// A follower reads a stream of the queue. It counts arrived comments and keeps the last pending count.
type follower struct {
	res              *http.Response
	arrived, pending atomic.Int64
	done             sync.WaitGroup
}

func (s *stage) followAs(token string) *follower {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", s.URL+"/api/v1/sites/a/moderation/live", nil)
	must(s.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := streaming.Do(req)
	must(s.t, err)
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("follow: %d", res.StatusCode)
	}
	f := &follower{res: res}
	f.done.Go(func() {
		event := ""
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			line := lines.Text()
			if name, is := strings.CutPrefix(line, "event: "); is {
				event = name
			}
			data, is := strings.CutPrefix(line, "data: ")
			if is && event == "arrived" {
				f.arrived.Add(1)
			}
			var counts struct{ Counts struct{ Pending int64 } }
			if is && event == "counts" && json.Unmarshal([]byte(data), &counts) == nil {
				f.pending.Store(counts.Counts.Pending)
			}
		}
	})
	return f
}

// streaming is a client that opens a new connection for each stream.
var streaming = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

func (f *follower) close() {
	_ = f.res.Body.Close() // ends the stream
	f.done.Wait()
}
