package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

func TestSession_CookieEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		in := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": strings.ToUpper(email("owner a")),
			"password": password}})
		set := in.header.Get("Set-Cookie")
		if in.status != 200 || in.str("account", "email") != email("owner a") || in.str("expires_at") == "" ||
			in.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("sign in: got %v", in)
		}
		for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
			if !strings.Contains(set, part) {
				t.Errorf("the cookie %s lacks %s", set, part)
			}
		}
		if sites, _ := in.json["sites"].([]any); len(sites) != 1 || sites[0].(map[string]any)["role"] != "owner" {
			t.Errorf("sites: got %v", in.json["sites"])
		}
		cookie := map[string]string{"Cookie": strings.Split(set, ";")[0], "Origin": w.url}
		if me := w.do(call{path: "/api/v1/me", header: cookie}); me.status != 200 || me.str("scope") != "admin" {
			t.Errorf("me: got %v", me)
		}
		if out := w.do(call{method: "DELETE", path: "/api/v1/session", header: cookie}); out.status != http.StatusNoContent ||
			!strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("sign out: got %v %v", out, out.header)
		}
		want(t, w.do(call{path: "/api/v1/me", header: cookie}), 401, "auth.needed")
	})
}

func TestSessions_PasswordChangeNeedsOldPassword(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	in := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email("owner a"), "password": password}})
	cookie := map[string]string{"Cookie": strings.SplitN(in.header.Get("Set-Cookie"), ";", 2)[0], "Origin": w.url}
	set := func(path string, body m) reply {
		return w.do(call{method: "PATCH", path: path, header: cookie, body: body})
	}
	id := in.json["account"].(map[string]any)["id"].(string)
	want(t, set("/api/v1/accounts/"+id, m{"password": "another long password"}), 422, "field.invalid")
	r := set("/api/v1/me", m{"password": m{"old": "not this one", "new": "another long password"}})
	want(t, r, 422, "field.invalid")
	if !strings.Contains(string(r.raw), `"/password/old"`) {
		t.Errorf("it does not say which field: %v", r)
	}
	want(t, set("/api/v1/me", m{"password": m{"old": password, "new": "short"}}), 422, "field.invalid")
	if r := set("/api/v1/me", m{"name": "Olga B."}); r.status != http.StatusOK || r.str("name") != "Olga B." {
		t.Errorf("a name alone: got %v", r)
	}
	r = set("/api/v1/me", m{"password": m{"old": password, "new": "another long password"}})
	if r.status != http.StatusOK {
		t.Errorf("the right one: got %v", r)
	}
	want(t, w.do(call{path: "/api/v1/me", header: cookie}), 401, "auth.needed")
}

func TestPasswords_LimitedByAddress(t *testing.T) {
	onBothWith(t, options{limits: true, proxy: "127.0.0.1/32"}, func(t *testing.T, w *world) {
		try := func(path, from string, body m) reply {
			return w.do(call{method: "POST", path: path, header: map[string]string{"X-Forwarded-For": from}, body: body})
		}
		for range 30 {
			r := try("/api/v1/session", "192.0.2.1", m{"email": email("owner a"), "password": password})
			if r.status != http.StatusOK {
				t.Fatalf("the right password, again and again: got %v", r)
			}
		}
		codes := map[int]int{}
		for i := range 40 { // each for another account, so that no account backs off
			wrong := m{"email": fmt.Sprintf("q%d@x.example", i), "password": "x"}
			codes[try("/api/v1/session", "192.0.2.1", wrong).status]++
		}
		if n := codes[http.StatusUnauthorized]; n < 18 || n > 20 || codes[http.StatusTooManyRequests] != 40-n {
			t.Errorf("40 accounts tried from one address are answered %v, want 401 for 20 and 429 then", codes)
		}
		r := try("/api/v1/session", "192.0.2.1", m{"email": email("owner a"), "password": password})
		want(t, r, 429, "rate.limited")
		if r.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if r := try("/api/v1/session", "198.51.100.7", m{"email": email("owner a"), "password": password}); r.status != 200 {
			t.Errorf("from another address: got %v", r)
		}
	})
}

