package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
)

// TestProblems_EachCodeIsAnswered provokes each code in the specification. TestMain fails if no test got a code of the
// specification.
func TestProblems_EachCodeIsAnswered(t *testing.T) {
	onBothWith(t, options{limits: true}, func(t *testing.T, w *world) {
		const posts, desk = "/api/v1/sites/a/comments", "/api/v1/sites/a/moderation"
		mine := w.post(requireBody(w.text()))
		own, edit := posts+"/"+mine.str("id"), mine.str("edit_token")
		owner := w.tokens["owner a"]
		page := w.as("owner a", "GET", desk+"/pages", nil).list("pages")[0]["id"].(string)
		w.clock.Add(time.Hour) // past the edit window and the rate limit
		keyed := map[string]string{"Idempotency-Key": "0123456789abcdef"}
		w.do(call{method: "POST", path: posts, body: requireBody(w.text()), header: keyed, bearer: owner})
		provoked := map[string][]reply{}

		for _, tt := range []struct {
			status int
			code   string
			call
		}{
			{400, "json.invalid", call{method: "POST", path: posts, body: `{"page":`}},
			{400, "query.invalid", call{path: posts + "?page=" + pageA + "&sort=hottest"}},
			{400, "query.invalid", call{path: posts}},
			{400, "query.invalid", call{path: posts + "?page=" + pageA + "&limit=0"}},
			{400, "query.invalid", call{path: posts + "?page=" + pageA + "&lang=xx"}},
			{400, "query.invalid", call{path: posts + "?page=" + pageA + "&after=x&around=y"}},
			{400, "query.invalid", call{path: posts + "?page=" + pageA + "&limit=101"}},
			{400, "query.invalid", call{path: desk + "/queue?state=lost", bearer: owner}},
			{400, "query.invalid", call{path: desk + "/queue?sort=best", bearer: owner}},
			{400, "query.invalid", call{path: desk + "/queue?limit=201", bearer: owner}},
			{400, "query.invalid", call{path: desk + "/what-if?threshold=1.1", bearer: owner}},
			{400, "query.invalid", call{path: desk + "/what-if?moderation=never", bearer: owner}},
			{400, "query.invalid", call{path: desk + "/what-if?last=0", bearer: owner}},
			{400, "query.invalid", call{path: "/api/v1/sites/a/counts"}},
			{400, "cursor.invalid", call{path: posts + "?page=" + pageA + "&after=nonsense"}},
			{400, "cursor.invalid", call{path: desk + "/queue?after=nonsense", bearer: owner}},
			{400, "cursor.invalid", call{path: desk + "/log?after=nonsense", bearer: owner}},
			{401, "auth.needed", call{path: "/api/v1/me"}},
			{401, "auth.needed", call{path: "/api/v1/me", bearer: "unknown"}},
			{401, "auth.needed", call{path: "/api/v1/me", header: map[string]string{"Cookie": "aitys=unknown"}}},
			{401, "auth.needed", call{path: "/api/v1/me", header: map[string]string{"Authorization": "Basic eDp5"}}},
			{401, "session.refused", call{method: "POST", path: "/api/v1/session",
				body: m{"email": email("owner a"), "password": "wrong"}}},
			{401, "identity.refused", call{method: "POST", path: posts,
				body: with(requireBody("x"), "author", m{"identity": "unknown"})}},
			{401, "identity.refused", call{method: "DELETE", path: "/api/v1/sites/a/identity", bearer: "unknown"}},
			{401, "auth.needed", call{method: "DELETE", path: "/api/v1/sites/a/identity"}},
			{403, "origin.foreign", call{method: "POST", path: posts, body: requireBody("x"),
				header: map[string]string{"Origin": "null"}}},
			{403, "role.insufficient", call{method: "POST", path: "/api/v1/sites",
				body: m{"key": "c", "name": "C", "origin": []string{"https://c.example"}}, bearer: owner}},
			{403, "edit.expired", call{method: "PATCH", path: own, body: m{"body": "Too late for this."}, bearer: edit}},
			{404, "site.unknown", call{path: "/api/v1/sites/nowhere/comments?page=" + pageA}},
			{404, "site.unknown", call{path: "/api/v1/sites/nowhere/moderation/queue", bearer: owner}},
			{404, "comment.unknown", call{path: posts + "/unknown"}},
			{404, "comment.unknown", call{path: own, bearer: "a.wrong.token"}},
			{422, "comment.not_removed",
				call{method: "DELETE", path: desk + "/comments/" + mine.str("id") + "?forget=1", bearer: owner}},
			{404, "page.unknown", call{method: "PATCH", path: desk + "/pages/unknown", body: m{"open": true}, bearer: owner}},
			{404, "campaign.unknown", call{method: "POST", path: desk + "/decisions",
				body: m{"action": "spam", "campaign": m{"id": "c", "upto": 5}}, bearer: owner}},
			{404, "batch.unknown", call{method: "POST", path: desk + "/decisions/unknown/undo", bearer: owner}},
			{404, "account.unknown", call{method: "DELETE", path: "/api/v1/accounts/unknown", bearer: owner}},
			{404, "token.unknown", call{method: "DELETE", path: "/api/v1/tokens/unknown", bearer: owner}},
			{404, "neighbour.unknown", call{method: "DELETE", path: desk + "/neighbours/unknown", bearer: owner}},
			{404, "webhook.unknown", call{method: "DELETE", path: desk + "/webhooks/unknown", bearer: owner}},
			{404, "rule.unknown", call{method: "DELETE", path: desk + "/rules/unknown", bearer: owner}},
			{404, "block.unknown", call{method: "DELETE", path: desk + "/blocks/unknown", bearer: owner}},
			{404, "note.unknown", call{method: "DELETE", path: desk + "/notes/unknown", bearer: owner}},
			{404, "takedown.unknown", call{method: "POST", path: desk + "/takedowns/unknown/restore",
				body: m{"why": "It was withdrawn."}, bearer: owner}},
			{404, "route.unknown", call{path: "/api/v1/nothing"}},
			{405, "route.method", call{method: "PUT", path: posts}},
			{413, "body.too_large", call{method: "POST", path: posts, body: requireBody(strings.Repeat("x", 64<<10))}},
			{415, "media_type", call{method: "POST", path: posts, body: requireBody("x"),
				header: map[string]string{"Content-Type": "text/plain"}}},
			{415, "media_type", call{method: "POST", path: posts, body: requireBody("x"),
				header: map[string]string{"Content-Encoding": "gzip"}}},
			{422, "comment.empty", call{method: "POST", path: posts, body: requireBody(" \u200b \n ")}},
			{422, "comment.too_long", call{method: "POST", path: posts, body: requireBody(strings.Repeat("ы", 10_001))}},
			{422, "comment.not_utf8",
				call{method: "POST", path: posts, body: "{\"page\":{\"url\":\"" + pageA + "\"},\"body\":\"caf\xe9 is nice\"}"}},
			{400, "json.invalid",
				call{method: "POST", path: posts,
					body: "{\"page\":{\"url\":\"" + pageA + "\"},\"author\":{\"name\":\"\xff\"},\"body\":\"x\"}"}},
			{422, "parent.unknown",
				call{method: "POST", path: posts, body: with(requireBody("An answer to nothing."), "parent", "unknown")}},
			{422, "parent.unknown", call{method: "POST", path: posts, body: with(requireBody("An answer to what waits."),
				"parent", mine.str("id"))}},
			{422, "page.foreign", call{method: "POST", path: posts, body: m{"page": m{"url": "https://elsewhere.example/"},
				"body": "x"}}},
			{422, "field.unknown", call{method: "POST", path: posts, body: with(requireBody("x"), "state", "approved")}},
			{422, "field.invalid", call{method: "POST", path: posts, body: m{"body": "No page is named."}}},
			{422, "field.invalid", call{method: "POST", path: posts, body: m{"page": m{"url": pageA}}}},
			{422, "field.invalid",
				call{method: "POST", path: posts, body: with(requireBody("x"), "author", m{"website": "javascript:alert(1)"})}},
			{422, "field.invalid", call{method: "POST", path: posts, body: requireBody("x"),
				header: map[string]string{"Idempotency-Key": "short"}}},
			{422, "field.invalid", call{method: "POST", path: desk + "/decisions", body: m{"action": "burn"}, bearer: owner}},
			{422, "field.invalid", call{method: "POST", path: desk + "/decisions",
				body: m{"action": "spam", "comments": many(1001)}, bearer: owner}},
			{422, "idempotency.mismatch", call{
				method: "POST", path: posts, body: requireBody("Other words."), header: keyed, bearer: owner,
			}},
			{422, "version.stale", call{method: "POST", path: desk + "/comments/" + mine.str("id") + "/reply",
				body: m{"body": "An answer.", "version": 7}, bearer: owner}},
		} {
			w.clock.Add(time.Minute) // stay within the rate limits
			r := w.do(tt.call)
			want(t, r, tt.status, tt.code)
			provoked[tt.code] = append(provoked[tt.code], r)
		}

		for i, tt := range []struct {
			decide, code string
			call
		}{
			{"approve", "report.repeated", call{method: "POST", path: own + "/report", body: m{"reason": "spam"}}},
			{"reject", "appeal.repeated", call{method: "POST", path: own + "/appeal", body: m{"text": "Why?"}, bearer: edit}},
		} {
			want(t, w.decide(tt.decide, mine.str("id"), i+1), 200, "")
			want(t, w.do(tt.call), 202, "")
			r := w.do(tt.call)
			want(t, r, 422, tt.code)
			provoked[tt.code] = []reply{r}
		}

		w.as("owner a", "PATCH", desk+"/pages/"+page, m{"open": false})
		r := w.do(call{method: "POST", path: posts, body: requireBody("After closing time.")})
		want(t, r, 422, "page.closed")
		provoked["page.closed"] = []reply{r}

		w.front.Panics("/api/v1/panic")
		r = w.do(call{path: "/api/v1/panic"})
		want(t, r, 500, "internal")
		provoked["internal"] = []reply{r}
		if strings.Contains(string(r.raw), "secret cause") || !strings.Contains(w.log.String(), "secret cause") {
			t.Errorf("a panic's cause belongs into the log and not into the answer %s", r.raw)
		}
		for code, replies := range provoked {
			wantGolden(t, code, replies...)
		}
	})
}

