package api_test

import (
	"cmp"
	"net/http"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

func TestCORS_OriginsMatchExactly(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	id := w.approved(requireBody(w.text()))
	foreign := []string{
		"null", "file://", "*", "http://a.example", "https://a.example:8443", "https://a.example.", "https://a.example/",
		"https://a.example.evil.example", "https://evila.example", "https://evil.example/https://a.example",
		"https://evil.example?https://a.example", "https://a.example#", "https://user@a.example",
		"https://a.example,https://evil.example", "https://a.example https://evil.example",
		"https://a.example`.evil.example", "https://%61.example", originB, "http://localhost", "http://127.0.0.1",
		"https://[::1]", "ftp://a.example", "data:", "javascript:", "chrome-extension://abcdefghijklmnop",
		"https://sub.a.example", "https://a.example%00",
		strings.Replace(w.url, "127.0.0.1", "127.0.0.2", 1),
	}
	allowed := []string{originA, "http://localhost:1313", w.url}
	check := func(origin string, may bool) {
		t.Helper()
		header := map[string]string{"Origin": origin}
		echoed := ""
		if may {
			echoed = origin
		}
		for _, path := range []string{"comments?page=" + pageA, "comments/" + id, "form", "comments/unknown"} {
			r := w.do(call{path: "/api/v1/sites/a/" + path, header: header})
			if got := r.header.Get("Access-Control-Allow-Origin"); got != echoed {
				t.Errorf("GET %s from %s: Access-Control-Allow-Origin %q, want %q", path, origin, got, echoed)
			}
			if r.status == http.StatusForbidden || !strings.Contains(r.header.Get("Vary"), "Origin") ||
				r.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("GET %s from %s: got %d, Vary %q", path, origin, r.status, r.header.Get("Vary"))
			}
		}
		for _, c := range []call{
			{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text())},
			{method: "POST", path: "/api/v1/sites/a/preview", body: m{"body": "x"}},
			{method: "PATCH", path: "/api/v1/sites/a/comments/" + id, body: m{"body": "x"}},
			{method: "DELETE", path: "/api/v1/sites/a/comments/" + id},
		} {
			c.header = header
			r := w.do(c)
			got, vary := r.header.Get("Access-Control-Allow-Origin"), r.header.Get("Vary")
			if got != echoed || !strings.Contains(vary, "Origin") {
				t.Errorf("%s %s from %s: Access-Control-Allow-Origin %q, want %q; Vary %q",
					c.method, c.path, origin, got, echoed, vary)
			}
			if refused := r.code() == "origin.foreign"; refused == may {
				t.Errorf("%s %s from %s: got %v, refused should be %v", c.method, c.path, origin, r, !may)
			}
		}
		pre := w.do(call{method: "OPTIONS", path: "/api/v1/sites/a/comments", header: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "POST",
			"Access-Control-Request-Headers": "content-type,idempotency-key",
		}})
		got := pre.header.Get("Access-Control-Allow-Origin")
		if pre.status != http.StatusNoContent || got != echoed || !strings.Contains(pre.header.Get("Vary"), "Origin") {
			t.Errorf("preflight from %s: got %d %q, want %q", origin, pre.status, got, echoed)
		}
		if may && !strings.Contains(pre.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
			t.Errorf("preflight from %s: got %v", origin, pre.header)
		}
	}
	for _, o := range allowed {
		check(o, true)
	}
	for _, o := range foreign {
		check(o, false)
	}
}

// A host name that resolves to this server, also by DNS rebinding, is not the service's own origin.
func TestCORS_OwnOriginIsPublicURL(t *testing.T) {
	t.Parallel()
	const public = "https://comments.example"
	for _, tt := range []struct {
		name         string
		o            options
		host, origin string
		want         int
	}{
		{"its address", options{public: public}, "comments.example", public, http.StatusOK},
		{"another name", options{public: public}, "evil.example", "http://evil.example", http.StatusForbidden},
		{"where it listens", options{public: public}, "", "", http.StatusForbidden},
		{"any name, when it has none", options{anyHost: true}, "intranet", "http://intranet", http.StatusOK},
		{"another than the name asked", options{anyHost: true}, "intranet", "http://evil.example", http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, testkit.SQLite(t), "", tt.o)
			r := w.do(call{method: "POST", path: "/api/v1/sites/a/preview", host: tt.host,
				header: map[string]string{"Origin": cmp.Or(tt.origin, w.url)}, body: m{"body": "x"}})
			if r.status != tt.want {
				t.Errorf("got %v, want %d", r, tt.want)
			}
			hsts := ""
			if tt.o.public != "" {
				hsts = "max-age=63072000"
			}
			if got := r.header.Get("Strict-Transport-Security"); got != hsts {
				t.Errorf("Strict-Transport-Security is %q, want %q", got, hsts)
			}
		})
	}
}

func TestCORS_CachedAnswerVariesByOrigin(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.approved(requireBody(w.text()))
	etag := w.thread().header.Get("ETag")
	for _, origin := range []string{originA, originB, w.url, ""} {
		c := call{path: "/api/v1/sites/a/comments?page=" + pageA, header: map[string]string{"If-None-Match": etag}}
		want := ""
		if origin != "" {
			c.header["Origin"] = origin
		}
		if origin == originA || origin == w.url {
			want = origin
		}
		r := w.do(c)
		if r.status != http.StatusNotModified || r.header.Get("Access-Control-Allow-Origin") != want ||
			!strings.Contains(r.header.Get("Vary"), "Origin") {
			t.Errorf("304 to %q: got %d %v, want %q echoed", origin, r.status, r.header, want)
		}
	}
}

