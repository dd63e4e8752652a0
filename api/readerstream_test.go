package api_test

import (
	"bufio"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

func followed(page string) call {
	return call{path: "/api/v1/sites/a/live?page=" + url.QueryEscape(page)}
}

func hasCount(n int) func(map[string]any) bool {
	return func(d map[string]any) bool { return d["count"] == float64(n) }
}

func hasID(id string) func(map[string]any) bool {
	return func(d map[string]any) bool { return d["id"] == id }
}

// TestReaderStream_SendsPublished follows a page without comments by a URL that is not the canonical one.
func TestReaderStream_SendsPublished(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := w.listenTo(followed(pageA + "?utm_source=feed#end"))
		l.next("count", hasCount(0))
		id := w.post(requireBody("The first word on this page.")).str("id")
		other := w.post(m{"page": m{"url": originA + "/other"}, "body": "Elsewhere on the same site."}).str("id")
		w.decide("approve", other, 1)
		w.decide("approve", id, 1)
		l.next("comment", func(d map[string]any) bool {
			if d["id"] == other {
				t.Error("got a comment of another page")
			}
			return d["id"] == id && d["state"] == "approved" && d["html"] == "<p>The first word on this page.</p>" &&
				d["permalink"] == pageA+"#aitys-"+id
		})
		l.next("count", hasCount(1))
		w.decide("spam", id, 2)
		l.next("removed", hasID(id))
		l.next("count", hasCount(0))
	})
}

// The stream sends the same notice of a withheld comment as the list.
func TestReaderStream_SendsTakedown(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("The harbour was expensive, and it fed many."))
		l := w.listenTo(followed(pageA))
		l.next("count", hasCount(1))
		gone := w.approved(requireBody("The fog horn kept us awake on Friday."))
		l.next("comment", hasID(gone)) // the pass after the first reader joined is over
		d := w.withhold(demand("comments", []string{id})).str("id")
		l.next("removed", func(d map[string]any) bool {
			if d["id"] == id && (d["html"] != nil || d["author"] != nil || d["votes"] != 0.0) {
				t.Errorf("readers got %v", d)
			}
			return d["id"] == id && standing(d) ==
				"withheld by District court, a court, under Art. 44 at 2026-11-19T00:00:00Z"
		})
		l.next("count", hasCount(1))
		want(t, w.decide("spam", gone, 2), 200, "")
		l.next("removed", func(d map[string]any) bool { return d["id"] == gone && len(d) == 1 })
		w.restore(d)
		l.next("comment", hasID(id))
		l.next("count", hasCount(1))
	})
}

func TestReaderStream_ResumesFromLastEvent(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	one := w.post(requireBody("One of three that are published.")).str("id")
	w.decide("approve", one, 1)
	l := w.listenTo(followed(pageA))
	l.next("count", hasCount(1))
	two := w.post(requireBody("Another, while somebody reads.")).str("id")
	w.decide("approve", two, 1)
	l.next("comment", hasID(two))
	seen := l.next("count", hasCount(2))
	l.stop()
	three := w.post(requireBody("The last came while nobody read.")).str("id")
	w.decide("approve", three, 1)

	back := followed(pageA)
	back.header = map[string]string{"Last-Event-ID": seen}
	again := w.listenTo(back)
	again.next("comment", func(d map[string]any) bool {
		if d["id"] == two {
			t.Error("got an event that had been read")
		}
		return d["id"] == three
	})
	again.next("count", hasCount(3))

	by := followed(pageA)
	by.path += "&after=" + url.QueryEscape(seen)
	w.listenTo(by).next("comment", hasID(three))

	for _, unknown := range []string{"x", seen + "9", "ABCDEFGH.1", ".", strings.Repeat("9", 300)} {
		back.header = map[string]string{"Last-Event-ID": unknown}
		w.listenTo(back).next("reload", func(map[string]any) bool { return true })
	}
}

func TestReaderStream_ManyChangesAreOneReload(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	var all []m
	for i := range 40 {
		all = append(all, m{"id": w.post(requireBody(fmt.Sprintf("%d: %s", i, w.text()))).str("id"), "version": 1})
	}
	l := w.listenTo(followed(pageA))
	l.next("count", hasCount(0))
	decided := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": "approve", "comments": all})
	want(t, decided, 200, "")
	l.next("reload", func(map[string]any) bool { return true })
}