func TestProblems_MissingFieldIsNamed(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, tt := range []struct {
		field string
		body  any
	}{
		{"/page/url", m{"body": "x"}},
		{"/body", m{"page": m{"url": pageA}}},
		{"/author/website", with(requireBody("x"), "author", m{"website": "ftp://x.example"})},
		{"/author/email", with(requireBody("x"), "author", m{"email": "nonsense"})},
		{"/author/nickname", with(requireBody("x"), "author", m{"nickname": "x"})},
		{"/page/url", m{"page": m{"url": 7}, "body": "x"}},
	} {
		r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: tt.body})
		errs := r.list("errors")
		if r.status != 422 || len(errs) != 1 || errs[0]["field"] != tt.field {
			t.Errorf("%v: got %v, want the field %s", tt.body, r, tt.field)
		}
	}
}

func TestLimits_WideNetworksAreLimited(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true, proxy: "127.0.0.0/8"})
	posted := func(n int, address string) (taken int) {
		for i := range n {
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text()),
				header: map[string]string{"X-Forwarded-For": fmt.Sprintf(address, i)}})
			if r.status == http.StatusCreated {
				taken++
			} else {
				want(t, r, 429, "rate.limited")
			}
		}
		return taken
	}
	for _, tt := range []struct {
		from, address string
		want          int
	}{
		{"a /56", "2001:db8:1:%x::1", 80},
		{"the same /56 once more", "2001:db8:1:%x::2", 0},
		{"another /56 of that /48", "2001:db8:1:1%02x::1", 80},
		{"all of that /48", "2001:db8:1:%x00::1", 160},
		{"a /48 beside it", "2001:db8:2:%x00::1", 200},
		{"IPv4 addresses", "192.0.2.%d", 80}, // the site's limit of 600 is reached
	} {
		if got := posted(200, tt.address); got != tt.want {
			t.Errorf("200 posts from %s: %d are taken, want %d", tt.from, got, tt.want)
		}
	}
}

