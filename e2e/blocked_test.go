package e2e

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer/static"
	"github.com/aitys/aitys/moderation/authz"
)

// A blocked world has a blog that hosts the widget itself. Its service is behind a proxy that simulates blocking. Static
// copies are on other servers.
type blocked struct {
	*world
	proxy *testkit.Proxy
	key   string // the site's public key
	tag   string // attributes of the script element
	dir   string // folder of the newest copy
	site  *httptest.Server
	n     int
}

func newBlocked(t *testing.T) *blocked {
	b := &blocked{world: newWorld(t)}
	b.site = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/embed") {
			http.ServeFile(w, r, filepath.Join(b.dir, filepath.Base(r.URL.Path)))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang=%q><head><meta charset="utf-8"><title>The harbour</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root { color-scheme: light dark } body { max-width: 44rem; margin: 0 auto; padding: 1rem;
font: 17px/1.6 system-ui, sans-serif }</style></head>
<body><main><h1>The harbour</h1><p>An article.</p><div id="aitys"></div>
<script async src="/embed.js" data-site="blog" %s></script></main></body></html>`,
			cmp.Or(r.URL.Query().Get("lang"), "en"), b.tag)
	}))
	t.Cleanup(b.site.Close)
	b.must(b.client.Do(t.Context(), "PATCH", "", nil, map[string]any{"origin": []string{b.blog.URL, b.site.URL}}, nil))
	b.proxy = testkit.NewProxy(t, "tcp", strings.TrimPrefix(b.service.URL, "http://"))
	key, err := b.app.Signing.SiteKey(t.Context(), authz.Operator, b.siteOf("blog"))
	b.must(err)
	b.key = key
	return b
}

// publish posts a comment on a page of the blog and approves it.
func (b *blocked) publish(path, name, body string) {
	b.t.Helper()
	b.n++
	key := fmt.Sprintf("blocked-%016d", b.n)
	posted, err := b.client.Post(b.t.Context(), key, b.site.URL+path, name, "", body)
	b.must(err)
	_, err = b.client.Decide(b.t.Context(), "approve", "", testkit.CommentRef{ID: posted.ID, Version: 1})
	b.must(err)
}

// copy writes a static copy of a site and returns its folder.
func (b *blocked) copy(site string) string {
	b.t.Helper()
	dir, _ := b.copyReport(site)
	return dir
}

// copyReport is like copy, and also returns the report.
func (b *blocked) copyReport(site string) (dir string, made static.Report) {
	b.t.Helper()
	dir = filepath.Join(b.t.TempDir(), "copy")
	made, err := b.app.Static.Copy(b.t.Context(), authz.Operator, b.siteOf(site), dir, nil)
	b.must(err)
	return dir, made
}

// hostCopy serves a folder from a static web host and returns its URL.
func (b *blocked) hostCopy(dir string) string {
	files := http.FileServer(http.Dir(dir))
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		files.ServeHTTP(w, r)
	}))
	b.t.Cleanup(host.Close)
	return host.URL
}

// script sets the attributes of the script.
func (b *blocked) script(host string, mirrors ...string) {
	b.tag = fmt.Sprintf("data-host=%q data-mirrors=%q data-key=%q", host, strings.Join(mirrors, " "), b.key)
}

const (
	inCopy = "The tide tables hang in the harbour office."
	isCopy = "comments closed."
	noList = "Comments could not be loaded."
	stolen = "The harbour belongs to somebody else now."
)

// blockings lists ways to block the service, and the time within which readers must still get the comments.
var blockings = []struct {
	fault  testkit.Fault
	within time.Duration
}{
	{testkit.Fault{Name: "refused", Refuse: true}, 3 * time.Second},
	{testkit.Fault{Name: "reset", Handle: func(*testkit.Chunk) error { return testkit.ErrReset }}, 3 * time.Second},
	{testkit.Fault{Name: "hanging", Handle: func(p *testkit.Chunk) error { p.Hold(); return nil }}, 6 * time.Second},
	{testkit.Fault{Name: "garbage", Handle: func(p *testkit.Chunk) error {
		for i := range p.Bytes {
			if !p.ToServer {
				p.Bytes[i] = byte(i * 37)
			}
		}
		return nil
	}}, 6 * time.Second},
}

func TestBlocked_ReadersSeeCopy(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	for i := range 30 {
		b.publish("/harbour", "Jonas", fmt.Sprintf("Lamp number %d on the pier burns again.", i))
	}
	b.dir = b.copy("blog")
	mirror := b.hostCopy(b.dir)
	for _, c := range blockings {
		t.Run(c.fault.Name, func(t *testing.T) {
			b.script("http://"+b.proxy.Addr, mirror)
			b.proxy.Set(t, c.fault)
			tab := b.tab(1280, 900, false)
			start := time.Now()
			b.steps(tab,
				func() error { return tab.Go(b.site.URL + "/harbour") },
				func() error { return tab.Holds(shows(inCopy)) },
			)
			if took := time.Since(start); took > c.within+testkit.Slack() {
				t.Errorf("the comments came after %v, want %v", took, c.within)
			} else {
				t.Logf("the comments came after %v", took)
			}
			b.steps(tab,
				func() error { return tab.See("note", "") },
				func() error { return tab.Holds(shows(isCopy)) },
				func() error { return tab.Gone("textbox", "Comment") },
				func() error { return tab.Gone("button", "Reply") },
				func() error { return tab.Gone("button", "Report") },
				func() error { return tab.Click("button", "Show 6 more") },
				func() error { return tab.Holds(shows("Lamp number 29 ")) },
				func() error { return tab.Click("button", "Newest") },
				func() error { return tab.Gone("article", "Marta") },
				func() error { return tab.Holds(shows(isCopy)) },
				func() error { return tab.Holds("localStorage.length === 0 && sessionStorage.length === 0") },
			)
			b.checkView(tab, "copy-"+c.fault.Name)
		})
	}
	// A block page instead of the service.
	wall := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = io.WriteString(w, "<h1>This site is blocked</h1>")
	}))
	defer wall.Close()
	b.script(wall.URL, wall.URL, mirror)
	for lang, said := range map[string][]string{
		"ru": {"комментарии закрыты.", "Показать ещё 6"}, "kk": {"пікір жазу жабық.", "Тағы 6 көрсету"},
	} {
		b.script("http://"+b.proxy.Addr, mirror)
		b.tag += fmt.Sprintf(" data-lang=%q", lang)
		tab := b.tab(390, 844, true)
		b.steps(tab,
			func() error { return tab.Go(b.site.URL + "/harbour") },
			func() error { return tab.Holds(shows(said[0])) },
			func() error { return tab.See("button", said[1]) },
		)
		b.checkView(tab, "copy-"+lang)
	}
	b.script(wall.URL, wall.URL, mirror)
	tab := b.tab(390, 844, true)
	start := time.Now()
	b.steps(tab,
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows(inCopy)) },
	)
	if took := time.Since(start); took > 3*time.Second+testkit.Slack() {
		t.Errorf("behind a wall's page the comments came after %v", took)
	}
}

func TestBlocked_MirrorTakesComments(t *testing.T) {
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.hostCopy(t.TempDir()), b.service.URL)
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	tab := b.tab(1280, 900, false)
	b.steps(tab,
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows(inCopy)) },
		func() error { return tab.Type("textbox", "Comment", "Whoever wants the tables can have mine.") },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("waiting for a moderator")) },
		func() error { return tab.Holds("!(" + shows(isCopy) + ")") },
	)
}

// A draft that is written while the service is blocked stays in the browser, and is offered again later.
func TestBlocked_DraftIsOfferedLater(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))
	tab := b.tab(1280, 900, false)
	const begun = "The pilots never look at them anyway."
	b.steps(tab,
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Type("textbox", "Comment", begun) },
		func() error { b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true}); return nil },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("Your text is safe.")) },
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows(isCopy)) },
		func() error { return tab.Holds(shows("Your draft is safe in this browser.")) },
		func() error { b.proxy.Set(t, testkit.Fault{}); return nil },
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(fmt.Sprintf("%s.includes(%q)", field, begun)) },
		func() error { return tab.Click("button", "Post comment") },
		func() error { return tab.Holds(shows("waiting for a moderator")) },
	)
}

const field = `document.querySelector("aitys-comments").shadowRoot.querySelector("textarea").value`

// copyTime returns the time of a copy.
func copyTime(t *testing.T, dir string) string {
	t.Helper()
	said, err := os.ReadFile(filepath.Join(dir, "aitys.json"))
	var list struct {
		At string `json:"generated_at"`
	}
	if err = errors.Join(err, json.Unmarshal(said, &list)); err != nil {
		t.Fatal(err)
	}
	return list.At
}

func TestCopy_ForeignCopyIsHidden(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	older := b.copy("blog")
	for b.dir = older; copyTime(t, b.dir) == copyTime(t, older); { // times have a precision of one second
		b.dir = b.copy("blog")
	}
	b.world.site("other", "Other", b.site.URL)
	other := b.copy("other")
	changed := func(how func(dir string)) string {
		dir := filepath.Join(t.TempDir(), "copy")
		b.must(os.CopyFS(dir, os.DirFS(b.dir)))
		how(dir)
		return b.hostCopy(dir)
	}
	list := func(dir string, change func(list map[string]any)) {
		name := filepath.Join(dir, "aitys.json")
		said, err := os.ReadFile(name)
		b.must(err)
		var all map[string]any
		b.must(json.Unmarshal(said, &all))
		change(all)
		said, err = json.Marshal(all)
		b.must(err, os.WriteFile(name, said, 0o600))
	}
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for name, mirror := range map[string]string{
		"one page exchanged": changed(func(dir string) {
			pages, err := filepath.Glob(dir + "/pages/*.json")
			b.must(err)
			said, err := os.ReadFile(pages[0])
			b.must(err, os.WriteFile(pages[0], []byte(strings.Replace(string(said), inCopy, stolen, 1)), 0o600))
		}),
		"another site's": b.hostCopy(other),
		"said to be made later": changed(func(dir string) {
			list(dir, func(l map[string]any) { l["generated_at"] = later })
		}),
		"a stranger's key": changed(func(dir string) {
			list(dir, func(l map[string]any) { l["key"] = strings.Repeat("A", 43) })
		}),
		"no signature":       changed(func(dir string) { list(dir, func(l map[string]any) { delete(l, "signature") }) }),
		"a stranger's files": b.hostCopy(t.TempDir()),
	} {
		t.Run(name, func(t *testing.T) {
			b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
			b.script("http://"+b.proxy.Addr, mirror)
			tab := b.tab(1280, 900, false)
			b.steps(tab,
				func() error { return tab.Go(b.site.URL + "/harbour") },
				func() error { return tab.Holds(shows(noList)) },
			)
			for _, never := range []string{inCopy, stolen, isCopy} {
				if on, err := testkit.Eval[bool](tab, shows(never)); err != nil || on {
					t.Errorf("it shows %q (%v)", never, err)
				}
			}
			// A foreign copy does no harm if there is also a valid one.
			b.script("http://"+b.proxy.Addr, mirror, b.hostCopy(b.dir))
			b.steps(tab,
				func() error { return tab.Go(b.site.URL + "/harbour") },
				func() error { return tab.Holds(shows(inCopy)) },
				func() error { return tab.Holds(shows(isCopy)) },
			)
		})
	}
	// A browser that has commented before stores the newest list. Others do not store it.
	tab := b.tab(1280, 900, false)
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))
	b.steps(tab,
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows(isCopy)) },
		func() error { return tab.Holds(`localStorage.length === 0 && (localStorage["aitys:blog:own"] = "[]")`) },
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows(isCopy)) },
		func() error { return tab.Holds(`localStorage["aitys:blog:copy"]`) },
		func() error {
			b.script("http://"+b.proxy.Addr, b.hostCopy(older))
			return tab.Go(b.site.URL + "/harbour")
		},
		func() error { return tab.Holds(shows(noList)) },
	)
}

// A copy on a USB stick opens as a file, without a server and without JavaScript.
func TestCopy_OpensFromFiles(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.publish("/quay", "Jonas", "The quay is younger than the harbour.")
	stick := filepath.Join(t.TempDir(), "stick")
	b.must(os.CopyFS(stick, os.DirFS(b.copy("blog"))))
	b.service.Kill()
	tab := b.tab(390, 844, false)
	page := `document.querySelector("h1 ~ p a")`
	b.steps(tab,
		func() error { return tab.Go("file://" + stick + "/index.html") },
		func() error { return tab.Holds(shows(isCopy)) },
		func() error { return tab.Holds(`[...document.querySelectorAll("a")].length === 2`) },
		func() error { return tab.Holds(`(` + page + `.click(), true)`) },
		func() error {
			return tab.Holds(`location.protocol === "file:" && location.pathname.includes("/pages/")`)
		},
		func() error { return tab.Holds(shows(isCopy)) },
		func() error { return tab.Holds(shows(inCopy) + ` || ` + shows("The quay is younger")) },
		func() error { return tab.Holds(`document.scripts.length === 0`) },
	)
}

// A browser without Ed25519 cannot verify a copy. It shows a link to the copy instead.
func TestCopy_LinkWithoutEd25519(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	b := newBlocked(t)
	b.publish("/harbour", "Marta", inCopy)
	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	tab := b.tab(1280, 900, false)
	b.steps(tab,
		func() error {
			return tab.AddInitScript(`const old = SubtleCrypto.prototype.importKey
				SubtleCrypto.prototype.importKey = function (format, key, kind, ...rest) {
					return kind === "Ed25519" ? Promise.reject(new DOMException("no", "NotSupportedError")) :
						old.call(this, format, key, kind, ...rest) }`)
		},
		func() error { return tab.Go(b.site.URL + "/harbour") },
		func() error { return tab.Holds(shows("this browser cannot verify copies")) },
		func() error { return tab.Holds("!(" + shows(inCopy) + ")") },
		func() error { return tab.Click("link", "Read a copy anyway") },
		func() error { return tab.Holds(shows(inCopy)) },
		func() error { return tab.Holds(shows(isCopy)) },
	)
}
