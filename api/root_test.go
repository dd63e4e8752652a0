package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestRoot_IsPage(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	browser := "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, tt := range []struct{ path, accept, language, lang, says string }{
		{"/", browser, "", "en", "Comments, read by people."},
		{"/", "*/*", "", "en", "Comments, read by people."}, // curl
		{"/", browser, "ru-RU, en;q=0.5", "ru", "Комментарии, которые читают люди."},
		{"/?lang=kk", browser, "ru", "kk", "Адам оқитын пікірлер."},
	} {
		r := w.do(call{path: tt.path, header: map[string]string{"Accept": tt.accept, "Accept-Language": tt.language}})
		page := string(r.raw)
		if r.status != http.StatusOK || !strings.Contains(page, `<html lang="`+tt.lang+`">`) ||
			!strings.Contains(page, tt.says) {
			t.Errorf("%s in %q: got %d %s", tt.path, tt.language, r.status, page)
		}
		for _, part := range []string{strings.TrimPrefix(w.url, "http://"), `href="/moderate/"`, `href="/docs"`,
			`href="?lang=ru"`} {
			if !strings.Contains(page, part) {
				t.Errorf("%s in %q lacks %s", tt.path, tt.language, part)
			}
		}
		for _, site := range []string{"Site A", "a.example"} {
			if strings.Contains(page, site) {
				t.Errorf("%s tells a stranger of %s", tt.path, site)
			}
		}
	}
	json := w.do(call{path: "/", header: map[string]string{"Accept": "application/json"}})
	if json.status != http.StatusNotFound || json.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("a program asks for JSON: got %v %v", json, json.header)
	}
	w = newWorld(t, testkit.SQLite(t), "", options{anyHost: true})
	if r := w.do(call{path: "/", host: "intranet:8080"}); !strings.Contains(string(r.raw), "<bdi>intranet:8080<") {
		t.Errorf("the page does not say where one is: %s", r.raw)
	}
	for _, host := range []string{`x"><script>alert(1)</script>`, strings.Repeat("h", 4000)} {
		if r := w.do(call{path: "/", host: host}); strings.Contains(string(r.raw), host) {
			t.Errorf("the page repeats the host %.40q", host)
		}
	}
}

func TestRoot_SaysNotReady(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	fatal(t, w.db.Close())
	w.closed = true
	r := w.do(call{path: "/"})
	if r.status != http.StatusOK || !strings.Contains(string(r.raw), "Running, but not ready yet.") {
		t.Errorf("without a database: got %d %s", r.status, r.raw)
	}
}

func TestRobots_RulesForCrawlers(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := w.do(call{path: "/robots.txt"})
	rules := string(r.raw)
	if r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("Content-Type"), "text/plain") {
		t.Fatalf("got %d %v", r.status, r.header)
	}
	for _, rule := range []string{"User-agent: *\n", "Disallow: /moderate/\n", "Disallow: /api/\n",
		"Allow: /api/v1/sites/*/comments\n"} {
		if !strings.Contains(rules, rule) {
			t.Errorf("robots.txt lacks %q:\n%s", rule, rules)
		}
	}
	if !strings.Contains(w.plain(plainA, ""), `<meta name="robots" content="noindex">`) {
		t.Error("a page without script would be listed beside the article")
	}
	icon := w.do(call{path: "/favicon.ico"})
	if icon.status != http.StatusOK || !strings.HasPrefix(string(icon.raw), "\x00\x00\x01\x00\x03\x00") ||
		icon.header.Get("Content-Type") != "image/vnd.microsoft.icon" {
		t.Errorf("favicon.ico: got %d, %.8q, %v", icon.status, icon.raw, icon.header)
	}
}
