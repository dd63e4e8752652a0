package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// A listener reads a stream of events.
type listener struct {
	t      testing.TB
	events chan sseEvent
	stop   context.CancelFunc
}

type sseEvent struct {
	id   string
	name string
	data map[string]any
}

// listen opens the stream of site A's queue with a token of the account who.
func (w *world) listen(who string) *listener {
	w.t.Helper()
	return w.listenTo(call{path: "/api/v1/sites/a/moderation/live", bearer: w.tokens[who]})
}

func (w *world) listenTo(c call) *listener {
	w.t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	req := w.request(c).WithContext(ctx)
	res, err := w.client.Do(req)
	fatal(w.t, err)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatalf("live: got %d %v", res.StatusCode, res.Header)
	}
	l := &listener{t: w.t, events: make(chan sseEvent, 100), stop: stop}
	go func() {
		defer close(l.events)
		defer res.Body.Close()
		var e sseEvent
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				e.id = id
			}
			if name, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				e.name = name
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				e.data = nil
				if err := json.Unmarshal([]byte(data), &e.data); err == nil {
					l.events <- e
				}
			}
		}
	}()
	w.t.Cleanup(stop)
	return l
}

// next waits for the next event with a name that matches, and returns its id.
func (l *listener) next(name string, ok func(map[string]any) bool) string {
	l.t.Helper()
	return l.until(name, func(e sseEvent) bool { return e.name == name && ok(e.data) })
}

// until waits for the next event that ok accepts, and returns its id. It calls again every three seconds, as clients
// repeat what a slow Redis may lose.
func (l *listener) until(what string, ok func(sseEvent) bool, again ...func()) string {
	l.t.Helper()
	late, tick := time.After(time.Minute), time.NewTicker(3*time.Second)
	defer tick.Stop()
	var others []sseEvent
	for {
		select {
		case e, open := <-l.events:
			if !open {
				l.t.Fatalf("the stream ended before %s", what)
			}
			if ok(e) {
				return e.id
			}
			others = append(others, e)
		case <-tick.C:
			for _, do := range again {
				do()
			}
		case <-late:
			l.t.Fatalf("waited in vain for %s; got %v", what, others)
		}
	}
}

// ends waits for the end of the stream.
func (l *listener) ends() {
	l.t.Helper()
	late := time.After(time.Minute)
	for {
		select {
		case _, open := <-l.events:
			if !open {
				return
			}
		case <-late:
			l.t.Fatal("the stream did not end")
		}
	}
}

func TestQueueStream_SendsPresence(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const presence = "/api/v1/sites/a/moderation/presence"
	id := w.post(requireBody(w.text())).str("id")
	l := w.listen("moderator a")
	told := func(want ...any) {
		t.Helper()
		l.next("present", func(d map[string]any) bool {
			all := d["present"].([]any)
			if len(all)*2 != len(want) {
				return false
			}
			for i, p := range all {
				if p := p.(map[string]any); p["name"] != want[2*i] || p["comment"] != want[2*i+1] {
					return false
				}
			}
			return true
		})
	}
	told()
	want(t, w.as("owner a", "POST", presence, m{"comment": id}), 204, "")
	told("owner a", id)
	late := w.listen("moderator a") // gets the state at once, without a new event
	late.next("present", func(d map[string]any) bool { return len(d["present"].([]any)) == 1 })
	want(t, w.as("owner a", "POST", presence, m{"comment": nil}), 204, "")
	told("owner a", nil)
	want(t, w.as("owner a", "DELETE", presence, nil), 204, "")
	told()

	want(t, w.as("owner a", "POST", presence, m{"comment": "<b>"}), 422, "field.invalid")
	want(t, w.as("owner a", "POST", presence, m{"at": id}), 422, "field.unknown")
}

// TestQueueStream_SendsEventsOnce checks that events of this process are not sent again when its follower reads them.
func TestQueueStream_SendsEventsOnce(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	l := w.listen("moderator a")
	seen := map[string]int{}
	count := func(name, id string) func(map[string]any) bool {
		return func(d map[string]any) bool { seen[name+d["id"].(string)]++; return d["id"] == id }
	}
	for range 5 {
		l.next("arrived", count("arrived", w.post(requireBody(w.text())).str("id")))
	}
	testkit.Until(w.t, "the log was followed to its end", func() bool {
		l.next("arrived", count("arrived", w.post(requireBody(w.text())).str("id")))
		return len(seen) > 30
	})
	for what, n := range seen {
		if n != 1 {
			t.Errorf("%s was sent %d times, want 1", what, n)
		}
	}
}

func TestQueueStream_SendsEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := w.listen("moderator a")
		id := w.post(requireBody("A quiet word of its own.")).str("id")
		is := func(d map[string]any) bool { return d["id"] == id && len(d) == 1 }
		pending := func(n float64) func(map[string]any) bool {
			return func(d map[string]any) bool { return d["counts"].(map[string]any)["pending"] == n }
		}
		l.next("arrived", is)
		l.next("counts", pending(1))
		w.decide("approve", id, 1)
		l.next("decided", is)
		l.next("counts", pending(0))

		// Events of other sites are not sent.
		w.do(call{method: "POST", path: "/api/v1/sites/b/comments", body: m{"page": m{"url": originB + "/p"},
			"body": "On the other site."}})
		second := w.post(requireBody(w.text())).str("id")
		late := time.After(time.Minute)
		for done := false; !done; {
			select {
			case e := <-l.events:
				if e.name == "arrived" && e.data["id"] != second && e.data["id"] != id {
					t.Errorf("got the event %v", e)
				}
				done = e.name == "arrived" && e.data["id"] == second
			case <-late:
				t.Fatal("waited in vain for the second comment")
			}
		}
	})
}

