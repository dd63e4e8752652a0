package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

// TestClock_JumpsLoseNothing sets the clock an hour forward, back, and right again. During the jump, sessions, limits,
// waits after wrong passwords and edit windows are off by an hour at most. Afterwards they are right. The log keeps the
// order of decisions. TEST_JUMPS=N makes at least N jumps of half an hour to 24.5 hours.
func TestClock_JumpsLoseNothing(t *testing.T) {
	jumps, most := 0, testkit.EnvInt(t, "TEST_JUMPS", 1)
	random := rand.New(rand.NewPCG(43, 1))
	for jumps < most {
		by := time.Hour
		if most > 1 {
			by = 30*time.Minute + time.Duration(random.Int64N(int64(24*time.Hour)))
		}
		t.Run(by.String(), func(t *testing.T) { jumps += jumpsBy(t, by) })
	}
	t.Logf("clock: %d jumps", jumps)
}

// jumpsBy moves the clock forward and back, and returns the number of moves.
func jumpsBy(t *testing.T, by time.Duration) (jumps int) {
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true, proxy: "127.0.0.0/8"})
	jump := func(by time.Duration) {
		w.clock.Add(by)
		jumps++
	}
	from := func(address string) map[string]string { return map[string]string{"X-Forwarded-For": address} }
	signIn := func(address, password string) reply {
		return w.do(call{method: "POST", path: "/api/v1/session", header: from(address),
			body: m{"email": email("owner a"), "password": password}})
	}
	post := func(address string) reply {
		return w.do(call{method: "POST", path: "/api/v1/sites/a/comments", header: from(address), body: requireBody(w.text())})
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

	decided := 0
	decides := func() {
		t.Helper()
		c := post(fmt.Sprint("198.51.100.", decided+1))
		want(t, w.decide("approve", c.str("id"), 1), 200, "")
		decided++
	}

	decides()
	jump(by)
	decides()
	for range 25 {
		post("192.0.2.3") // uses up the burst of 20
	}
	for range 8 {
		signIn("192.0.2.4", "a wrong password")
	}
	jump(-by)
	decides()
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

	jump(-by)
	decides()
	signedIn("before it began")
	if r := edit("Changed before it was written."); r.status != http.StatusOK {
		t.Errorf("an edit in its window is refused: %v", r)
	}
	if r := post("192.0.2.6"); r.status != http.StatusCreated {
		t.Errorf("a post while the clock is behind: %v", r)
	}
	jump(by)
	decides()
	signedIn("right again")
	w.clock.Add(16 * time.Minute)
	want(t, edit("Too late."), 403, "edit.expired")

	log := w.do(call{path: "/api/v1/sites/a/moderation/log", bearer: w.tokens["moderator a"]})
	entries, _ := log.json["entries"].([]any)
	if len(entries) != decided {
		t.Fatalf("the log has %d entries, want %d: %v", len(entries), decided, log)
	}
	for i, e := range entries {
		if seq := e.(map[string]any)["seq"]; seq != float64(decided-i) {
			t.Errorf("entry %d from the newest is number %v", i, seq)
		}
	}
	return jumps
}

// TestClock_OneTimeLinksSurviveJumps checks that a link works after a jump in either direction, that a replaced link
// never works, and that each link ends at most an hour late.
func TestClock_OneTimeLinksSurviveJumps(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	made := func(who string) (token string) {
		r, err := w.service.Identity.ResetAccount(t.Context(), authz.Operator, email(who))
		fatal(t, err)
		return r.Link
	}
	use := func(token string) reply {
		return w.do(call{method: "POST", path: "/moderate/setup", header: map[string]string{"Origin": w.url},
			body: url.Values{"token": {token}, "password": {"a password " + w.text()}}})
	}
	works := func(when, token string) {
		t.Helper()
		if r := use(token); r.status != http.StatusSeeOther {
			t.Errorf("a link %s is answered %d, want that it works", when, r.status)
		}
	}
	ended := func(when, token string) {
		t.Helper()
		if r := use(token); r.status != http.StatusUnauthorized {
			t.Errorf("a link %s is answered %d, want 401", when, r.status)
		}
	}
	before := made("owner a")
	w.clock.Add(time.Hour)
	works("made before the jump", before)
	ahead, replaced, kept := made("moderator a"), made("author a"), made("owner b")
	w.clock.Add(-time.Hour)
	works("made an hour ahead", ahead)
	ended("used before the clock went back", before)
	again := made("author a") // ends earlier than the one it replaces
	ended("that a later one replaced", replaced)

	w.clock.Add(-time.Hour)
	works("made while the clock was right, used an hour before that", again)
	ended("used an hour later than now", again)
	w.clock.Add(25 * time.Hour)
	works("made an hour ahead, a day later", kept)
	late := made("moderator b")
	w.clock.Add(24 * time.Hour)
	ended("a day old", late)
}
