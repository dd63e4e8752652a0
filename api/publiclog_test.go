package api_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

func TestPublicLog_StrangerVerifiesChain(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const path = "/sites/a/log.jsonl"
		if empty := w.do(call{path: path}); empty.status != 200 || len(empty.raw) > 0 {
			t.Errorf("a log without an entry is %v", empty)
		}
		id := w.post(m{"page": m{"url": pageA}, "body": "What is private stays here.", "author": m{
			"name": "Secretive", "email": "secretive@mail.example"}}).str("id")
		w.decide("approve", id, 1)
		batch := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": "reject",
			"reason": "off_topic",
			"note":   "A word to the writer.", "comments": []m{{"id": id, "version": 2}}}).str("batch")
		kept := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/log?limit=1", nil).list("entries")[0]["hash"].(string)
		w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions/"+batch+"/undo", nil)
		w.decide("spam", w.post(requireBody("Another one, which is refused.")).str("id"), 1)

		answer := w.do(call{path: path})
		if answer.status != 200 || !strings.HasPrefix(answer.header.Get("Content-Type"), "application/x-ndjson") {
			t.Fatalf("the log: %v", answer)
		}
		head, err := hex.DecodeString(kept)
		fatal(t, err)
		f, err := auditlog.VerifyPublic(bytes.NewReader(answer.raw), head)
		newest := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/log?limit=1", nil).list("entries")[0]["hash"]
		if err != nil || f.Entries != 4 || f.Older != 0 || f.Kept != 2 || f.Head != newest {
			t.Errorf("followed %+v, %v; want the head %v", f, err, newest)
		}
		for _, private := range []string{
			id, batch, "private", "Secretive", "secretive", "A word", "moderator a", "example.org", "What is",
		} {
			if strings.Contains(string(answer.raw), private) {
				t.Errorf("the log tells strangers %q", private)
			}
		}
		lines := strings.SplitAfter(string(answer.raw), "\n")
		if rest := w.do(call{path: path + "?after=3"}); string(rest.raw) != lines[3] {
			t.Errorf("after entry 3 there is %q, want %q", rest.raw, lines[3])
		}
		if rest := w.do(call{path: path + "?after=4"}); len(rest.raw) > 0 {
			t.Errorf("after the last entry there is %q", rest.raw)
		}
		if other := w.do(call{path: "/sites/b/log.jsonl"}); len(other.raw) > 0 {
			t.Errorf("another site's log has %q", other.raw)
		}
		want(t, w.do(call{path: path + "?after=x"}), 400, "query.invalid")
		want(t, w.do(call{path: "/sites/nosuch/log.jsonl"}), 404, "site.unknown")
	})
}

// lines returns the lines of a response of site A's public log.
func (w *world) lines(query string) reply {
	w.t.Helper()
	return w.do(call{path: "/sites/a/log.jsonl" + query})
}