// TestPasswords_EveryRouteCounts uses up the attempts of an address by signing in. Then every other route that hashes a
// password refuses the address, and other addresses of its /64.
func TestPasswords_EveryRouteCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.SQLite(t), "", options{limits: true, proxy: "127.0.0.1/32"})
	in := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email("owner a"), "password": password}})
	mine := strings.Split(in.header.Get("Set-Cookie"), ";")[0]
	hand := w.inSession("root", "POST", "/api/v1/accounts", m{"email": "new@x.example", "name": "New", "role": "moderator",
		"site": []string{"a"}})
	_, link, _ := strings.Cut(hand.str("link"), "#")
	const wrong = "not it"
	ways := map[string]call{
		"a session":       {path: "/api/v1/session", body: m{"email": "nobody@x.example", "password": wrong}},
		"the desk's form": {path: "/moderate/signin", body: url.Values{"email": {"nobody@x.example"}, "password": {wrong}}},
		"a one-time link": {path: "/moderate/setup", body: url.Values{"token": {link}, "password": {wrong}}},
		"one's own":       {path: "/moderate/sessions/password", body: url.Values{"old": {wrong}, "password": {wrong}}},
		"one's own, API":  {method: "PATCH", path: "/api/v1/me", body: m{"password": m{"old": wrong, "new": wrong}}},
		"a new account": {path: "/api/v1/accounts",
			body: m{"email": "x@x.example", "name": "X", "role": "author", "site": []string{"a"}, "password": wrong}},
		"another's": {method: "PATCH", path: "/api/v1/accounts/" + hand.str("id"),
			body: m{"password": wrong}},
		"a provider": {path: "/signin", body: url.Values{"do": {"link"}, "password": {wrong}}},
		"readers' window": {path: windowOfA,
			body: url.Values{"do": {"signin"}, "email": {"nobody@x.example"}, "password": {wrong}}},
	}
	limited := func(way, from string) bool {
		c := ways[way]
		c.header = map[string]string{"X-Forwarded-For": from, "Origin": w.url, "Sec-Fetch-Site": "same-origin"}
		if c.method == "" {
			c.method = "POST"
		}
		c.header["Cookie"] = mine
		r := w.do(c)
		if r.status < 300 || r.status == 404 || r.status >= 500 {
			t.Errorf("%s from %s: got %v", way, from, r)
		}
		return r.status == http.StatusTooManyRequests || strings.Contains(r.header.Get("Location"), "rate.limited")
	}
	for way := range ways {
		if limited(way, "203.0.113.9") {
			t.Errorf("%s from an address that tried few is limited", way)
		}
	}
	for spent, beside := range map[string]string{
		"192.0.2.1":         "192.0.2.1",
		"2001:db8:1:2::bad": "2001:db8:1:2:3:4:5:6",
	} {
		for i := range 20 { // each for another account, so that no account backs off
			w.do(call{method: "POST", path: "/api/v1/session", header: map[string]string{"X-Forwarded-For": spent},
				body: m{"email": fmt.Sprintf("q%d@x.example", i), "password": wrong}})
		}
		for way := range ways {
			if !limited(way, beside) {
				t.Errorf("%s from %s is not limited after all attempts", way, beside)
			}
		}
	}
}

func TestSignIn_BacksOff(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	try := func(who, password string) reply {
		return w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email(who), "password": password}})
	}
	unknown, wrong := try("nobody", "x"), try("owner a", "x")
	if string(unknown.raw) != string(wrong.raw) {
		t.Errorf("an unknown e-mail is answered %v, a wrong password %v", unknown, wrong)
	}
	for range 4 {
		try("owner a", "x")
	}
	r := try("owner a", password)
	want(t, r, 429, "rate.limited")
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.clock.Add(time.Minute)
	cookies := try("owner a", password).header.Values("Set-Cookie")
	for range 6 {
		try("owner a", "x")
	}
	want(t, try("owner a", password), 429, "rate.limited")
	known, _, _ := strings.Cut(cookies[len(cookies)-1], ";")
	if !strings.HasPrefix(known, "aitys-known=") || !strings.Contains(cookies[len(cookies)-1], "HttpOnly") {
		t.Fatalf("the cookies are %q", cookies)
	}
	r = w.do(call{method: "POST", path: "/api/v1/session", header: map[string]string{"Cookie": known},
		body: m{"email": email("owner a"), "password": password}})
	if r.status != http.StatusOK {
		t.Errorf("a browser that was here before: got %v", r)
	}
}

