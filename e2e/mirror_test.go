package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// ran is the script of hostile strings. It records that it ran on the blog's page, or in a window that the page opened.
const ran = `(window.opener||window).fired.push('ran')`

// A hostileMirror controls one of the mirror addresses of a page.
type hostileMirror struct {
	*httptest.Server
	sent  atomic.Int64 // bytes sent
	lives atomic.Int64 // number of stream requests
}

// hostileMirror starts a mirror that answers as the service and as a copy. nil answers 404.
func (b *blocked) hostileMirror(service, copy http.HandlerFunc) *hostileMirror {
	s := &hostileMirror{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		answer := http.NotFound
		switch {
		case strings.HasSuffix(r.URL.Path, "/live"):
			s.lives.Add(1)
		case strings.HasSuffix(r.URL.Path, "/comments") && service != nil:
			answer = service
		case strings.HasSuffix(r.URL.Path, ".json") && copy != nil:
			answer = copy
		}
		answer(&countingWriter{w, &s.sent}, r)
	}))
	b.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// A countingWriter counts the bytes that are sent.
type countingWriter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// respondWith returns a handler that sends body.
func respondWith(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// endlessBody returns a handler that sends begin, and then more until the client disconnects.
func endlessBody(begin, more string, every time.Duration) http.HandlerFunc {
	more = strings.Repeat(more, 1+(64<<10)/len(more))
	if every > 0 {
		more = " "
	}
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write([]byte(begin))
		for err == nil && r.Context().Err() == nil {
			_, err = w.Write([]byte(more))
			_ = http.NewResponseController(w).Flush() // the next write fails if the client is gone
			time.Sleep(every)
		}
	}
}

// Unwrap implements the interface of http.ResponseController, for Flush.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// listing returns the service's listing of the page with changes.
func (b *blocked) listing(changes ...func(all map[string]any)) string {
	one := map[string]any{"id": "one", "version": 1, "parent": nil, "depth": 0, "state": "approved",
		"author": map[string]any{"name": "Mallory", "badge": nil, "url": nil}, "html": "<p>" + stolen + "</p>",
		"lang": "en", "created_at": "2026-11-20T10:00:00Z", "edited_at": nil, "votes": 0}
	all := map[string]any{"page": map[string]any{"url": b.site.URL + "/harbour", "title": "", "open": true, "count": 1},
		"settings": map[string]any{}, "comments": []any{one}, "next": nil}
	for _, change := range changes {
		change(all)
	}
	said, err := json.Marshal(all)
	b.must(err)
	return string(said)
}

// setFirst sets a member of the first comment.
func setFirst(name string, value any) func(map[string]any) {
	return func(all map[string]any) { all["comments"].([]any)[0].(map[string]any)[name] = value }
}

// setMember sets a member of a part of a listing.
func setMember(part, name string, value any) func(map[string]any) {
	return func(all map[string]any) { all[part].(map[string]any)[name] = value }
}

// watched opens a tab that records scripts of hostile strings. The page has no Content-Security-Policy.
func (b *blocked) watched() *testkit.Tab {
	b.t.Helper()
	tab := b.tab(1280, 900, false)
	b.must(tab.AddInitScript(watch), bypass(tab))
	return tab
}

// unharmed fails if hostile script ran, or if hostile markup is on the page.
func (b *blocked) unharmed(tab *testkit.Tab) {
	b.t.Helper()
	fired, err := testkit.Eval[[]string](tab, "window.fired")
	b.must(err)
	found, err := testkit.Eval[[]string](tab, foreignMarkup+"(document, [])")
	b.must(err)
	if len(fired)+len(found) > 0 {
		b.t.Errorf("on the blog's page ran %v, and there is %v", fired, found)
	}
}