func TestPublicLog_ServesImmutableChunks(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		site, err := w.service.Site(t.Context(), "a")
		fatal(t, err)
		add := func(n int) {
			pen := auditlog.NewAuthor(site, "somebody", w.clock.Now())
			_, err := w.db.Update(t.Context(), func(tx store.Tx) error {
				b, err := pen.Open(tx)
				if err != nil {
					return err
				}
				for range n {
					b.Append(auditlog.Entry{Kind: auditlog.Withdrawal, Teaching: auditlog.Teaching{Subject: "x"}})
				}
				return b.Close()
			})
			fatal(t, err)
		}
		if empty := w.lines("?chunk=1"); empty.status != 200 || len(empty.raw) > 0 {
			t.Errorf("the first chunk of an empty log is %v", empty)
		}
		var before []byte
		for _, step := range []int{1, 998, 1, 1, 999, 1, 1_500} { // before, at and after chunk boundaries
			add(step)
			whole := w.lines("")
			f, err := auditlog.VerifyPublic(bytes.NewReader(whole.raw), nil)
			if err != nil || whole.header.Get("ETag") != `"`+f.Head+`"` || whole.header.Get("Cache-Control") != "no-cache" {
				t.Fatalf("followed %+v, %v; headers %v", f, err, whole.header)
			}
			if !bytes.HasPrefix(whole.raw, before) {
				t.Fatal("entries have changed")
			}
			before = whole.raw
			index := w.do(call{path: "/sites/a/log.json"})
			if index.num("entries") != int(f.Entries) || index.str("head") != f.Head || index.num("chunk_entries") != 1_000 {
				t.Errorf("the index of %d entries is %v", f.Entries, index)
			}
			var all []byte
			for n := 1; n <= index.num("chunks"); n++ {
				query := fmt.Sprintf("?chunk=%d", n)
				chunk := w.lines(query)
				all = append(all, chunk.raw...)
				want, full := "no-cache", bytes.Count(chunk.raw, []byte("\n")) == 1_000
				if full {
					want = "public, max-age=31536000, immutable"
				}
				if got := chunk.header.Get("Cache-Control"); got != want || full != (n*1_000 <= int(f.Entries)) {
					t.Errorf("chunk %d of %d entries has Cache-Control %q, want %q", n, f.Entries, got, want)
				}
				tag := chunk.header.Get("ETag")
				again := w.do(call{path: "/sites/a/log.jsonl" + query, header: map[string]string{"If-None-Match": tag}})
				if again.status != 304 || len(again.raw) > 0 || again.header.Get("ETag") != tag {
					t.Errorf("a request with the ETag gets %v", again)
				}
			}
			if !bytes.Equal(all, whole.raw) {
				t.Errorf("the chunks of %d entries are not the log", f.Entries)
			}
			for _, after := range []int{1, 999, 1_000, 1_001, 2_400, int(f.Entries) - 1, int(f.Entries), 1 << 40} {
				lines := bytes.SplitAfter(whole.raw, []byte("\n"))
				rest := bytes.Join(lines[min(after, len(lines)-1):], nil)
				if got := w.lines(fmt.Sprintf("?after=%d", after)); !bytes.Equal(got.raw, rest) {
					t.Errorf("after entry %d of %d there are %d bytes, want %d", after, f.Entries, len(got.raw), len(rest))
				}
			}
		}
		for _, query := range []string{"?chunk=0", "?chunk=5", "?chunk=x", "?chunk=-1", "?chunk=1&after=1"} {
			r := w.lines(query)
			if want(t, r, 400, "query.invalid"); r.header.Get("ETag") != "" || strings.Contains(r.header.Get("Cache-Control"), "public") {
				t.Errorf("%s may be kept: %v", query, r.header)
			}
		}
		known := w.lines("").header.Get("ETag")
		if again := w.do(call{path: "/sites/a/log.jsonl", header: map[string]string{"If-None-Match": known}}); again.status != 304 {
			t.Errorf("a log that is known is answered %v", again.status)
		}

		// Restoring a backup replaces the log while the process runs. No response mixes the two logs.
		var entries []auditlog.Entry
		fatal(t, w.db.View(t.Context(), func(tx store.Tx) (err error) {
			entries, err = tx.DecisionsAfter(site.ID, 0, 10_000)
			return err
		}))
		path, file := strings.CutPrefix(w.dbURL, "sqlite:")
		raw, err := sql.Open(map[bool]string{true: "sqlite", false: "pgx"}[file], path)
		fatal(t, err)
		for _, statement := range []string{"DELETE FROM decisions", "UPDATE heads SET seq = 0, hash = NULL"} {
			_, err = raw.Exec(statement)
			fatal(t, err)
		}
		fatal(t, raw.Close())
		_, err = w.db.Update(t.Context(), func(tx store.Tx) error {
			var last []byte
			for i := range entries[:2_600] {
				entries[i].Batch = "another"
				entries[i].Hash = auditlog.Hash(last, entries[i])
				last = entries[i].Hash
			}
			return tx.AppendDecisions(site.ID, entries[:2_600])
		})
		fatal(t, err)
		testkit.Until(t, "the other log is served", func() bool {
			res, err := w.client.Get(w.url + "/sites/a/log.jsonl")
			fatal(t, err)
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				return false // aborted, or busy
			}
			f, err := auditlog.VerifyPublic(bytes.NewReader(got), nil)
			if err != nil {
				t.Fatalf("an answer mixes two logs: %v", err)
			}
			return f.Entries == 2_600
		})
	})
}

// Clients that request the whole log and do not read it block no database connection and use little memory.
func TestPublicLog_ClientsThatDoNotRead(t *testing.T) {
	onBothAlone(t, func(t *testing.T, w *world) {
		id := w.approved(requireBody("A comment of which there are many."))
		var first comment.Comment
		fatal(t, w.db.View(t.Context(), func(tx store.Tx) error {
			site, err := w.service.Site(t.Context(), "a")
			if err == nil {
				first, err = tx.CommentByID(site.ID, id)
			}
			return err
		}))
		w.grow(first, 0, 2_500) // 7,500 entries, more than a socket buffer takes
		posts := func() time.Duration {
			var took []time.Duration
			for range 15 {
				began := time.Now()
				w.post(requireBody(w.text()))
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			return took[len(took)/2]
		}
		control := posts()
		before, read := heap(), w.logRead.Load()
		for range 200 {
			conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
			fatal(t, err)
			defer conn.Close()
			fatal(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
			_, err = fmt.Fprintf(conn, "GET /sites/a/log.jsonl HTTP/1.1\r\nHost: x\r\n\r\n")
			fatal(t, err)
			_, err = io.ReadFull(conn, make([]byte, 15))
			fatal(t, err) // the response has begun
		}
		during := posts()
		if during > 20*control+time.Second {
			t.Errorf("a post takes %v with hanging clients, and %v before", during, control)
		}
		if n := w.logRead.Load() - read; n > 100 { // 8 reads, and those of other followers
			t.Errorf("200 clients had parts of the log read %d times", n)
		}
		if used := heap() - before; used > 64<<20 {
			t.Errorf("200 clients that do not read hold %d MiB", used>>20)
		}
		t.Logf("a post takes %v, and %v before; the heap grew by %d KiB", during, control, (heap()-before)>>10)
	})
}

// heap returns the number of bytes in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestPublicLog_WholeLogIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true})
	w.as("moderator a", "POST", deskOfA+"/decisions", m{"action": "approve",
		"comments": []m{{"id": w.post(requireBody("One entry.")).str("id"), "version": 1}}})
	tag := ""
	for range 20 {
		r := w.lines("")
		want(t, r, 200, "")
		tag = r.header.Get("ETag")
	}
	for _, query := range []string{"", "?after=0"} {
		r := w.lines(query)
		if want(t, r, 429, "rate.limited"); r.header.Get("ETag") != "" || r.header.Get("Retry-After") == "" {
			t.Errorf("it is refused with %v", r.header)
		}
	}
	if known := w.do(call{path: "/sites/a/log.jsonl", header: map[string]string{"If-None-Match": tag}}); known.status != 304 {
		t.Errorf("a request with the ETag gets %d, want 304", known.status)
	}
	want(t, w.lines("?chunk=1"), 200, "")
}