func TestAdmin_SitesAccountsAndTokens(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		site := w.as("root", "POST", "/api/v1/sites",
			m{"key": "c", "name": "Site C", "origin": []string{"HTTPS://C.example:443", "http://localhost:4000"}})
		if site.status != 201 || site.at("origin").([]any)[0] != "https://c.example" || site.str("moderation") != "all" ||
			site.num("edit_minutes") != 15 {
			t.Fatalf("add a site: got %v", site)
		}
		changed := w.as("root", "PATCH", "/api/v1/sites/c", m{
			"name": "C", "moderation": "new_writers", "suspect": 0.8, "edit_minutes": 5, "rules_ru": "Коротко.",
			"signin_url": "https://c.example/login", "origin": []string{"https://c.example"},
		})
		if changed.str("name") != "C" || changed.str("moderation") != "new_writers" || changed.at("suspect") != 0.8 ||
			changed.num("edit_minutes") != 5 ||
			changed.str("rules_ru") != "Коротко." || changed.str("signin_url") != "https://c.example/login" ||
			len(changed.at("origin").([]any)) != 1 {
			t.Errorf("change a site: got %v", changed)
		}
		want(t, w.as("root", "POST", "/api/v1/sites", m{"key": "c", "name": "C", "origin": []string{"https://c.example"}}),
			422, "field.invalid")
		told := func() m {
			r := w.do(call{path: "/api/v1/sites/c/comments?page=https://c.example/"})
			return m(r.at("settings").(map[string]any))
		}
		if s := told(); len(s["mirrors"].([]any)) != 0 || s["key"] != nil {
			t.Errorf("settings without mirrors: %v", s)
		}
		const mirrors = "https://c.example/comments https://copy.example"
		set := w.as("root", "PATCH", "/api/v1/sites/c", m{"mirrors": mirrors})
		if want(t, set, 200, ""); set.str("mirrors") != mirrors {
			t.Errorf("set mirrors: got %v", set)
		}
		of, err := w.service.Site(context.Background(), "c")
		fatal(t, err)
		key, err := w.service.Signing.SiteKey(context.Background(), authz.Operator, of)
		fatal(t, err)
		testkit.Until(t, "settings have both mirrors and the key", func() bool {
			s := told()
			all := s["mirrors"].([]any)
			return len(all) == 2 && all[1] == "https://copy.example" && s["key"] == key
		})
		want(t, w.as("root", "PATCH", "/api/v1/sites/c", m{"mirrors": "here"}), 422, "field.invalid")
		want(t, w.as("root", "PATCH", "/api/v1/sites/c", m{"moderation": "never"}), 422, "field.invalid")
		want(t, w.as("root", "PATCH", "/api/v1/sites/c", m{"colour": "red"}), 422, "field.unknown")

		hand := w.inSession("root", "POST", "/api/v1/accounts", m{"email": "hand@example.org", "name": "Hand", "role": "moderator",
			"site": []string{"c"}})
		if hand.status != 201 || !strings.HasPrefix(hand.str("link"), w.url+"/moderate/setup#") ||
			hand.str("role") != "moderator" || hand.at("site").([]any)[0] != "c" {
			t.Fatalf("add an account: got %v", hand)
		}
		path := "/api/v1/accounts/" + hand.str("id")
		renamed := w.inSession("root", "PATCH", path, m{"name": "Second hand", "role": "author"})
		if renamed.str("name") != "Second hand" || renamed.str("role") != "author" || renamed.str("link") != "" {
			t.Errorf("change an account: got %v", renamed)
		}
		want(t, w.inSession("root", "POST", "/api/v1/accounts", m{"email": "hand@example.org", "name": "Hand", "role": "moderator"}),
			422, "field.invalid")
		want(t, w.inSession("root", "POST", "/api/v1/accounts", m{"email": "x@example.org", "name": "X", "role": "king"}), 422,
			"field.invalid")

		token := w.inSession("root", "POST", "/api/v1/tokens", m{"account": "hand@example.org", "name": "script",
			"site": []string{"c"}, "scope": "read"})
		if token.status != 201 || token.str("token") == "" || token.str("scope") != "read" {
			t.Fatalf("add a token: got %v", token)
		}
		me := w.do(call{path: "/api/v1/me", bearer: token.str("token")})
		if me.str("account", "email") != "hand@example.org" || me.str("scope") != "read" {
			t.Errorf("me by the token: got %v", me)
		}
		want(t, w.as("root", "POST", "/api/v1/tokens", m{"expires_at": "soon"}), 422, "field.invalid")
		want(t, w.as("root", "POST", "/api/v1/tokens", m{"expires_at": "2020-01-01T00:00:00Z"}), 422, "field.invalid")
		brief := w.as("root", "POST", "/api/v1/tokens", m{"expires_at": "2999-01-01T02:00:00+02:00"})
		if brief.str("expires_at") != "2999-01-01T00:00:00Z" || brief.str("used_at") != "" {
			t.Errorf("a token that ends: got %v", brief)
		}
		listed := w.as("root", "GET", "/api/v1/tokens", nil)
		for _, one := range listed.list("tokens") {
			if one["id"] == token.str("id") && one["used_at"] == nil {
				t.Errorf("a token that was used is listed as %v", one)
			}
		}
		if strings.Contains(string(listed.raw), token.str("token")) {
			t.Errorf("the token's value is listed: %v", listed)
		}
		set = w.inSession("root", "PATCH", "/api/v1/tokens/"+token.str("id"), m{"name": "program", "scope": "decide"})
		if set.str("name") != "program" || set.str("scope") != "decide" {
			t.Errorf("change a token: got %v", set)
		}
		if r := w.as("root", "DELETE", "/api/v1/tokens/"+token.str("id"), nil); r.status != 204 {
			t.Errorf("end a token: got %v", r)
		}
		want(t, w.do(call{path: "/api/v1/me", bearer: token.str("token")}), 401, "auth.needed")

		if r := w.as("root", "DELETE", path, nil); r.status != 204 {
			t.Errorf("remove an account: got %v", r)
		}
		if r := w.as("root", "DELETE", "/api/v1/sites/c", nil); r.status != 204 {
			t.Errorf("remove a site: got %v", r)
		}
		want(t, w.do(call{path: "/api/v1/sites/c/comments?page=https://c.example/"}), 404, "site.unknown")
	})
}

