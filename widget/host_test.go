package widget_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A reader has a blog's page open in a real browser. The blog is another origin than the
// service, and its policy allows no inline script or style.
type reader struct {
	*testkit.Tab
	t    *testing.T
	blog *httptest.Server
}

type options struct {
	lang, script string // script: further attributes of the tag
	width        int64
	dark         bool
	body         string // instead of the place for comments
	loading      bool   // do not wait for the comments
	head         bool   // the script stands in the head
	nonce        string // the policy names no source of scripts but this
	sheet        string // what the blog's sheet has besides
	dir          string // of the blog
	nameless     bool   // the tag names no site
	hurried      bool   // what waits seconds, or minutes, waits a moment
}

// noted keeps what the widget and the browser say.
const noted = `addEventListener('aitys:ready', () => window.ready = true);
	for (const what of ['posted', 'error']) addEventListener('aitys:' + what,
		e => (window.heard ??= []).push([what, e.detail]));
	for (const say of ['warn', 'error']) console[say] = (...what) => (window.said ??= []).push(what.join(' '));
	addEventListener('securitypolicyviolation',
		e => (window.violations ??= []).push(e.violatedDirective + ' ' + e.blockedURI))`

// hurry makes the widget's long waits short.
const hurry = `{
	const { setTimeout: after, setInterval: every } = window
	window.setTimeout = (f, ms, ...rest) => after(f, ms === 5000 ? 10 : ms, ...rest)
	window.setInterval = (f, ms, ...rest) => every(f, ms === 60000 ? 200 : ms, ...rest)
}`

func visit(t *testing.T, s *service, o options) *reader {
	t.Helper()
	if o.width == 0 {
		o.width = 1280
	}
	if o.lang == "" {
		o.lang = "en"
	}
	blog := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/blog.css" {
			w.Header().Set("Content-Type", "text/css")
			fmt.Fprint(w, sheet+o.sheet)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		scripts := s.URL
		if o.nonce != "" {
			scripts = "'nonce-" + o.nonce + "'"
		}
		w.Header().Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src %s; connect-src %s; "+
			"style-src 'self'; require-trusted-types-for 'script'", scripts, s.URL))
		body := o.body
		if body == "" {
			body = `<div id="aitys"></div>`
		}
		head, tail := "", fmt.Sprintf(`<script async src="%s/embed.js" data-site="demo" %s></script>`, s.URL, o.script)
		if o.nameless {
			tail = strings.Replace(tail, ` data-site="demo"`, "", 1)
		}
		if o.head {
			head, tail = tail, ""
		}
		fmt.Fprintf(w, article, o.lang, cmp.Or(o.dir, "ltr"), head, body, tail)
	}))
	t.Cleanup(blog.Close)
	tab, err := testkit.OneBrowser(t).Tab(o.width, 900, o.dark)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	r := &reader{Tab: tab, t: t, blog: blog}
	r.must(tab.BeforeEach(noted))
	if o.hurried {
		r.must(tab.BeforeEach(hurry))
	}
	if o.loading {
		r.must(r.Go(blog.URL))
	} else {
		r.open("/")
	}
	return r
}

const sheet = `:root { color-scheme: light dark; --bg: #fffdf9; --fg: #24211d }
@media (prefers-color-scheme: dark) { :root { --bg: #17181a; --fg: #e4e2dd } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 17px/1.6 system-ui, "Noto Sans", sans-serif }
main { max-width: 720px; margin: 0 auto; padding: 0 20px 60px } h1 { font-size: 30px; line-height: 1.2 }
@media (max-width: 300px) { main { padding-inline: 0 } }
li { color: red } button { background: hotpink } p { letter-spacing: .01em }
main { --aitys-radius: 3px } aitys-comments::part(rules) { font-style: italic }`

const article = `<!doctype html><html lang=%q dir=%q><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The lighthouse keeper’s radio</title><link rel="stylesheet" href="/blog.css">%s</head>
<body><main><h1>The lighthouse keeper’s radio</h1><p>He repaired it every winter with what the sea brought.</p>
%s%s</main></body></html>`

func (r *reader) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// open opens a path of the blog and waits until the comments are there.
func (r *reader) open(path string) {
	r.t.Helper()
	r.must(r.Go(r.blog.URL + path))
	r.must(r.Holds(`window.ready || window.heard || document.readyState === 'complete' &&
		!document.querySelector('aitys-comments')`))
}

// inside says of an expression that it holds; root is the widget's shadow root, all of it
// in $ and $$.
func inside(expression string) string {
	return `(() => { const root = document.querySelector('aitys-comments')?.shadowRoot; if (!root) return null;
	const $ = s => root.querySelector(s), $$ = s => [...root.querySelectorAll(s)]; return ` + expression + ` })()`
}

func (r *reader) holds(expression string) {
	r.t.Helper()
	r.must(r.Holds(inside(expression)))
}

// text returns what an element of the widget says, spaces folded.
func (r *reader) text(selector string) string {
	r.t.Helper()
	v, err := testkit.Eval[string](r.Tab,
		inside(fmt.Sprintf(`$(%q)?.innerText.replace(/\s+/g, ' ').trim() ?? 'nothing'`, selector)))
	r.must(err)
	return v
}

func (r *reader) says(selector, want string) {
	r.t.Helper()
	r.holds(fmt.Sprintf(`$$(%q).some(e => e.innerText.replace(/\s+/g, ' ').includes(%q))`, selector, want))
}

// picture keeps what is on the screen, where TEST_PICTURES names a folder.
func (r *reader) picture() {
	r.t.Helper()
	dir := os.Getenv("TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := r.Picture(true)
	r.must(err)
	name := strings.NewReplacer("/", "-", " ", "_").Replace(r.t.Name())
	r.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
