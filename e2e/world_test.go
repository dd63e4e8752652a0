package e2e

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

const (
	email    = "dana@blog.example"
	password = "a long enough passphrase"
)

// A world is what the tests in a browser stand on: a running service, and a blog on
// another origin that embeds its widget.
type world struct {
	t       testing.TB
	data    string // the service's folder
	service *kit.Instance
	blog    *httptest.Server
	client  *kit.Client // a moderator's
	word    string      // what the blog says of who reads it, a JWT; "" for nothing
}

// blogPage is somebody's article; data-page and data-title come from the address, and so does another script than the
// widget's.
var blogPage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>An article</title></head>
<body><h1>An article</h1><p>Somebody wrote this.</p><div id="aitys"></div>
<script async crossorigin src="{{or .Script (print .Service "/embed.js")}}" data-site="blog" data-page="{{.URL}}"
	data-title="{{.Title}}"{{with .Word}} data-sso="{{.}}"{{end}}></script></body></html>`))

// onBoth runs a test on each database: its newWorld stands on the one that the variable names, as all that it runs.
func onBoth(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	for _, on := range []struct {
		name     string
		database func(t testing.TB) string
	}{{"sqlite", kit.SQLite}, {"postgres", kit.Postgres}} {
		t.Run(on.name, func(t *testing.T) {
			t.Setenv("AITYS_DATABASE", on.database(t))
			test(t)
		})
	}
}

// newWorld starts binary's service with a site called blog, on SQLite where no test runs on both databases. Titles are
// by path.
func newWorld(t testing.TB, binary string, titles map[string]string) *world {
	t.Helper()
	w := &world{t: t, data: t.TempDir()}
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
			"Lang": lang, "Word": w.word, "Script": r.URL.Query().Get("script")})
	}))
	t.Cleanup(w.blog.Close)
	data := []string{"--data", w.data}
	w.run(binary, append([]string{"migrate", "up"}, data...)...)
	w.run(binary, append([]string{"site", "add", "--key", "blog", "--name", "The Blog", "--origin", w.blog.URL},
		data...)...)
	w.runWith(password+"\n", binary, append([]string{"account", "add", "--email", email, "--name", "Dana", "--role",
		"owner", "--password-stdin"}, data...)...)
	token := w.run(binary, append([]string{"token", "add", "--account", email, "--scope", "admin"}, data...)...)
	var err error
	if w.service, err = kit.Start(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--limits", "off"},
		data...)...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the service's log:\n%s", w.service.Log())
		}
		w.service.Kill()
	})
	w.client = &kit.Client{URL: w.service.URL, Site: "blog", Token: token, HTTP: http.DefaultClient}
	return w
}

func (w *world) run(binary string, args ...string) string {
	w.t.Helper()
	return w.runWith("", binary, args...)
}

func (w *world) runWith(stdin, binary string, args ...string) string {
	w.t.Helper()
	out, err := kit.RunWith(stdin, binary, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (w *world) tab(width, height int64, dark bool) *kit.Tab {
	w.t.Helper()
	tab, err := kit.OneBrowser(w.t).Tab(width, height, dark)
	w.must(err)
	w.t.Cleanup(tab.Close)
	w.must(tab.BeforeEach(`document.addEventListener("securitypolicyviolation", e => {
		sessionStorage.forbidden = (sessionStorage.forbidden ?? "") + e.violatedDirective + " at " + location + "\n" })`))
	w.t.Cleanup(func() {
		forbidden, err := kit.Eval[string](tab, `sessionStorage.forbidden ?? ""`)
		if err != nil || forbidden != "" {
			w.t.Errorf("a page did what its policy forbids: %s %v", forbidden, err)
		}
	})
	return tab
}

// must ends the test at the first error, with a picture of nothing: the message says what was
// waited for.
func (w *world) must(errs ...error) {
	w.t.Helper()
	for _, err := range errs {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// steps does one thing after the other in a tab and, where one fails, keeps a picture of the page
// where TEST_PICTURES names a folder.
func (w *world) steps(tab *kit.Tab, steps ...func() error) {
	w.t.Helper()
	for n, step := range steps {
		err := step()
		if err == nil {
			continue
		}
		if dir := os.Getenv("TEST_PICTURES"); dir != "" {
			if png, shotErr := tab.Picture(false); shotErr == nil {
				_ = os.WriteFile(fmt.Sprintf("%s/%s-step-%d.png", dir, strings.ReplaceAll(w.t.Name(), "/", "-"), n), png, 0o600)
			}
		}
		text, _ := kit.Eval[string](tab, "document.body.innerText")
		w.t.Fatalf("step %d: %v\nthe page says:\n%s", n, err, text)
	}
}
