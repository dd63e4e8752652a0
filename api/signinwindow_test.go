package api_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A windowBrowser is a browser with the sign-in window open.
type windowBrowser struct {
	*world
	cookies string
}

const windowOfA = "/sites/a/signin?origin=" + originA

// press submits a form of the window.
func (s *windowBrowser) press(path string, form url.Values) reply {
	s.t.Helper()
	r := s.do(call{method: "POST", path: path, body: form,
		header: map[string]string{"Cookie": s.cookies, "Sec-Fetch-Site": "same-origin", "Origin": s.url}})
	for _, set := range r.header.Values("Set-Cookie") {
		if pair, _, _ := strings.Cut(set, ";"); strings.HasPrefix(pair, "aitys=") {
			s.cookies = pair
		}
	}
	return r
}

func (s *windowBrowser) see(path, from string) reply {
	s.t.Helper()
	return s.do(call{path: path, header: map[string]string{"Cookie": s.cookies, "Sec-Fetch-Site": from}})
}

// signInWindow signs in through the window.
func (w *world) signInWindow() *windowBrowser {
	w.t.Helper()
	s := &windowBrowser{world: w}
	r := s.press(windowOfA, url.Values{"do": {"signin"}, "email": {email("owner a")}, "password": {password}})
	want(w.t, r, 303, "")
	back := "/sites/a/signin?" + url.Values{"origin": {originA}}.Encode()
	if to := r.header.Get("Location"); to != back {
		w.t.Errorf("signed in, one is led to %s", to)
	}
	return s
}

var handedOver = regexp.MustCompile(`data-origin="([^"]*)" data-handed="([^"]*)"`)

// identityMessage returns the message that the window posts to the page that opened it.
func (s *windowBrowser) identityMessage(path string) (told map[string]any) {
	s.t.Helper()
	r := s.press(path, url.Values{"do": {"continue"}})
	found := handedOver.FindSubmatch(r.raw)
	if r.status != 200 || found == nil {
		return nil
	}
	if origin := html.UnescapeString(string(found[1])); origin != originA {
		s.t.Errorf("it is handed to %s", origin)
	}
	fatal(s.t, json.Unmarshal([]byte(html.UnescapeString(string(found[2]))), &told))
	return told
}

func TestSignInWindow_StaffGetBadge(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		s := w.signInWindow()
		seen := s.see(windowOfA, "same-origin")
		if page := string(seen.raw); !strings.Contains(page, "Continue as owner a on") ||
			strings.Contains(page, "data-handed") {
			t.Errorf("before a button was pressed: %s", page)
		}
		told := s.identityMessage(windowOfA)
		if told["aitys"] != "identity" || told["name"] != "owner a" || told["badge"] != "owner" ||
			told["author"] != true || told["verified"] != true ||
			told["expires_at"] != w.clock.Now().Add(12*time.Hour).Format(time.RFC3339Nano) {
			t.Fatalf("the window posts %v", told)
		}
		identity, _ := told["identity"].(string)
		as := func(id string) m { return with(requireBody(w.text()), "author", m{"identity": id}) }
		mine := w.post(as(identity))
		if mine.str("state") != "approved" || mine.str("edit_token") == "" {
			t.Fatalf("answered %v", mine)
		}
		testkit.Until(t, "it is shown with its badge", func() bool {
			all := w.do(call{path: "/api/v1/sites/a/comments?page=" + pageA}).list("comments")
			if len(all) != 1 {
				return false
			}
			who, _ := all[0]["author"].(map[string]any)
			return who["name"] == "owner a" && who["badge"] == "owner"
		})
		own := "/api/v1/sites/a/comments/" + mine.str("id")
		want(t, w.do(call{method: "DELETE", path: own, bearer: mine.str("edit_token")}), 204, "")

		posts := call{method: "POST", path: "/api/v1/sites/a/comments"}
		posts.body = with(requireBody(w.text()), "author", m{"identity": identity, "name": "Another"})
		want(t, w.do(posts), 422, "field.invalid")
		posts.body = as(w.tokens["owner a"])
		want(t, w.do(posts), 401, "identity.refused")
		posts.path, posts.body = "/api/v1/sites/b/comments",
			m{"page": m{"url": originB + "/post"}, "body": w.text(), "author": m{"identity": identity}}
		want(t, w.do(posts), 401, "identity.refused")
		want(t, w.do(call{path: "/api/v1/me", bearer: identity}), 401, "auth.needed")
		want(t, w.do(call{path: "/api/v1/sites/a/moderation/queue", bearer: identity}), 401, "auth.needed")

		w.clock.Add(time.Second)
		end := call{method: "DELETE", path: "/api/v1/sites/a/identity", bearer: identity,
			header: map[string]string{"Origin": originA}}
		for range 2 {
			want(t, w.do(end), 204, "")
		}
		posts.path, posts.body = "/api/v1/sites/a/comments", as(identity)
		want(t, w.do(posts), 401, "identity.refused")
		w.clock.Add(time.Second)
		if told = s.identityMessage(windowOfA); told == nil {
			t.Error("cannot sign in again after signing out")
		}
	})
}

