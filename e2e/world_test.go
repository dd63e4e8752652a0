package e2e

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
)

const (
	email    = "dana@blog.example"
	password = "a long enough passphrase"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testkit.CloseBrowser()
	os.Exit(code)
}

// A view is a language and a window size.
type view struct {
	lang  string
	width int64
	dark  bool
}

// views returns how a test looks at every page: in English on a phone in the fast tier, in each language in CI, and in
// each language and width in the full tier.
func views(t testing.TB) []view {
	t.Helper()
	switch testkit.Tier(t) {
	case "fast":
		return []view{{"en", 360, true}}
	case "ci":
		return []view{{"en", 1280, false}, {"ru", 360, true}, {"kk", 360, false}}
	}
	var all []view
	for n, lang := range []string{"en", "ru", "kk"} {
		all = append(all, view{lang, 360, n%2 == 0}, view{lang, 1280, n%2 == 1})
	}
	return all
}

// A world is a running service, and a blog on another origin that embeds its widget.
type world struct {
	t       testing.TB
	data    string // the data folder of the service in another process
	service *server
	app     *localService // nil if the service is another process
	options options
	blog    *httptest.Server
	client  *testkit.Client // client of Dana, an owner
	word    string          // the JWT of the reader that the blog passes to the widget, or ""
}

// A server is a service that answers at URL, in this process or in another one.
type server struct {
	URL  string
	log  func() string
	kill func()
	once sync.Once
}

// Log returns the service's log.
func (s *server) Log() string { return s.log() }

// Kill ends the service. A second call does nothing.
func (s *server) Kill() { s.once.Do(s.kill) }

// options of a world. The zero value is a service on SQLite that sends no mail.
type options struct {
	titles   map[string]string // titles of the blog's pages by path
	database string            // URL; "" is SQLite
	redis    string
	mails    *testkit.MailServer // receives the service's mails
	issuer   *testkit.Issuer     // an OpenID provider with the name Small
}

