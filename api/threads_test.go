package api_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
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

// TestReadersAreToldWhatIsPublished follows a page that has no comment yet, by an address that only means it.
func TestReadersAreToldWhatIsPublished(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		l := w.listenTo(followed(pageA + "?utm_source=feed#end"))
		l.next("count", hasCount(0))
		id := w.post(written("The first word on this page.")).str("id")
		other := w.post(m{"page": m{"url": originA + "/other"}, "body": "Elsewhere on the same site."}).str("id")
		w.decide("approve", other, 1)
		w.decide("approve", id, 1)
		l.next("comment", func(d map[string]any) bool {
			if d["id"] == other {
				t.Error("told of a comment on another page")
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

// TestReadersAreToldOfADemandWhileTheyRead has the stream say what a list says in the place of a comment.
func TestReadersAreToldOfADemandWhileTheyRead(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.approved(written("What the harbour cost, and whom it fed."))
		l := w.listenTo(followed(pageA))
		l.next("count", hasCount(1))
		gone := w.approved(written("The fog horn kept us awake on Friday."))
		l.next("comment", hasID(gone)) // the look that follows a first reader is over: it may count what nobody was told of
		d := w.withhold(demand("comments", []string{id})).str("id")
		l.next("removed", func(d map[string]any) bool {
			if d["id"] == id && (d["html"] != nil || d["author"] != nil || d["votes"] != 0.0) {
				t.Errorf("readers are told %v", d)
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

func TestAReaderWhoComesBackIsToldWhatCameSince(t *testing.T) {
	w := onSQLite(t)
	one := w.post(written("One of three that are published.")).str("id")
	w.decide("approve", one, 1)
	l := w.listenTo(followed(pageA))
	l.next("count", hasCount(1))
	two := w.post(written("Another, while somebody reads.")).str("id")
	w.decide("approve", two, 1)
	l.next("comment", hasID(two))
	seen := l.next("count", hasCount(2))
	l.stop()
	three := w.post(written("The last came while nobody read.")).str("id")
	w.decide("approve", three, 1)

	back := followed(pageA)
	back.header = map[string]string{"Last-Event-ID": seen}
	again := w.listenTo(back)
	again.next("comment", func(d map[string]any) bool {
		if d["id"] == two {
			t.Error("told of what had been read")
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

func TestManyAtOnceAreOneReload(t *testing.T) {
	w := onSQLite(t)
	var all []m
	for i := range 40 {
		all = append(all, m{"id": w.post(written(fmt.Sprintf("%d: %s", i, w.text()))).str("id"), "version": 1})
	}
	l := w.listenTo(followed(pageA))
	l.next("count", hasCount(0))
	decided := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": "approve", "comments": all})
	want(t, decided, 200, "")
	l.next("reload", func(map[string]any) bool { return true })
}

func TestOneAddressFollowsSoManyPages(t *testing.T) {
	w := newWorld(t, kit.SQLite(t), "", options{limits: true})
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
	kit.Until(t, "there is room again", func() bool {
		res, err := w.client.Do(w.request(followed(pageA)))
		fatal(t, err)
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

func TestWhatCannotBeFollowedIsRefused(t *testing.T) {
	w := onSQLite(t)
	want(t, w.do(call{path: "/api/v1/sites/a/live"}), 400, "query.invalid")
	want(t, w.do(followed("mailto:somebody@example.org")), 400, "query.invalid")
	want(t, w.do(followed("https://evil.example/")), 422, "page.foreign")
	want(t, w.do(call{path: "/api/v1/sites/nobody/live?page=x"}), 404, "site.unknown")
}

// TestAReaderCostsLittleMemory opens many streams and looks at what the process holds for each: both ends of the
// connection, since the browser is in the same process here.
func TestAReaderCostsLittleMemory(t *testing.T) {
	w := onSQLite(t)
	held := func() uint64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapInuse + s.StackInuse
	}
	const readers, most = 400, 30 << 10
	w.listenTo(followed(pageA)).next("count", hasCount(0))
	before := held()
	for range readers {
		w.keep(followed(pageA))
	}
	each := (held() - before) / readers
	t.Logf("%d bytes a stream, with the reader's own socket", each)
	if each > most {
		t.Errorf("a stream holds %d bytes, at most %d are allowed", each, most)
	}
}

// keep opens a stream by hand, until the test ends, and reads no more than its first event.
func (w *world) keep(c call) {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	fatal(w.t, err)
	w.t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", c.path)
	fatal(w.t, err)
	var read []byte
	for piece := make([]byte, 512); !bytes.Contains(read, []byte("event: count\n")); {
		n, err := conn.Read(piece)
		fatal(w.t, err)
		read = append(read, piece[:n]...)
	}
}
