package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/widget"
)

func TestReadyz_ReportsRedis(t *testing.T) {
	t.Parallel()
	alone := onSQLite(t)
	if r := alone.do(call{path: "/readyz"}); r.str("redis") != "none" {
		t.Errorf("without Redis: got %v", r)
	}
	redis := testkit.NewRedisServer(t)
	w := newWorld(t, testkit.SQLite(t), redis.URL, options{limits: true})
	is := func(state string) func() bool {
		return func() bool { r := w.do(call{path: "/readyz"}); return r.status == 200 && r.str("redis") == state }
	}
	testkit.Until(w.t, "Redis is up", is("up"))
	redis.Stop(t)
	testkit.Until(w.t, "Redis is down and the service ready", is("down"))
	w.post(requireBody("Without Redis everything works."))
	redis.Start(t)
	testkit.Until(w.t, "Redis is up again", is("up"))
}

// A process that reads events late does not know the decisions of other processes.
func TestReadyz_ReportsLateFollower(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	ready := func() reply { return w.do(call{path: "/readyz"}) }
	w.mute.Store(true)
	testkit.Until(t, "the events cannot be read", func() bool { return strings.Contains(w.log.String(), "events not read") })
	w.clock.Add(9 * time.Second)
	want(t, ready(), 200, "")
	w.clock.Add(2 * time.Second)
	want(t, ready(), 503, "busy")
	if r := w.thread(); r.status != 200 {
		t.Errorf("meanwhile readers are answered %v", r)
	}
	w.mute.Store(false)
	testkit.Until(t, "it has caught up", func() bool { return ready().status == 200 })
}

func TestSpecification_IsServed(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := w.do(call{path: "/api/v1/openapi.json"})
	if r.status != 200 || r.str("openapi") != "3.0.3" || r.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("openapi.json: got %.100s %v", r.raw, r.header)
	}
	docs := string(w.do(call{path: "/docs"}).raw)
	for path := range r.json["paths"].(map[string]any) {
		if !strings.Contains(docs, ">"+path+"<") {
			t.Errorf("/docs does not show %s", path)
		}
	}
	for _, part := range []string{"Post a comment", "idempotency.mismatch", "edit_token: string",
		"state: pending | approved | rejected | spam | removed"} {
		if !strings.Contains(docs, part) {
			t.Errorf("/docs does not show %q", part)
		}
	}
}

// Monitors and link checkers send HEAD.
func TestHEAD_AnswersAsGET(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.approved(requireBody(w.text()))
	for path, status := range map[string]int{
		"/healthz": 200, "/readyz": 200, "/embed.js": 200, "/docs": 200, "/moderate/signin": 200,
		"/api/v1/sites/a/comments?page=" + pageA: 200, "/sites/a/page?url=" + pageA: 200,
		"/api/v1/sites/nowhere/comments?page=" + pageA: 404, "/api/v1/sites/a/moderation/live": 405,
	} {
		res, err := http.Head(w.url + path)
		fatal(t, err)
		body, err := io.ReadAll(res.Body)
		fatal(t, err)
		res.Body.Close()
		if res.StatusCode != status || len(body) > 0 {
			t.Errorf("HEAD %s: got %d and %d bytes, want %d and none", path, res.StatusCode, len(body), status)
		}
		if status == 200 && res.Header.Get("Content-Type") == "" {
			t.Errorf("HEAD %s: the headers of GET are missing: %v", path, res.Header)
		}
	}
}

// TestSpecification_HasEveryRoute checks that each route of the router is in openapi.yaml.
func TestSpecification_HasEveryRoute(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, r := range w.front.Routes() {
		desk := strings.HasPrefix(r.Path, "/moderate") || r.Path == "/m/:token"
		if desk || r.Method == http.MethodOptions || r.Method == "echo_route_not_found" {
			continue
		}
		path := strings.NewReplacer(":site", "{site}", ":id", "{id}", ":batch", "{batch}",
			":token", "{token}", ":part", "{part}", ":provider", "{provider}", `\:`, ":").Replace(r.Path)
		if item := spec().Paths.Value(path); item == nil || item.GetOperation(r.Method) == nil {
			t.Errorf("openapi.yaml lacks %s %s", r.Method, path)
		}
	}
}