// An attacker controls an old mirror address. It answers as the service, as a copy, or with endless data. No script runs,
// and readers still get the comments of the next address.
func TestMirror_HostileMirrorRunsNothing(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.dir = b.copy("blog")
	good := b.hostCopy(b.dir)
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	script := "javascript:" + ran
	wall := httptest.NewServer(respondWith("<h1>This site is blocked</h1><script>" + ran + "</script>"))
	defer wall.Close()
	to := func(url string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, url, http.StatusFound) }
	}
	many := b.listing(func(all map[string]any) {
		one := all["comments"].([]any)[0]
		for range 5_000 {
			all["comments"] = append(all["comments"].([]any), one)
		}
	})
	forged := fmt.Sprintf(`{"site":"blog","key":%q,"generated_at":%q,"signature":"AAAA","pages":{`, b.key,
		time.Now().UTC().Format(time.RFC3339))
	for _, c := range []struct {
		name          string
		service, copy http.HandlerFunc
	}{
		{"a sign-in that is script", respondWith(b.listing(setMember("settings", "signin_url", script))), nil},
		{"no comment", respondWith(b.listing(func(all map[string]any) { all["comments"] = []any{nil} })), nil},
		{"an id that is markup", respondWith(b.listing(setFirst("id", `x" onclick="`+ran))), nil},
		{"a text that is none", respondWith(b.listing(setFirst("html", []int{1}))), nil},
		{"a time that is none", respondWith(b.listing(setFirst("created_at", "soon"))), nil},
		{"an author that is none", respondWith(b.listing(setFirst("author", "Mallory"))), nil},
		{"a count that is none", respondWith(b.listing(setMember("page", "count", "many"))), nil},
		{"many comments", respondWith(many), nil},
		{"many elements", respondWith(b.listing(setFirst("html", strings.Repeat("<p>", 400_000)))), nil},
		{"deep", respondWith(strings.Repeat(`{"page":`, 200_000)), respondWith(strings.Repeat("[", 1_000_000))},
		{"an endless list of comments", endlessBody(`{"page":"`, "x", 0), nil},
		{"an endless list of pages", nil, endlessBody(forged+`"x":{"file":"a.json","sha256":""}`, ` `, 0)},
		{"a list that drips", endlessBody(`{`, " ", 50*time.Millisecond), endlessBody(`{`, " ", 50*time.Millisecond)},
		{"somebody else's page", to(wall.URL), to(wall.URL)},
		{"round and round", to("/api/v1/sites/blog/comments"), to("/aitys.json")},
		{"a script", to(script), to("data:application/json,{}")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := b.hostileMirror(c.service, c.copy)
			b.script("http://"+b.proxy.Addr, s.URL, good)
			tab := b.watched()
			began := time.Now()
			b.steps(tab,
				func() error { return tab.Go(b.site.URL + "/harbour") },
				func() error { return tab.Holds(shows(inCopy)) },
				func() error { return tab.Holds(shows(isCopy)) },
				func() error { return tab.Holds("!(" + shows(stolen) + ")") },
			)
			if took := time.Since(began); took > 20*time.Second+testkit.Slack() {
				t.Errorf("readers had the copy after %v", took)
			}
			const most = 64 << 20 // includes data in flight when the reader disconnects
			if n := s.sent.Load(); n > most {
				t.Errorf("%d bytes were read of it", n)
			}
			b.unharmed(tab)
		})
	}
}

// A hostile mirror that answers as the service can show its own texts, but only as plain text.
func TestMirror_HostileMirrorShowsOnlyText(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.dir = b.copy("blog")
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	all, _ := hostileStrings(t)
	texts := append(all[:stringsPerField:stringsPerField], `<img src=x onerror=`+ran+`>`, `<a href="javascript:`+ran+`">x</a>`,
		`<svg onload=`+ran+`>`, `<script>`+ran+`</script>`, `<iframe srcdoc="<script>parent.`+ran+`</script>">`)
	hostile := func(n int) string {
		return b.listing(func(all map[string]any) {
			template := all["comments"].([]any)[0].(map[string]any)
			var comments []any
			for i := range 25 {
				one, text := map[string]any{}, texts[(n+i)%len(texts)]
				for name, value := range template {
					one[name] = value
				}
				one["id"], one["html"], one["lang"] = fmt.Sprint("c", i), text, text
				one["author"] = map[string]any{"name": text, "badge": text, "url": text}
				comments = append(comments, one)
			}
			comments = append(comments, template)
			all["comments"] = comments
			setMember("settings", "rules", texts[n%len(texts)])(all)
			setMember("page", "title", texts[n%len(texts)])(all)
		})
	}
	for n := 0; n < len(texts); n += 25 {
		s := b.hostileMirror(respondWith(hostile(n)), nil)
		b.script("http://"+b.proxy.Addr, s.URL)
		tab := b.watched()
		b.steps(tab,
			func() error { return tab.Go(b.site.URL + "/harbour") },
			func() error { return tab.Holds(shows(stolen)) },
			func() error { return tab.Holds("!(" + shows(isCopy) + ")") },
		)
		if n == 0 { // the widget must not keep a stream open
			b.must(tab.Holds(`performance.getEntriesByType("resource").some(e => e.name.includes("embed-live"))`))
		}
		b.unharmed(tab)
		if n := s.lives.Load(); n > 0 {
			t.Errorf("a stream was asked for %d times", n)
		}
	}

	// Positive control: the same strings on a page without the widget must be detected.
	tab := b.watched()
	b.must(tab.Go(b.site.URL + "/harbour"))
	for _, text := range texts {
		said, err := json.Marshal(text)
		b.must(err)
		_, err = testkit.Eval[bool](tab, fmt.Sprintf(`(document.body.insertAdjacentHTML("beforeend", %s), true)`, said))
		b.must(err)
	}
	b.must(tab.Holds(`window.fired.includes("ran")`))
	found, err := testkit.Eval[[]string](tab, foreignMarkup+"(document, [])")
	if b.must(err); len(found) == 0 {
		t.Error("what could run is not seen")
	}
	_, err = testkit.Eval[bool](tab, fmt.Sprintf(`(() => { const a = document.createElement("a")
		a.href = %q; a.target = "aitys"; a.textContent = "Sign in"; document.body.replaceChildren(a)
		window.fired.length = 0; return true })()`, "javascript:"+ran))
	b.must(err, tab.Click("link", "Sign in"), tab.Holds(`window.fired.includes("ran")`))
}