// TestLimits_FloodDoesNotSilenceSite floods a site from ever new addresses. The number of accepted comments is limited.
// Pages with comments, authors and signed-in readers have limits of their own.
func TestLimits_FloodDoesNotSilenceSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true, proxy: "127.0.0.0/8"})
	n := 0
	by := func(site, page, bearer string, author m) reply {
		n++
		return w.do(call{method: "POST", path: "/api/v1/sites/" + site + "/comments", bearer: bearer,
			header: map[string]string{"X-Forwarded-For": fmt.Sprintf("2001:db8:%x::1", n)},
			body:   m{"page": m{"url": "https://" + site + ".example" + page}, "body": w.text(), "author": author}})
	}
	post := func(site, page, bearer string) reply { return by(site, page, bearer, m{}) }
	flood := func(want int, page func(i int) string) {
		t.Helper()
		taken := 0
		var refused reply
		for i := range want + 20 {
			if r := post("a", page(i), ""); r.status == http.StatusCreated {
				taken++
			} else {
				refused = r
			}
		}
		if taken != want || refused.code() != "rate.limited" || refused.header.Get("Retry-After") == "" {
			t.Errorf("a flood of %s: %d were taken, want %d; then %v", page(0), taken, want, refused)
		}
	}
	for _, page := range []string{"/known", "/quiet"} {
		w.decide("approve", post("a", page, "").str("id"), 1)
	}

	flood(28, func(i int) string { return fmt.Sprintf("/made-up/%d", i) })
	flood(600-2-28-20, func(int) string { return "/made-up/1" }) // refused ones count too
	flood(120, func(int) string { return "/known" })
	for _, tt := range []struct{ who, site, page, bearer string }{
		{"a reader on a page that has comments", "a", "/quiet", ""},
		{"a reader on another site", "b", "/post", ""},
		{"an author", "a", "/new", w.tokens["author a"]},
	} {
		if r := post(tt.site, tt.page, tt.bearer); r.status != http.StatusCreated {
			t.Errorf("%s is refused: %v", tt.who, r)
		}
	}
	// Each signed-in reader has a separate limit.
	key := w.ssoKey("a")
	reader := func(sub string) m {
		return m{"identity": w.sso(signed(t, key, w.claims(m{"sub": sub}))).str("identity")}
	}
	one, other := reader("reader-7"), reader("reader-8")
	for i := range 20 {
		if r := by("a", fmt.Sprintf("/theirs/%d", i), "", one); r.status != http.StatusCreated {
			t.Fatalf("comment %d of a signed-in reader is refused: %v", i+1, r)
		}
	}
	r := by("a", "/theirs/0", "", one)
	want(t, r, 429, "rate.limited")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After for a signed-in reader")
	}
	if r := by("a", "/theirs/0", "", other); r.status != http.StatusCreated {
		t.Errorf("another signed-in reader is refused: %v", r)
	}
}

