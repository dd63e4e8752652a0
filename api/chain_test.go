package api_test

import (
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// TestRoutes_RefuseInOrder starts with a request that all steps of the chain refuse. It then removes one reason after
// the other.
func TestRoutes_RefuseInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true})
	id := w.post(requireBody(w.text())).str("id")

	c := call{method: "POST", path: "/api/v1/sites/x/comments/" + id + "/appeal", body: "{",
		header: map[string]string{"Origin": "https://elsewhere.example", "Content-Type": "text/plain", "Idempotency-Key": "short"}}
	want(t, w.do(c), 404, "site.unknown")
	c.path = "/api/v1/sites/a/comments/" + id + "/appeal"
	want(t, w.do(c), 403, "origin.foreign")
	c.header["Origin"] = originA
	want(t, w.do(c), 401, "auth.needed")
	c.bearer = "no token"
	for range 20 { // requests that a later step refuses count too
		want(t, w.do(c), 415, "media_type")
	}
	want(t, w.do(c), 429, "rate.limited")
	w.clock.Add(time.Minute)
	c.header["Content-Type"] = "application/json"
	want(t, w.do(c), 400, "json.invalid")
	c.body = m{"text": "Look again.", "Text": ""}
	want(t, w.do(c), 422, "field.unknown")
	c.body = m{"text": "Look again."}
	want(t, w.do(c), 422, "field.invalid")
	delete(c.header, "Idempotency-Key")
	want(t, w.do(c), 404, "comment.unknown")

	decide := call{method: "POST", path: "/api/v1/sites/x/moderation/decisions", body: "{",
		header: map[string]string{"Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain", "Idempotency-Key": "short"}}
	want(t, w.do(decide), 403, "origin.foreign")
	delete(decide.header, "Sec-Fetch-Site")
	want(t, w.do(decide), 401, "auth.needed")
	decide.bearer = w.tokens["owner b"]
	want(t, w.do(decide), 404, "site.unknown")
	decide.path = "/api/v1/sites/a/moderation/decisions"
	want(t, w.do(decide), 415, "media_type")
	decide.header["Content-Type"] = "application/json"
	want(t, w.do(decide), 400, "json.invalid")
	decide.body = m{"action": "approve", "comments": []m{{"id": id, "version": 1}}}
	want(t, w.do(decide), 422, "field.invalid")
	delete(decide.header, "Idempotency-Key")
	want(t, w.do(decide), 404, "site.unknown") // by the use case: the account owns another site
}