func TestSignInWindow_RefusesOtherOrigins(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	s := w.signInWindow()
	for _, origin := range []string{"https://evil.example", "null", "", originA + ".evil.example", originB, "*",
		strings.ToUpper(originA), originA + "/", originA + "/../x", "http" + strings.TrimPrefix(originA, "https")} {
		path := "/sites/a/signin?origin=" + url.QueryEscape(origin)
		want(t, s.see(path, "same-origin"), 403, "")
		if told := s.identityMessage(path); told != nil {
			t.Errorf("the window posts to %q: %v", origin, told)
		}
	}
	want(t, s.see("/sites/nowhere/signin?origin="+originA, "same-origin"), 404, "")

	// A form submitted by a page of the site is refused.
	for _, from := range []map[string]string{
		{"Sec-Fetch-Site": "cross-site", "Origin": originA}, {"Sec-Fetch-Site": "same-site", "Origin": originA},
		{"Origin": originA}, {},
	} {
		from["Cookie"] = s.cookies
		r := w.do(call{method: "POST", path: windowOfA, body: url.Values{"do": {"continue"}}, header: from})
		want(t, r, 403, "")
		if strings.Contains(string(r.raw), "data-handed") {
			t.Errorf("from %v: %s", from, r.raw)
		}
	}

	// An account of another site gets no identity on this one.
	who := "/sites/b/signin?origin=" + originB
	if seen := s.see(who, "same-origin"); !strings.Contains(string(seen.raw), "owner a has no role on this site") ||
		strings.Contains(string(seen.raw), "Continue as") {
		t.Errorf("on another site: %s", seen.raw)
	}
	want(t, s.press(who, url.Values{"do": {"continue"}}), 303, "")
	want(t, s.press(windowOfA, url.Values{"do": {"dance"}}), 422, "")

	want(t, s.press(windowOfA, url.Values{"do": {"leave"}}), 303, "")
	want(t, s.press(windowOfA, url.Values{"do": {"continue"}}), 303, "")
	r := s.press(windowOfA, url.Values{"do": {"signin"}, "email": {`"><b>x@y.z`}, "password": {"no"}})
	want(t, r, 401, "")
	if !strings.Contains(string(r.raw), "Wrong e-mail or password.") || strings.Contains(string(r.raw), "<b>") {
		t.Errorf("refused by %s", r.raw)
	}
}

func TestSignInWindow_KeepsOpener(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	s := w.signInWindow()
	for name, r := range map[string]reply{
		"from another site": (&windowBrowser{world: w}).see(windowOfA, "cross-site"),
		"from the window":   (&windowBrowser{world: w}).see(windowOfA, "same-origin"),
		"signed in":         s.see(windowOfA, "same-origin"),
		"confirmed":         s.press(windowOfA, url.Values{"do": {"continue"}}),
	} {
		h := r.header
		policy := h.Get("Content-Security-Policy")
		if r.status != http.StatusOK || h.Get("Cross-Origin-Opener-Policy") != "unsafe-none" ||
			h.Get("Cache-Control") != "no-store" || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: %d %v", name, r.status, h)
		}
		if name == "from another site" && h.Get("Refresh") != "0" {
			t.Error("a request from another site is not redirected here again")
		}
	}
}