func TestWidget_ServedToAnyOrigin(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, f := range widget.Files() {
		if f.Path == "/embed-form.js" && !strings.Contains(w.do(call{path: "/embed.js"}).String(), ".js?v="+f.Version) {
			t.Errorf("embed.js does not name its parts by %s", f.Version)
		}
		r := w.do(call{path: f.Path, header: map[string]string{"Origin": "https://anywhere.example"}})
		if r.status != 200 || string(r.raw) != string(f.Body) || r.header.Get("Access-Control-Allow-Origin") != "*" ||
			!strings.HasPrefix(r.header.Get("Content-Type"), "text/javascript") ||
			r.header.Get("X-Content-Type-Options") != "nosniff" ||
			r.header.Get("Cross-Origin-Resource-Policy") != "cross-origin" ||
			strings.Contains(r.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: got %d, %d bytes, %v", f.Path, r.status, len(r.raw), r.header)
		}
		if kept := w.do(call{path: f.Path + "?v=" + f.Version}); !strings.Contains(kept.header.Get("Cache-Control"),
			"immutable") {
			t.Errorf("%s with its version: got %v", f.Path, kept.header)
		}
		known := w.do(call{path: f.Path, header: map[string]string{"If-None-Match": r.header.Get("ETag")}})
		if known.status != http.StatusNotModified {
			t.Errorf("%s known: got %d", f.Path, known.status)
		}
		zipped := w.send(call{path: f.Path, header: map[string]string{"Accept-Encoding": "gzip"}})
		z, err := gzip.NewReader(zipped.Body)
		fatal(t, err)
		if body, err := io.ReadAll(z); err != nil || string(body) != string(f.Body) {
			t.Errorf("%s compressed: %d bytes, %v", f.Path, len(body), err)
		}
		zipped.Body.Close()
		for accepted, want := range map[string]string{"gzip, deflate, br, zstd": "br", "br;q=0, gzip": "gzip"} {
			got := w.send(call{path: f.Path, header: map[string]string{"Accept-Encoding": accepted}})
			body, err := io.ReadAll(got.Body)
			if coding := got.Header.Get("Content-Encoding"); err != nil || coding != want ||
				(coding == "br") != bytes.Equal(body, f.Brotli) || got.ContentLength != int64(len(body)) {
				t.Errorf("%s with Accept-Encoding %q: got %q, %d of %d bytes, %v", f.Path, accepted, coding, len(body),
					got.ContentLength, err)
			}
			got.Body.Close()
		}
	}
}

// TestLog_HasNoPersonalData sends personal data in all requests and searches the log for it.
func TestLog_HasNoPersonalData(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	posted := w.post(m{
		"page":   m{"url": pageA, "title": "canary-title"},
		"author": m{"name": "canary-name", "email": "canary@mail.example", "website": "https://canary-site.example/"},
		"body":   "canary-text of some length", "form": m{"trap": "canary-trap"},
	})
	w.do(call{path: "/api/v1/sites/a/comments/" + posted.str("id"), bearer: posted.str("edit_token")})
	w.do(call{path: "/canary-path?canary-query=1", header: map[string]string{"User-Agent": "canary-agent",
		"Cookie": "aitys=canary-cookie"}})
	w.do(call{method: "POST", path: "/api/v1/session",
		body: m{"email": "canary@mail.example", "password": "canary-password"}})
	w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: `{"canary-field": `})
	log := w.log.String()
	for _, secret := range []string{"canary", posted.str("edit_token"), w.tokens["owner a"], "127.0.0.1"} {
		if strings.Contains(log, secret) {
			t.Errorf("%q is in the log:\n%s", secret, log)
		}
	}
	if !strings.Contains(log, "route=/api/v1/sites/:site/comments") || !strings.Contains(log, "status=201") {
		t.Errorf("a request has no line in the log:\n%s", log)
	}
}