func TestLimits_PostsByAddress(t *testing.T) {
	onBothWith(t, options{limits: true, proxy: "127.0.0.0/8"}, func(t *testing.T, w *world) {
		const posts = "/api/v1/sites/a/comments"
		from := func(address string) reply {
			return w.do(call{method: "POST", path: posts, body: requireBody(w.text()),
				header: map[string]string{"X-Forwarded-For": address}})
		}
		for i := range 20 {
			if r := from("2001:db8::1"); r.status != http.StatusCreated {
				t.Fatalf("post %d of a burst of 20: got %v", i+1, r)
			}
		}
		for _, address := range []string{"2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::3"} {
			r := from(address)
			want(t, r, 429, "rate.limited")
			wantGolden(t, "rate.limited", r)
			if r.header.Get("Retry-After") == "" {
				t.Errorf("no Retry-After: %v", r.header)
			}
		}
		if r := from("2001:db8:0:1::1"); r.status != http.StatusCreated {
			t.Errorf("the next /64: got %v, want 201", r)
		}
		elsewhere := w.do(call{
			method: "POST", path: "/api/v1/sites/b/comments", header: map[string]string{"X-Forwarded-For": "2001:db8::1"},
			body: m{"page": m{"url": originB + "/post", "title": "A post"}, "body": w.text()},
		})
		if elsewhere.status != http.StatusCreated {
			t.Errorf("on another site: got %v, want 201", elsewhere)
		}
		signedIn := w.do(call{method: "POST", path: posts, body: requireBody(w.text()), bearer: w.tokens["author a"],
			header: map[string]string{"X-Forwarded-For": "2001:db8::1"}})
		if signedIn.status != http.StatusCreated {
			t.Errorf("signed-in account: got %v, want 201", signedIn)
		}
		got := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA,
			header: map[string]string{"X-Forwarded-For": "2001:db8::1"}})
		if got.status != 200 {
			t.Errorf("reading is never limited: got %v", got)
		}
		if strings.Contains(w.log.String(), "2001:db8") {
			t.Error("an address is in the log")
		}
	})
}

