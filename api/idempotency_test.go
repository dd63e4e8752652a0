package api_test

import (
	"net/http"
	"sync"
	"testing"
	"time"
)

const key16 = "0123456789abcdef"

func keyed(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }

func TestIdempotency_RepeatedPostGetsFirstAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const posts, desk = "/api/v1/sites/a/comments", "/api/v1/sites/a/moderation"
		bearer := w.tokens["owner a"]
		body := with(requireBody("Sent once, and once again."), "form", m{"trap": "", "token": "first"})
		first := w.do(call{method: "POST", path: posts, body: body, header: keyed(key16)})
		again := w.do(call{method: "POST", path: posts, body: with(body, "form", m{"token": "second"}), header: keyed(key16)})
		if first.status != 201 || again.status != 201 || string(first.raw) != string(again.raw) {
			t.Errorf("got %v and again %v, want the same", first, again)
		}
		if first.header.Get("Idempotency-Replayed") != "" || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("Idempotency-Replayed: first %q, again %q", first.header.Get("Idempotency-Replayed"),
				again.header.Get("Idempotency-Replayed"))
		}
		if own := w.do(call{path: posts + "/" + first.str("id"), bearer: again.str("edit_token")}); own.status != 200 {
			t.Errorf("the edit token of the replay: got %v", own)
		}
		item := w.as("owner a", "GET", desk+"/comments/"+first.str("id"), nil)
		if item.num("submissions") != 1 {
			t.Errorf("a replay counts as a submission: %v", item.at("submissions"))
		}
		want(t, w.do(call{method: "POST", path: posts, body: requireBody("Other words."), header: keyed(key16)}), 422,
			"idempotency.mismatch")

		decision := m{"action": "approve", "comments": []m{{"id": first.str("id"), "version": 1}}}
		d1 := w.do(call{method: "POST", path: desk + "/decisions", body: decision, header: keyed(key16), bearer: bearer})
		d2 := w.do(call{method: "POST", path: desk + "/decisions", body: decision, header: keyed(key16), bearer: bearer})
		if d1.num("decided") != 1 || string(d1.raw) != string(d2.raw) || d2.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("decision: got %v and again %v", d1, d2)
		}
		// Keys of different accounts are independent.
		d := w.do(call{method: "POST", path: desk + "/decisions", body: decision, header: keyed(key16),
			bearer: w.tokens["moderator a"]})
		if d.num("unchanged") != 1 {
			t.Errorf("the same key of another account: got %v, want one unchanged", d)
		}
		undo := desk + "/decisions/" + d1.str("batch") + "/undo"
		u1 := w.do(call{method: "POST", path: undo, header: keyed(key16), bearer: bearer})
		u2 := w.do(call{method: "POST", path: undo, header: keyed(key16), bearer: bearer})
		if u1.num("undone") != 1 || string(u1.raw) != string(u2.raw) || u2.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("undo: got %v and again %v", u1, u2)
		}
		answer := desk + "/comments/" + first.str("id") + "/reply"
		r1 := w.do(call{method: "POST", path: answer, body: m{"body": "Thanks."}, header: keyed(key16), bearer: bearer})
		r2 := w.do(call{method: "POST", path: answer, body: m{"body": "Thanks."}, header: keyed(key16), bearer: bearer})
		if r1.status != 201 || r1.str("id") != r2.str("id") || r2.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("reply: got %v and again %v", r1, r2)
		}
		s1 := w.do(call{method: "POST", path: "/api/v1/sites",
			body: m{"key": "c", "name": "C", "origin": []string{"https://c.example"}}, header: keyed(key16),
			bearer: w.tokens["root"]})
		s2 := w.do(call{method: "POST", path: "/api/v1/sites",
			body: m{"key": "c", "name": "C", "origin": []string{"https://c.example"}}, header: keyed(key16),
			bearer: w.tokens["root"]})
		if s1.status != 201 || s2.status != 201 || string(s1.raw) != string(s2.raw) ||
			s2.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("site: got %v and again %v", s1, s2)
		}

		w.clock.Add(25 * time.Hour)
		r := w.do(call{method: "POST", path: posts, body: requireBody("A day later the key is free."), header: keyed(key16)})
		if r.status != 201 || r.header.Get("Idempotency-Replayed") != "" {
			t.Errorf("a day later: got %v", r)
		}
	})
}

func TestIdempotency_FailuresAreNotStored(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const posts = "/api/v1/sites/a/comments"
	want(t, w.do(call{method: "POST", path: posts, body: requireBody(""), header: keyed(key16)}), 422, "comment.empty")
	r := w.do(call{method: "POST", path: posts, body: requireBody("Now with words."), header: keyed(key16)})
	if r.status != 201 {
		t.Errorf("after a failure: got %v, want 201", r)
	}
}

func TestIdempotency_ConcurrentPostsAreOne(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		body := requireBody("Twenty at one instant.")
		ids := make([]string, 20)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: body, header: keyed(key16)})
				if r.status == http.StatusCreated {
					ids[i] = r.str("id")
				}
			})
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] || id == "" {
				t.Fatalf("got the ids %q, want one", ids)
			}
		}
		if got := w.as("owner a", "GET", "/api/v1/sites/a/moderation/queue", nil).list("items"); len(got) != 1 ||
			got[0]["submissions"] != 1.0 {
			t.Errorf("queue: got %d comments, want one submitted once", len(got))
		}
	})
}
