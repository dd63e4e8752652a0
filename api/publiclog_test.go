package api_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/ledger"
)

func TestAStrangerFollowsThePublishedLog(t *testing.T) {
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
		w.decide("spam", w.post(written("Another one, which is refused.")).str("id"), 1)

		answer := w.do(call{path: path})
		if answer.status != 200 || !strings.HasPrefix(answer.header.Get("Content-Type"), "application/x-ndjson") {
			t.Fatalf("the log: %v", answer)
		}
		head, err := hex.DecodeString(kept)
		fatal(t, err)
		f, err := ledger.Follow(bytes.NewReader(answer.raw), head)
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