// hold locks site A for writes from another process. The returned function releases the lock.
func (w *world) hold() (release func()) {
	w.t.Helper()
	ctx := context.Background()
	site, err := w.service.Site(ctx, "a")
	fatal(w.t, err)
	other, err := store.Open(ctx, w.dbURL, store.Options{})
	fatal(w.t, err)
	held, let, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		_, err := store.Narrow[moderation.Tx](other).Update(ctx, func(tx moderation.Tx) error {
			if _, err := tx.LockLog(site.ID); err != nil {
				return err
			}
			held <- true
			<-let
			return nil
		})
		done <- err
	}()
	<-held
	return func() {
		close(let)
		fatal(w.t, errors.Join(<-done, other.Close()))
	}
}

func TestProblems_BusyDatabaseIs503(t *testing.T) {
	onBothWith(t, options{wait: 200 * time.Millisecond}, func(t *testing.T, w *world) {
		id := w.post(requireBody(w.text())).str("id")
		release := w.hold()
		r := w.decide("approve", id, 1)
		want(t, r, 503, "busy")
		wantGolden(t, "busy", r)
		if r.header.Get("Retry-After") == "" {
			t.Errorf("no Retry-After: %v", r.header)
		}
		if got := w.thread(); got.status != 200 {
			t.Errorf("reading goes on: got %v", got)
		}
		release()
		if d := w.decide("approve", id, 1); d.num("decided") != 1 {
			t.Errorf("after the lock: got %v", d)
		}
	})
}

func TestProblems_ClientThatLeavesIsNoError(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		id := w.post(requireBody(w.text())).str("id")
		release := w.hold()
		ctx, leave := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer leave()
		req := w.request(call{
			method: "POST", path: "/api/v1/sites/a/moderation/decisions", bearer: w.tokens["moderator a"],
			body: m{"action": "approve", "comments": []m{{"id": id, "version": 1}}},
		}).WithContext(ctx)
		if res, err := w.client.Do(req); err == nil {
			t.Fatalf("answered %d while the lock was held", res.StatusCode)
		}
		release()
		testkit.Until(w.t, "the request has its line in the log",
			func() bool { return strings.Contains(w.log.String(), "moderation/decisions") })
		if log := w.log.String(); strings.Contains(log, "level=ERROR") {
			t.Errorf("a client that left is logged as an error:\n%s", log)
		}
	})
}