// TestQueueStream_MissesNoEventWhileOpening causes an event while the response is being written.
func TestQueueStream_MissesNoEventWhileOpening(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	slow := w.piped()
	for _, stream := range []struct {
		of    call
		event string
	}{
		{call{path: "/api/v1/sites/a/moderation/live", bearer: w.tokens["moderator a"]}, "arrived"},
		{followed(pageA), "comment"},
	} {
		quick := w.listenTo(stream.of)
		conn := slow.ask(w, stream.of)
		first := make([]byte, 1)
		_, err := conn.Read(first) // the server's write blocks until everything is read
		fatal(t, err)
		id := w.approved(requireBody(w.text()))
		quick.next(stream.event, hasID(id))
		fatal(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		for lines := bufio.NewScanner(conn); ; {
			if !lines.Scan() {
				t.Fatalf("%s was not sent (%v)", stream.event, lines.Err())
			}
			if lines.Text() == "event: "+stream.event && lines.Scan() && strings.Contains(lines.Text(), id) {
				break
			}
		}
	}
}

// A pipes listens for connections without a buffer: a write blocks until it is read.
type pipes struct {
	conns chan net.Conn
	over  <-chan struct{}
	stop  func()
}

// piped makes the world's server also listen on pipes.
func (w *world) piped() pipes {
	over, stop := context.WithCancel(context.Background())
	p := pipes{conns: make(chan net.Conn), over: over.Done(), stop: stop}
	server := &httptest.Server{Listener: p, Config: web.NewServer(w.front, slog.New(slog.DiscardHandler))}
	server.Start()
	w.t.Cleanup(server.Close)
	return p
}

// ask sends a request through a new pipe and reads nothing of the response.
func (p pipes) ask(w *world, c call) net.Conn {
	w.t.Helper()
	here, there := net.Pipe()
	p.conns <- there
	w.t.Cleanup(func() { _ = here.Close() })
	fatal(w.t, w.request(c).Write(here))
	return here
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.over:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { p.stop(); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

// TestQueueStream_UnreadStreamTimesOut waits for the write timeout. Then the account can open another stream.
func TestQueueStream_UnreadStreamTimesOut(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const most = 20
	slow := w.piped()
	live := call{path: "/api/v1/sites/a/moderation/live", bearer: w.tokens["moderator a"]}
	for range most {
		head := make([]byte, 4<<10)
		_, err := slow.ask(w, live).Read(head)
		fatal(t, err)
	}
	want(t, w.do(live), 429, "rate.limited")
	testkit.Until(t, "one more stream is opened", func() bool {
		res, err := w.client.Do(w.request(live))
		fatal(t, err)
		_ = res.Body.Close() // a stream does not end
		return res.StatusCode == http.StatusOK
	})
}

func TestQueueStream_EndsWhenRightsAreRevoked(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := w.listen("moderator a")
		var id string
		for _, a := range w.as("owner a", "GET", "/api/v1/accounts", nil).list("accounts") {
			if a["email"] == email("moderator a") {
				id = a["id"].(string)
			}
		}
		if r := w.as("owner a", "PATCH", "/api/v1/accounts/"+id, m{"disabled": true}); r.status != 200 {
			t.Fatalf("disable: %v", r)
		}
		l.ends()
		want(t, w.as("moderator a", "GET", "/api/v1/me", nil), 401, "auth.needed")
	})
}

func TestQueueStream_EndsOnDrain(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	l := w.listen("owner a")
	w.front.Drain()
	l.ends()
	want(t, w.do(call{path: "/readyz"}), 503, "busy")
}

// The cost of counting a queue does not grow with the number of streams.
func TestQueueStream_CountsOncePerSite(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const followers = 12
	var all []*listener
	waits := func(n int) func(map[string]any) bool {
		return func(d map[string]any) bool { return d["counts"].(map[string]any)["pending"] == float64(n) }
	}
	for range followers {
		l := w.listen("moderator a")
		l.next("counts", waits(0))
		all = append(all, l)
	}
	before := w.counted.Load()
	const posts = 3
	for i := range posts {
		w.post(requireBody(w.text()))
		for _, l := range all {
			l.next("counts", waits(i+1))
		}
	}
	if n := w.counted.Load() - before; n != posts {
		t.Errorf("%d streams had the queue counted %d times for %d comments, want as often as there are comments",
			followers, n, posts)
	}
}

func TestQueueStream_LimitsStreamsOfAccount(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const most = 20
	live := call{path: "/api/v1/sites/a/moderation/live", bearer: w.tokens["moderator a"]}
	var all []*listener
	for range most {
		all = append(all, w.listen("moderator a"))
	}
	r := w.do(live)
	want(t, r, 429, "rate.limited")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.listen("owner a") // the limit is per account
	live.bearer = w.token("moderator a", authz.ScopeRead)
	want(t, w.do(live), 429, "rate.limited") // all tokens of an account share the limit

	all[0].stop()
	testkit.Until(t, "there is room again", func() bool {
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		res, err := w.client.Do(w.request(live).WithContext(ctx))
		fatal(t, err)
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}