// blogPage is a page of the blog. Its data-page and data-title are set from its URL.
var blogPage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>An article</title></head>
<body><h1>An article</h1><p>Somebody wrote this.</p><div id="aitys"></div>
<script async crossorigin src="{{.Service}}/embed.js" data-site="blog" data-page="{{.URL}}"
	data-title="{{.Title}}"{{with .Word}} data-sso="{{.}}"{{end}}></script></body></html>`))

// onBoth runs a test on SQLite with one server, and on Postgres with Redis and two servers.
func onBoth(t *testing.T, test func(t *testing.T, o options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, options{}) })
	t.Run("postgres", func(t *testing.T) { test(t, options{database: testkit.Postgres(t), redis: testkit.Redis(t)}) })
}

// newWorld starts a service in this process with a site called blog.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldWith(t, options{})
}

func newWorldWith(t testing.TB, o options) *world {
	t.Helper()
	w := newBlog(t, o.titles)
	if o.database == "" {
		o.database = testkit.SQLite(t)
	}
	w.options, w.app = o, newLocal(t, o)
	w.service = w.app.server
	w.endsWithTest()
	w.site("blog", "The Blog", w.blog.URL)
	w.account(email, "Dana", authz.Owner)
	_, token, err := w.app.Identity.AddToken(context.Background(), authz.Operator,
		identity.NewToken{Account: email, Scope: authz.ScopeAdmin})
	w.must(err)
	w.client = &testkit.Client{URL: w.service.URL, Site: "blog", Token: token, HTTP: http.DefaultClient}
	return w
}

// newProcessWorld is like newWorld, but runs the binary in another process.
func newProcessWorld(t testing.TB, binary string, titles map[string]string) *world {
	t.Helper()
	w := newBlog(t, titles)
	w.data = t.TempDir()
	data := []string{"--data", w.data}
	w.run(binary, append([]string{"migrate", "up"}, data...)...)
	w.run(binary, append([]string{"site", "add", "--key", "blog", "--name", "The Blog", "--origin", w.blog.URL},
		data...)...)
	w.runWith(password+"\n", binary, append([]string{"account", "add", "--email", email, "--name", "Dana", "--role",
		"owner", "--password-stdin"}, data...)...)
	token := w.run(binary, append([]string{"token", "add", "--account", email, "--scope", "admin"}, data...)...)
	w.start(binary, "--limits", "off")
	w.client = &testkit.Client{URL: w.service.URL, Site: "blog", Token: token, HTTP: http.DefaultClient}
	return w
}

// newBlog returns a world without a service.
func newBlog(t testing.TB, titles map[string]string) *world {
	t.Helper()
	w := &world{t: t}
	w.blog = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		lang := r.URL.Query().Get("lang")
		if lang == "" {
			lang = "en"
		}
		title, ok := titles[r.URL.Path]
		if !ok {
			title = "An article"
		}
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = blogPage.Execute(out, map[string]string{"Service": w.service.URL, "URL": w.blog.URL + r.URL.Path, "Title": title,
			"Lang": lang, "Word": w.word})
	}))
	t.Cleanup(w.blog.Close)
	return w
}

// start starts the binary's server on the world's data, and returns it.
func (w *world) start(binary string, args ...string) *testkit.Instance {
	w.t.Helper()
	i, err := testkit.Start(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", w.data}, args...)...)
	w.must(err)
	w.service = &server{URL: i.URL, log: i.Log, kill: i.Kill}
	w.endsWithTest()
	return i
}

// secondServer starts another server on the world's database if that is Postgres. On SQLite it returns the service itself.
func (w *world) secondServer() *server {
	w.t.Helper()
	if w.options.redis == "" {
		return w.service
	}
	another := newLocal(w.t, w.options).server
	w.t.Cleanup(another.Kill)
	return another
}

func (w *world) endsWithTest() {
	w.t.Cleanup(func() {
		if w.t.Failed() {
			w.t.Logf("the service's log:\n%s", w.service.Log())
		}
		w.service.Kill()
	})
}

// site adds a site.
func (w *world) site(key, name, origin string) {
	w.t.Helper()
	_, _, err := w.app.Sites.AddSite(context.Background(), authz.Operator,
		site.Site{Key: key, Name: name, Origins: []string{origin}}, nil)
	w.must(err)
}

// set changes settings of the blog.
func (w *world) set(settings map[string]string) {
	w.t.Helper()
	_, err := w.app.Sites.SetSite(context.Background(), authz.Operator, "blog", settings)
	w.must(err)
}

// account adds an account with the shared password of the tests.
func (w *world) account(email, name string, role authz.Role, sites ...string) {
	w.t.Helper()
	_, _, err := w.app.Identity.AddAccount(context.Background(), authz.Operator,
		identity.NewAccount{Email: email, Name: name, Role: role, Sites: sites, Password: password})
	w.must(err)
}

// invite adds an account without a password, and returns its setup link.
func (w *world) invite(email, name string, role authz.Role, sites ...string) (link string) {
	w.t.Helper()
	_, token, err := w.app.Identity.AddAccount(context.Background(), authz.Operator,
		identity.NewAccount{Email: email, Name: name, Role: role, Sites: sites})
	w.must(err)
	public, err := url.Parse(w.service.URL)
	w.must(err)
	return web.LinkURL(public, token)
}

// siteOf returns a site of the service.
func (w *world) siteOf(key string) site.Site {
	w.t.Helper()
	site, err := w.app.Process.Site(context.Background(), key)
	w.must(err)
	return site
}

func (w *world) run(binary string, args ...string) string {
	w.t.Helper()
	return w.runWith("", binary, args...)
}

func (w *world) runWith(stdin, binary string, args ...string) string {
	w.t.Helper()
	out, err := testkit.RunWithInput(stdin, binary, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (w *world) tab(width, height int64, dark bool) *testkit.Tab {
	w.t.Helper()
	tab, err := testkit.OneBrowser(w.t).Tab(width, height, dark)
	w.must(err)
	w.t.Cleanup(tab.Close)
	w.must(tab.AddInitScript(`document.addEventListener("securitypolicyviolation", e => {
		sessionStorage.forbidden = (sessionStorage.forbidden ?? "") + e.violatedDirective + " at " + location + "\n" })`))
	w.t.Cleanup(func() {
		forbidden, err := testkit.Eval[string](tab, `sessionStorage.forbidden ?? ""`)
		if err != nil || forbidden != "" {
			w.t.Errorf("a page did what its policy forbids: %s %v", forbidden, err)
		}
	})
	return tab
}

// must fails the test at the first error. It takes no screenshot.
func (w *world) must(errs ...error) {
	w.t.Helper()
	for _, err := range errs {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// steps runs the steps in order. If a step fails, it saves a screenshot of the tab in the folder TEST_PICTURES, if that is
// set.
func (w *world) steps(tab *testkit.Tab, steps ...func() error) {
	w.t.Helper()
	for n, step := range steps {
		err := step()
		if err == nil {
			continue
		}
		if dir := os.Getenv("TEST_PICTURES"); dir != "" {
			if png, shotErr := tab.Screenshot(false); shotErr == nil {
				_ = os.WriteFile(fmt.Sprintf("%s/%s-step-%d.png", dir, strings.ReplaceAll(w.t.Name(), "/", "-"), n), png, 0o600)
			}
		}
		text, _ := testkit.Eval[string](tab, "document.body.innerText")
		w.t.Fatalf("step %d: %v\nthe page says:\n%s", n, err, text)
	}
}