func TestCSRF_ModeratorRoutesRefuseForeignPages(t *testing.T) {
	t.Parallel()
	const session, decisions = "/api/v1/session", "/api/v1/sites/a/moderation/decisions"
	w := onSQLite(t)
	signedIn := w.do(call{method: "POST", path: session, body: m{"email": email("owner a"), "password": password}})
	if signedIn.status != http.StatusOK {
		t.Fatalf("sign in: %v", signedIn)
	}
	cookie := strings.Split(signedIn.header.Get("Set-Cookie"), ";")[0]
	id := w.post(requireBody(w.text())).str("id")
	decision := m{"action": "spam", "comments": []m{{"id": id, "version": 1}}}
	for _, header := range []map[string]string{
		{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		{"Origin": "null", "Sec-Fetch-Site": "cross-site"},
		{"Origin": originA, "Sec-Fetch-Site": "cross-site"}, // a page of the site, not of the service
		{"Origin": "https://evil.example"},
		{"Sec-Fetch-Site": "same-site", "Origin": "http://sub.example"},
		{}, // a session cookie without Origin and Sec-Fetch-Site
	} {
		header["Cookie"] = cookie
		want(t, w.do(call{method: "POST", path: decisions, body: decision, header: header}), 403, "origin.foreign")
		stranger := m{"email": "x@example.org", "password": "x"}
		want(t, w.do(call{method: "POST", path: session, body: stranger, header: header}), 403, "origin.foreign")
		if r := w.do(call{path: "/api/v1/me", header: header}); r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("an answer to a moderator may be read from %v", header)
		}
	}
	pre := w.do(call{method: "OPTIONS", path: decisions, header: map[string]string{
		"Origin": originA, "Access-Control-Request-Method": "POST",
	}})
	if pre.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a preflight to the moderators' side: got %v %v", pre, pre.header)
	}
	// The same request from the service's own page succeeds. A form's media type or another encoding is refused.
	own := map[string]string{"Cookie": cookie, "Origin": w.url, "Sec-Fetch-Site": "same-origin"}
	for _, media := range []string{"text/plain", "application/json; charset=utf-16"} {
		want(t, w.do(call{method: "POST", path: decisions, body: decision, header: map[string]string{
			"Cookie": cookie, "Origin": w.url, "Sec-Fetch-Site": "same-origin", "Content-Type": media,
		}}), 415, "media_type")
	}
	if r := w.do(call{method: "POST", path: decisions, body: decision, header: own}); r.num("decided") != 1 {
		t.Errorf("from our own page: got %v", r)
	}
}

// Requests of refused origins are counted for the site's owners, on every route and in every process. A count may be lost
// if Redis is slow.
func TestCORS_ForeignOriginIsCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		const foreign = "https://elsewhere.example"
		blog, err := w.service.Site(t.Context(), "a")
		fatal(t, err)
		counts := func() (letIn, refused []site.OriginRequest) {
			letIn, refused, err := w.service.OriginRequests(t.Context(), authz.Operator, blog)
			fatal(t, err)
			return letIn, refused
		}
		times := func(of []site.OriginRequest) (n int) {
			for _, o := range of {
				n += o.Times
			}
			return n
		}
		thread := "/api/v1/sites/a/comments?page=" + pageA
		header := map[string]string{"Origin": foreign}
		for _, c := range []call{
			{path: thread, header: header},
			{path: "/api/v1/sites/a/form", header: header},
			{method: "POST", path: "/api/v1/sites/a/comments", body: requireBody(w.text()), header: header},
		} {
			_, before := counts()
			testkit.Until(t, c.method+" "+c.path+" is counted", func() bool {
				w.do(c)
				_, after := counts()
				return times(after) > times(before)
			})
		}
		for _, origin := range []string{w.url, "null", "x"} {
			w.do(call{path: thread, header: map[string]string{"Origin": origin}})
		}
		testkit.Until(t, "a request of the site's own page is counted", func() bool {
			w.do(call{path: thread, header: map[string]string{"Origin": originA}})
			letIn, _ := counts()
			return len(letIn) > 0
		})
		letIn, refused := counts()
		if len(letIn) != 1 || letIn[0].Origin != originA {
			t.Errorf("let in: got %v, want only %s", letIn, originA)
		}
		if len(refused) != 1 || refused[0].Origin != foreign {
			t.Errorf("refused: got %v, want only %s", refused, foreign)
		}
	})
}

// Pages of any origin may read site.unknown, so that the widget can report a misspelled site key.
func TestCORS_UnknownSiteIsReadable(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, key := range []string{"blgo", "%20"} {
		r := w.do(call{path: "/api/v1/sites/" + key + "/comments?page=" + pageA,
			header: map[string]string{"Origin": "https://elsewhere.example"}})
		want(t, r, 404, "site.unknown")
		if r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: got %v", key, r.header)
		}
	}
}