func TestQueue_ItemHasContext(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		root := w.approved(requireBody("The root of it all, approved."))
		body := requireBody("An answer with a link: https://pills.example/buy")
		body["parent"], body["author"] = root, m{"name": "Bo", "email": "bo@mail.example", "website": "https://bo.example/"}
		id := w.post(body).str("id")
		q := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/queue", nil)
		items := q.list("items")
		if len(items) != 1 || q.num("counts", "pending") != 1 || q.num("counts", "approved") != 1 ||
			q.at("counts_capped") != false {
			t.Fatalf("queue: got %v", q)
		}
		i := reply{json: items[0]}
		if i.str("comment", "id") != id || i.str("comment", "email") != "bo@mail.example" ||
			i.str("comment", "body") != body["body"] ||
			i.str("page", "url") != pageA || i.str("parent", "id") != root || i.json["campaign"] != nil ||
			i.num("submissions") != 1 {
			t.Errorf("item: got %v", i.json)
		}
		got := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/queue?q=pills.EXAMPLE", nil).list("items")
		if len(got) != 1 {
			t.Errorf("search by host: got %d, want 1", len(got))
		}
		got = w.as("moderator a", "GET", "/api/v1/sites/a/moderation/queue?state=suspected", nil).list("items")
		if len(got) != 0 {
			t.Errorf("suspected: got %d, want none", len(got))
		}
		w.decide("spam", id, 1)
		one := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/comments/"+id, nil)
		history := one.list("history")
		if len(history) != 1 || history[0]["action"] != "spam" || history[0]["by"] != "moderator a" ||
			one.str("comment", "state") != "spam" {
			t.Errorf("one comment: got %v", one)
		}
		entries := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/log?limit=1", nil)
		newest := entries.list("entries")
		if len(newest) != 1 || newest[0]["seq"] != 2.0 || newest[0]["comment"] != id || newest[0]["to"] != "spam" ||
			entries.str("next") == "" {
			t.Errorf("log: got %v", entries)
		}
		older := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/log?after="+entries.str("next"), nil).list("entries")
		if len(older) != 1 || older[0]["seq"] != 1.0 {
			t.Errorf("the rest of the log: got %v", older)
		}
	})
}

