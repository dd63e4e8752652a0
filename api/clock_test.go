package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

// TestAClockThatJumpsTakesNothingFromAnybody sets the clock an hour on, back, and right again: sessions, limits,
// waits after wrong passwords and windows for edits are wrong by no more than that while it lasts, and by
// nothing afterwards.
func TestAClockThatJumpsTakesNothingFromAnybody(t *testing.T) {
	w := newWorld(t, kit.SQLite(t), "", options{limits: true, proxy: "127.0.0.0/8"})
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	signIn := func(address, password string) reply {
		return w.do(call{method: "POST", path: "/api/v1/session", header: from(address),
			body: m{"email": email("owner a"), "password": password}})
	}
	post := func(address string) reply {
		return w.do(call{method: "POST", path: "/api/v1/sites/a/comments", header: from(address), body: written(w.text())})
	}
	in := signIn("192.0.2.1", password)
	cookie := map[string]string{"Cookie": strings.Split(in.header.Get("Set-Cookie"), ";")[0]}
	signedIn := func(when string) {
		t.Helper()
		if r := w.do(call{path: "/api/v1/me", header: cookie}); r.status != http.StatusOK {
			t.Errorf("%s the session is refused: %v", when, r)
		}
	}
	posted := post("192.0.2.2")
	edit := func(body string) reply {
		return w.do(call{method: "PATCH", path: "/api/v1/sites/a/comments/" + posted.str("id"),
			bearer: posted.str("edit_token"), body: m{"body": body}})
	}

	w.clock.Add(time.Hour)
	for range 25 {
		post("192.0.2.3") // beyond the burst of 20
	}
	for range 8 {
		signIn("192.0.2.4", "a wrong password")
	}
	w.clock.Add(-time.Hour)
	signedIn("back again")
	if r := edit("Changed after the jump."); r.status != http.StatusOK {
		t.Errorf("an edit in its window is refused: %v", r)
	}
	w.clock.Add(2 * time.Minute)
	if r := post("192.0.2.3"); r.status != http.StatusCreated {
		t.Errorf("two minutes later an address is still limited: %v", r)
	}
	if r := signIn("192.0.2.5", password); r.status != http.StatusOK {
		t.Errorf("two minutes later the account is still locked: %v", r)
	}

	w.clock.Add(-time.Hour)
	signedIn("an hour before it began")
	if r := edit("Changed before it was written."); r.status != http.StatusOK {
		t.Errorf("an edit in its window is refused: %v", r)
	}
	if r := post("192.0.2.6"); r.status != http.StatusCreated {
		t.Errorf("a post while the clock is behind: %v", r)
	}
	w.clock.Add(time.Hour)
	signedIn("right again")
	w.clock.Add(16 * time.Minute)
	want(t, edit("Too late."), 403, "edit.expired")
}