// The log says why a comment was held, on which site, and which comments a decision changed.
func TestLog_ExplainsComments(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	form := m{"page": m{"url": pageA}, "author": m{"name": "Ann"}, "body": "Look at https://cheap.example for a good price.",
		"form": m{"trap": "x"}}
	id := w.post(form).str("id")
	w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: form})
	listed := w.as("owner a", "GET", "/api/v1/sites", nil).list("sites")
	if queue, _ := listed[0]["queue"].(map[string]any); queue["pending"] != 1.0 || queue["suspected"] != 1.0 ||
		queue["oldest_at"] == nil {
		t.Errorf("the list of sites has %v", listed)
	}
	w.decide("spam", id, 1)
	w.do(call{path: "/api/v1/sites/nowhere/comments?url=" + pageA})
	for _, line := range []string{
		"msg=comment site=a comment=" + id + " state=pending duplicate=false score=0.9",
		`action=spam signals="[link.count honeypot.filled]"`,
		"msg=comment site=a comment=" + id + " state=pending duplicate=true\n",
		"action=spam comments=[" + id + "] done=1",
		"route=/api/v1/sites/:site/comments status=201 ",
	} {
		if !strings.Contains(w.log.String(), line) {
			t.Errorf("the log has no %q:\n%s", line, w.log)
		}
	}
	for line := range strings.Lines(w.log.String()) {
		if !strings.Contains(line, "msg=request") {
			continue
		}
		if strings.Contains(line, "nowhere") || strings.Contains(line, "status=404") == strings.Contains(line, " site=a") {
			t.Errorf("the wrong site, or none: %s", line)
		}
		if !strings.Contains(line, " took=") || !strings.Contains(line, " took_ms=") {
			t.Errorf("no duration: %s", line)
		}
	}
}

// Probes that ask too early, or while the server stops, are no errors.
func TestReadyz_StartAndStopAreNoErrors(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.front.Drain()
	want(t, w.do(call{path: "/readyz"}), 503, "busy")
	log := &testkit.Log{}
	starting, err := apptest.NewApp(t.Context(), w.db, app.Coordination{}, testSecret, app.Options{Clock: w.clock,
		Log: slog.New(slog.NewTextHandler(log, nil)), PublicURL: &url.URL{Scheme: "http", Host: "127.0.0.1"}})
	fatal(t, err)
	front := starting.Handler()
	t.Cleanup(front.Close)
	probe := httptest.NewRecorder()
	front.ServeHTTP(probe, httptest.NewRequest("GET", "http://127.0.0.1/readyz", nil))
	if probe.Code != http.StatusServiceUnavailable {
		t.Errorf("before it follows events it answers %d", probe.Code)
	}
	for _, said := range []string{w.log.String(), log.String()} {
		if !strings.Contains(said, "level=INFO msg=request") || strings.Contains(said, "level=ERROR") {
			t.Errorf("the log of the probe:\n%s", said)
		}
	}
}

func TestProblems_DoNotEchoInput(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	const hostile = "<script>alert(1)</script>"
	for _, c := range []call{
		{path: "/" + "%3Cscript%3Ealert(1)%3C/script%3E"},
		{path: "/api/v1/sites/a/comments?page=" + pageA + "&sort=%3Cscript%3Ealert(1)%3C/script%3E"},
		{path: "/sites/a/page?url=%3Cscript%3Ealert(1)%3C/script%3E"},
		{path: "/moderate/%3Cscript%3Ealert(1)%3C/script%3E"},
	} {
		for _, accept := range []string{"text/html", "application/json"} {
			c.header = map[string]string{"Accept": accept}
			if r := w.do(c); strings.Contains(string(r.raw), hostile) {
				t.Errorf("GET %s as %s repeats it: %s", c.path, accept, r.raw)
			}
		}
	}
	var p struct{ Code string }
	if r := w.do(call{path: "/nothing"}); json.Unmarshal(r.raw, &p) != nil || p.Code != "route.unknown" {
		t.Errorf("an unknown address to a program: got %v", r)
	}
}
