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

// ran is what a script says that runs on the blog's page, or in a window that it opened.
const ran = `(window.opener||window).fired.push('ran')`

// A stranger keeps one of the addresses that the page names, and answers what it likes.
type stranger struct {
	*httptest.Server
	sent  atomic.Int64 // bytes
	lives atomic.Int64 // how often a stream was asked for
}

// stranger answers as the service, or as a copy; nil: that address has nothing.
func (b *blocked) stranger(service, copy http.HandlerFunc) *stranger {
	s := &stranger{}
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
		answer(&counting{w, &s.sent}, r)
	}))
	b.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// counting counts what is sent.
type counting struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// saying answers with these bytes.
func saying(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
}

// unending answers with a beginning, and then with the same for as long as somebody reads.
func unending(begin, more string, every time.Duration) http.HandlerFunc {
	more = strings.Repeat(more, 1+(64<<10)/len(more))
	if every > 0 {
		more = " "
	}
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := w.Write([]byte(begin))
		for err == nil && r.Context().Err() == nil {
			_, err = w.Write([]byte(more))
			_ = http.NewResponseController(w).Flush() // who has gone is noticed by the next write
			time.Sleep(every)
		}
	}
}

// Unwrap lets an answer be flushed.
func (c *counting) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// listing is what the service would say of the page, after each change that a stranger makes.
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

// of changes the first comment.
func of(name string, value any) func(map[string]any) {
	return func(all map[string]any) { all["comments"].([]any)[0].(map[string]any)[name] = value }
}

// in changes a member of a listing.
func in(part, name string, value any) func(map[string]any) {
	return func(all map[string]any) { all[part].(map[string]any)[name] = value }
}

// watched is a tab that notes what must never happen, on a page whose policy forbids nothing.
func (b *blocked) watched() *testkit.Tab {
	b.t.Helper()
	tab := b.tab(1280, 900, false)
	b.must(tab.BeforeEach(watch), bypass(tab))
	return tab
}

// unharmed fails where something of a stranger's ran, or could.
func (b *blocked) unharmed(tab *testkit.Tab) {
	b.t.Helper()
	fired, err := testkit.Eval[[]string](tab, "window.fired")
	b.must(err)
	found, err := testkit.Eval[[]string](tab, strange+"(document, [])")
	b.must(err)
	if len(fired)+len(found) > 0 {
		b.t.Errorf("on the blog's page ran %v, and there is %v", fired, found)
	}
}

// A stranger who came by an address that pages still name answers as the service, as a copy, or with whatever keeps
// browsers busy. Nothing of it runs, and it keeps nobody from what a better address has.
func TestAMirrorThatIsAStrangers(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.dir = b.copy("blog")
	good := b.lies(b.dir)
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	script := "javascript:" + ran
	wall := httptest.NewServer(saying("<h1>This site is blocked</h1><script>" + ran + "</script>"))
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
		{"a sign-in that is script", saying(b.listing(in("settings", "signin_url", script))), nil},
		{"no comment", saying(b.listing(func(all map[string]any) { all["comments"] = []any{nil} })), nil},
		{"an id that is markup", saying(b.listing(of("id", `x" onclick="`+ran))), nil},
		{"a text that is none", saying(b.listing(of("html", []int{1}))), nil},
		{"a time that is none", saying(b.listing(of("created_at", "soon"))), nil},
		{"an author that is none", saying(b.listing(of("author", "Mallory"))), nil},
		{"a count that is none", saying(b.listing(in("page", "count", "many"))), nil},
		{"many comments", saying(many), nil},
		{"many elements", saying(b.listing(of("html", strings.Repeat("<p>", 400_000)))), nil},
		{"deep", saying(strings.Repeat(`{"page":`, 200_000)), saying(strings.Repeat("[", 1_000_000))},
		{"an endless list of comments", unending(`{"page":"`, "x", 0), nil},
		{"an endless list of pages", nil, unending(forged+`"x":{"file":"a.json","sha256":""}`, ` `, 0)},
		{"a list that drips", unending(`{`, " ", 50*time.Millisecond), unending(`{`, " ", 50*time.Millisecond)},
		{"somebody else's page", to(wall.URL), to(wall.URL)},
		{"round and round", to("/api/v1/sites/blog/comments"), to("/aitys.json")},
		{"a script", to(script), to("data:application/json,{}")},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := b.stranger(c.service, c.copy)
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
			const most = 64 << 20 // what is on its way when a reader lets go is sent, too
			if n := s.sent.Load(); n > most {
				t.Errorf("%d bytes were read of it", n)
			}
			b.unharmed(tab)
		})
	}
}

// What a stranger may do all the same: who answers as the service has words of its own shown. They stay words.
func TestAMirrorThatAnswersAsTheServiceShowsWords(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	b := newBlocked(t)
	b.dir = b.copy("blog")
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	all, _ := hostileStrings(t)
	texts := append(all[:first:first], `<img src=x onerror=`+ran+`>`, `<a href="javascript:`+ran+`">x</a>`,
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
			in("settings", "rules", texts[n%len(texts)])(all)
			in("page", "title", texts[n%len(texts)])(all)
		})
	}
	for n := 0; n < len(texts); n += 25 {
		s := b.stranger(saying(hostile(n)), nil)
		b.script("http://"+b.proxy.Addr, s.URL)
		tab := b.watched()
		b.steps(tab,
			func() error { return tab.Go(b.site.URL + "/harbour") },
			func() error { return tab.Holds(shows(stolen)) },
			func() error { return tab.Holds("!(" + shows(isCopy) + ")") },
		)
		if n == 0 { // nobody listens to it without end
			b.must(tab.Holds(`performance.getEntriesByType("resource").some(e => e.name.includes("embed-live"))`))
		}
		b.unharmed(tab)
		if n := s.lives.Load(); n > 0 {
			t.Errorf("a stream was asked for %d times", n)
		}
	}

	// The same strings, where nothing reads them: what must not happen would be seen.
	tab := b.watched()
	b.must(tab.Go(b.site.URL + "/harbour"))
	for _, text := range texts {
		said, err := json.Marshal(text)
		b.must(err)
		_, err = testkit.Eval[bool](tab, fmt.Sprintf(`(document.body.insertAdjacentHTML("beforeend", %s), true)`, said))
		b.must(err)
	}
	b.must(tab.Holds(`window.fired.includes("ran")`))
	found, err := testkit.Eval[[]string](tab, strange+"(document, [])")
	if b.must(err); len(found) == 0 {
		t.Error("what could run is not seen")
	}
	_, err = testkit.Eval[bool](tab, fmt.Sprintf(`(() => { const a = document.createElement("a")
		a.href = %q; a.target = "aitys"; a.textContent = "Sign in"; document.body.replaceChildren(a)
		window.fired.length = 0; return true })()`, "javascript:"+ran))
	b.must(err, tab.Click("link", "Sign in"), tab.Holds(`window.fired.includes("ran")`))
}