func TestReaderStream_LimitsStreamsOfAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true})
	const most = 200
	var all []*listener
	for range most {
		all = append(all, w.listenTo(followed(pageA)))
	}
	r := w.do(followed(pageA))
	want(t, r, 429, "rate.limited")
	if r.header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	all[0].stop()
	testkit.Until(t, "there is room again", func() bool {
		res, err := w.client.Do(w.request(followed(pageA)))
		fatal(t, err)
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

func TestReaderStream_InvalidPageIsRefused(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	want(t, w.do(call{path: "/api/v1/sites/a/live"}), 400, "query.invalid")
	want(t, w.do(followed("mailto:somebody@example.org")), 400, "query.invalid")
	want(t, w.do(followed("https://evil.example/")), 422, "page.foreign")
	want(t, w.do(call{path: "/api/v1/sites/nobody/live?page=x"}), 404, "site.unknown")
}

// TestStreams_MemoryPerStream opens many streams of readers and of moderators, and measures the memory of each, idle
// and while comments are published. The client is in the same process, so both ends of the connection count. Garbage of
// other tests counts too, so the test uses the minimum of three tries.
func TestStreams_MemoryPerStream(t *testing.T) {
	const streams, most, tries = 400, 30 << 10, 3
	for _, kind := range []string{"reader", "moderator"} {
		measure := func(t *testing.T) (idle, busy uint64) {
			w := onSQLite(t)
			open := func(int) call { return followed(pageA) }
			first, told, comments := "count", "comment", 3 // readers get events once a second
			if kind == "moderator" {
				const each = 20 // streams of an account
				for n := range streams/each + 1 {
					w.account(fmt.Sprint("follower ", n), authz.Moderator, "a")
				}
				open = func(n int) call {
					return call{path: "/api/v1/sites/a/moderation/live", bearer: w.tokens[fmt.Sprint("follower ", n/each)]}
				}
				first, told, comments = "counts", "arrived", 20
			}
			come := func(k *kept, midst func()) {
				for i := range comments {
					n := k.told(told)
					c := w.post(requireBody(w.text()))
					w.decide("approve", c.str("id"), 1)
					if i == comments/2 {
						midst()
					}
					// With more at once readers would get a reload event.
					testkit.Until(t, "a stream sends the event", func() bool { return k.told(told) > n })
				}
			}
			come(w.keep(open(streams), first), func() {}) // allocate what all streams share
			before := held()
			var all []*kept
			for n := range streams {
				all = append(all, w.keep(open(n), first))
			}
			idle = (held() - before) / streams
			come(all[streams-1], func() { busy = (held() - before) / streams })
			for _, k := range all {
				testkit.Until(t, "each stream sends each comment", func() bool { return k.told(told) >= comments })
			}
			return idle, busy
		}
		least := uint64(math.MaxUint64)
		for try := 1; try <= tries && least > most; try++ {
			t.Run(fmt.Sprint(kind, " ", try), func(t *testing.T) {
				idle, busy := measure(t)
				t.Logf("stream: a %s's idle: %d bytes", kind, idle)
				t.Logf("stream: a %s's under load: %d bytes", kind, busy)
				least = min(least, max(idle, busy))
			})
		}
		if least > most {
			t.Errorf("a %s's stream holds %d bytes, at most %d are allowed", kind, least, most)
		}
	}
}

// held returns the bytes in use by the heap and stacks of the process.
func held() uint64 {
	runtime.GC()
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapInuse + s.StackInuse
}

// A kept is a stream that stays open until the test ends. Its client uses as little memory as possible.
type kept struct {
	mu     sync.Mutex
	counts map[string]int
}

func (k *kept) told(event string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.counts[event]
}

// keep opens a stream without net/http, and returns when it has its first event.
func (w *world) keep(c call, first string) *kept {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	fatal(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	bearer := ""
	if c.bearer != "" {
		bearer = "Authorization: Bearer " + c.bearer + "\r\n"
	}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", c.path, bearer)
	fatal(w.t, err)
	k := &kept{counts: map[string]int{}}
	go func() {
		lines := bufio.NewScanner(conn)
		lines.Buffer(make([]byte, 512), 64<<10)
		for lines.Scan() {
			if name, is := strings.CutPrefix(lines.Text(), "event: "); is {
				k.mu.Lock()
				k.counts[name]++
				k.mu.Unlock()
			}
		}
	}()
	testkit.Until(w.t, "a stream has begun", func() bool { return k.told(first) > 0 })
	return k
}