func TestProblems_FullDiskIs507(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	posted := w.post(requireBody(w.text()))
	full := &world{t: t, dbURL: w.dbURL, clock: w.clock, tokens: w.tokens}
	full.open(options{}, store.Options{MaxPages: 1})
	// Free space inside the file's pages can still be filled.
	var r reply
	for range 200 {
		full.n++
		r = full.do(call{method: "POST", path: "/api/v1/sites/a/comments",
			body: requireBody(w.text() + strings.Repeat(" more", 1000))})
		if r.status != http.StatusCreated {
			break
		}
	}
	want(t, r, 507, "storage.full")
	wantGolden(t, "storage.full", r)
	got := full.do(call{path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token")})
	if got.status != 200 {
		t.Errorf("reading goes on: got %v", got)
	}
}

func TestProblems_DamagedFileRefusesWrites(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.post(requireBody(w.text()))
	path := strings.TrimPrefix(w.copied(), "sqlite:") // a copy: the WAL of the open file would hide the damage
	raw, err := sql.Open("sqlite", path)
	fatal(t, err)
	var page int64
	fatal(t, raw.QueryRow("SELECT rootpage FROM sqlite_master WHERE name = 'campaign_members_number'").Scan(&page))
	fatal(t, raw.Close())
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	fatal(t, err)
	_, err = file.WriteAt(bytes.Repeat([]byte("noise"), 4096/5), (page-1)*4096)
	fatal(t, errors.Join(err, file.Close()))

	hurt := &world{t: t, dbURL: "sqlite:" + path, clock: w.clock, tokens: w.tokens}
	hurt.open(options{damaged: true}, store.Options{})
	watching := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	var said testkit.Log
	go func() { watching <- hurt.db.Watch(ctx, slog.New(slog.NewTextHandler(&said, nil))) }()
	var ready reply
	defer func() {
		stop()
		fatal(t, <-watching)
		if t.Failed() {
			t.Logf("it was last %d %s, and the log said:\n%s", ready.status, ready.code(), said.String())
		}
	}()
	testkit.Until(t, "the damage is known", func() bool {
		ready = hurt.do(call{path: "/readyz"})
		return ready.status == http.StatusServiceUnavailable && ready.code() == "storage.corrupt"
	})
	post := hurt.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text())})
	want(t, post, 503, "storage.corrupt")
	wantGolden(t, "storage.corrupt", ready, post)
}

// After a newer program has migrated the database, this one finishes what it is asked, and is not ready.
func TestReadyz_DatabaseNewerThanProgram(t *testing.T) {
	onBothWith(t, options{}, func(t *testing.T, w *world) {
		driver, dsn := "pgx", w.dbURL
		if path, ok := strings.CutPrefix(w.dbURL, "sqlite:"); ok {
			driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
		}
		raw, err := sql.Open(driver, dsn)
		fatal(t, err)
		defer raw.Close()
		exec := func(statement string) {
			_, err := raw.Exec(statement)
			fatal(t, err)
		}
		exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
		var ready reply
		testkit.Until(t, "the newer schema is noticed", func() bool {
			ready = w.do(call{path: "/readyz"})
			return ready.status == http.StatusServiceUnavailable
		})
		wantGolden(t, "schema.newer", ready)
		w.approved(requireBody("Posted and approved during the drain."))
		if got := w.do(call{path: "/healthz"}); got.status != 200 {
			t.Errorf("the process lives: got %v", got)
		}
		exec("DELETE FROM goose_db_version WHERE version_id = 99999")
		testkit.Until(t, "it is ready again", func() bool { return w.do(call{path: "/readyz"}).status == 200 })
		if n := strings.Count(w.log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings, want 1:\n%s", n, w.log.String())
		}
	})
}

func TestProblems_InternalErrorHidesCause(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.closed = true
	fatal(t, w.db.Close())
	r := w.thread()
	want(t, r, 500, "internal")
	if strings.Contains(strings.ToLower(string(r.raw)), "database") ||
		strings.Contains(strings.ToLower(string(r.raw)), "sql") {
		t.Errorf("the answer tells the cause: %v", r)
	}
	want(t, w.do(call{path: "/readyz"}), 503, "busy")
	if got := w.do(call{path: "/healthz"}); got.status != 200 {
		t.Errorf("the process lives: got %v", got)
	}
}

func with(body m, key string, value any) m {
	body[key] = value
	return body
}

func many(n int) (refs []m) {
	for range n {
		refs = append(refs, m{"id": "x", "version": 1})
	}
	return refs
}

var _ http.Handler = (*api.Server)(nil)