func TestDecide_ReportsConflictsAndDecidesRest(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		fresh, stale, gone := w.post(requireBody(w.text())), w.post(requireBody(w.text())), w.post(requireBody(w.text()))
		foreign := w.do(call{method: "POST", path: "/api/v1/sites/b/comments", body: m{
			"page": m{"url": "https://b.example/post"}, "body": w.text()}})
		already := w.post(requireBody(w.text()))
		w.decide("approve", stale.str("id"), 1)
		w.decide("spam", already.str("id"), 1)
		w.do(call{method: "DELETE", path: "/api/v1/sites/a/comments/" + gone.str("id"), bearer: gone.str("edit_token")})
		d := w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions", m{"action": "spam", "comments": []m{
			{"id": fresh.str("id"), "version": 1}, {"id": stale.str("id"), "version": 1},
			{"id": gone.str("id"), "version": 2}, {"id": "unknown", "version": 1},
			{"id": foreign.str("id"), "version": 1}, {"id": already.str("id"), "version": 1},
		}})
		codes := map[any]any{}
		for _, c := range d.list("conflicts") {
			codes[c["id"]] = c["code"]
		}
		if d.status != 200 || d.num("decided") != 1 || codes[stale.str("id")] != "version.stale" ||
			codes[gone.str("id")] != "comment.removed" || codes["unknown"] != "comment.unknown" ||
			foreign.status != 201 || codes[foreign.str("id")] != "comment.unknown" ||
			codes[already.str("id")] != nil || d.num("unchanged") != 1 {
			t.Errorf("got %v", d)
		}
		there := w.as("owner b", "GET", "/api/v1/sites/b/moderation/comments/"+foreign.str("id"), nil)
		if there.str("comment", "state") != "pending" {
			t.Errorf("the other site has %v", there)
		}
		undo := deskOfA + "/decisions/" + d.str("batch") + "/undo"
		once := w.as("moderator a", "POST", undo, nil)
		if once.num("undone") != 1 {
			t.Errorf("undoing did %v", once)
		}
		for _, path := range []string{undo, deskOfA + "/decisions/" + once.str("batch") + "/undo"} {
			if r := w.as("moderator a", "POST", path, nil); r.status != 200 || r.num("undone") != 0 || r.at("batch") != nil {
				t.Errorf("undoing it again, or the undo, did %v", r)
			}
		}
		for _, c := range d.list("conflicts") {
			if c["id"] == stale.str("id") && (c["by"] != "moderator a" || c["state"] != "approved" || c["version"] != 2.0) {
				t.Errorf("the stale one: got %v", c)
			}
		}
	})
}

func TestAccount_MailSettings(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		me := func() reply { return w.as("owner a", "GET", "/api/v1/me", nil) }
		if r := me(); r.str("account", "mail") != "none" || r.num("account", "mail_from_score") != 0 {
			t.Errorf("default mail settings: got %v", r)
		}
		in := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email("owner a"), "password": password}})
		cookie := map[string]string{"Cookie": strings.SplitN(in.header.Get("Set-Cookie"), ";", 2)[0], "Origin": w.url}
		own := func(body m) reply { return w.do(call{method: "PATCH", path: "/api/v1/me", header: cookie, body: body}) }
		r := own(m{"mail": "each", "mail_from_score": 0.25})
		if r.status != http.StatusOK || r.str("mail") != "each" || r.at("mail_from_score") != 0.25 {
			t.Errorf("each from a score: got %v", r)
		}
		if r := own(m{"name": "Mo"}); r.str("mail") != "each" || r.at("mail_from_score") != 0.25 {
			t.Errorf("another name left of it %v", r)
		}
		want(t, own(m{"mail": "weekly"}), 422, "field.invalid")
		want(t, own(m{"mail_from_score": 1.5}), 422, "field.invalid")
		want(t, own(m{"mail_from_score": -1}), 422, "field.invalid")
		r = w.as("owner a, deciding", "PATCH", "/api/v1/me", m{"mail": "digest"})
		want(t, r, 403, "role.insufficient")
		if r := me(); r.str("account", "mail") != "each" {
			t.Errorf("a refused request changed it: %v", r)
		}
		for _, a := range w.as("root", "GET", "/api/v1/accounts", nil).list("accounts") {
			if _, told := a["mail"]; told {
				t.Errorf("an owner sees the mail settings of %v", a["email"])
			}
		}
	})
}
