package api_test

import (
	"fmt"
	"strings"
	"testing"
)

// teach has a moderator approve and refuse n comments each, so that the filter has an opinion.
func (w *world) teach(n int) {
	w.t.Helper()
	var ham, spam []m
	for i := range n {
		ham = append(ham, m{"id": w.post(comment(fmt.Sprintf("The apples of the garden ripen late this year, says letter %d.", i))).str("id"), "version": 1})
		spam = append(spam, m{"id": w.post(comment(fmt.Sprintf("Casino jackpot bonus, spin number %d at https://casino.example/", i))).str("id"), "version": 1})
	}
	for action, refs := range map[string][]m{"approve": ham, "spam": spam} {
		d := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": action, "comments": refs})
		if d.num("decided") != n {
			w.t.Fatalf("%s: got %v", action, d)
		}
	}
}

// waiting posts a comment and returns its item in the queue once the filter judges it warmly.
func (w *world) waiting(text, lang string) (item reply) {
	w.t.Helper()
	id := w.post(comment(text)).str("id")
	w.until("the filter has an opinion", func() bool {
		item = w.as("moderator a", "GET", "/api/v1/sites/a/moderation/comments/"+id+"?lang="+lang, nil)
		return item.at("verdict", "warm") == true
	})
	return item
}

func TestEvidenceIsSaidInWords(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(8)
		for lang, want := range map[string]string{"en": "spam", "ru": "спам", "kk": "спам"} {
			item := w.waiting("Another casino jackpot bonus for "+lang+" at https://casino.example/", lang)
			var said []string
			for _, e := range item.list("evidence") {
				if e["spam"].(float64)+e["ham"].(float64) < 1 || !strings.Contains(e["text"].(string), want) {
					t.Errorf("%s: evidence %v", lang, e)
				}
				said = append(said, e["text"].(string))
			}
			if len(said) == 0 || !strings.Contains(strings.Join(said, "\n"), "casino") {
				t.Errorf("%s: nothing is said of the casino: %q", lang, said)
			}
		}
		if item := w.waiting("A casino jackpot once more, said by the browser's language.", ""); len(item.list("evidence")) > 0 {
			accepted := w.do(call{path: "/api/v1/sites/a/moderation/comments/" + item.str("comment", "id"), bearer: w.tokens["moderator a"], header: map[string]string{"Accept-Language": "ru-RU, en;q=0.5"}})
			if text := accepted.list("evidence")[0]["text"].(string); !strings.Contains(text, "спам") {
				t.Errorf("Accept-Language: got %q", text)
			}
		}
	})
}

func TestWhatAnAccountTaughtCanBeWithdrawn(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(4)
		const desk = "/api/v1/sites/a/moderation"
		teachers := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers")
		if len(teachers) != 1 || teachers[0]["name"] != "moderator a" || teachers[0]["lessons"] != 8.0 {
			t.Fatalf("teachers: got %v", teachers)
		}
		body := m{"account": teachers[0]["account"]}
		gone := w.do(call{method: "POST", path: desk + "/withdrawals", body: body, header: keyed(key16), bearer: w.tokens["owner a"]})
		again := w.do(call{method: "POST", path: desk + "/withdrawals", body: body, header: keyed(key16), bearer: w.tokens["owner a"]})
		if gone.status != 200 || gone.num("lessons") != 8 || gone.str("batch") == "" || string(again.raw) != string(gone.raw) || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("withdraw: got %v and again %v", gone, again)
		}
		if got := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers"); len(got) != 0 {
			t.Errorf("teachers after it: got %v", got)
		}
		entry := w.as("owner a", "GET", desk+"/log?limit=1", nil).list("entries")[0]
		if entry["kind"] != "withdrawal" || entry["lessons"] != 8.0 || entry["comment"] != nil || entry["action"] != nil || entry["from"] != nil {
			t.Errorf("log: got %v", entry)
		}
		want(t, w.as("moderator a", "POST", desk+"/decisions/"+gone.str("batch")+"/undo", nil), 403, "role.insufficient")
		if r := w.as("owner a", "POST", desk+"/decisions/"+gone.str("batch")+"/undo", nil); r.status != 200 {
			t.Errorf("undo: got %v", r)
		}
		if got := w.as("owner a", "GET", desk+"/teachers", nil).list("teachers"); len(got) != 1 || got[0]["lessons"] != 8.0 {
			t.Errorf("teachers after undo: got %v", got)
		}
		if r := w.as("owner a", "POST", desk+"/withdrawals", m{"account": "nobody"}); r.num("lessons") != 0 || r.json["batch"] != nil {
			t.Errorf("who taught nothing: got %v", r)
		}
		want(t, w.as("owner a", "POST", desk+"/withdrawals", m{}), 422, "field.invalid")
	})
}

func TestASiteStartsFromAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teach(4)
		r := w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "a"})
		if r.status != 200 || r.num("lessons") != 8 {
			t.Errorf("copy: got %v", r)
		}
		entry := w.as("owner b", "GET", "/api/v1/sites/b/moderation/log", nil).list("entries")[0]
		if entry["kind"] != "copy" || entry["subject"] != "a" {
			t.Errorf("log: got %v", entry)
		}
		want(t, w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "nowhere"}), 404, "site.unknown")
		want(t, w.as("root", "POST", "/api/v1/sites/b/moderation/copies", m{"from": "b"}), 422, "field.invalid")
	})
}

func TestWhatIfAsksWithinBounds(t *testing.T) {
	w := onSQLite(t)
	const path = "/api/v1/sites/a/moderation/"
	for _, q := range []string{"what-if?threshold=0.4", "what-if?threshold=NaN", "what-if?threshold=x", "what-if?moderation=never", "what-if?last=0", "what-if?last=10001", "stats?since=yesterday"} {
		want(t, w.as("owner a", "GET", path+q, nil), 400, "query.invalid")
	}
}
