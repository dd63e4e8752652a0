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

// A reader is a browser tab with a blog's page. The blog has another origin than the service, and its content security
// policy allows no inline scripts or styles.
type reader struct {
	*testkit.Tab
	t    *testing.T
	blog *httptest.Server
}

type options struct {
	lang, script string // script: further attributes of the tag
	width        int64
	dark         bool
	body         string // instead of the #aitys element
	noWait       bool   // do not wait for the comments
	head         bool   // the script is in the head
	nonce        string // the policy allows only scripts with this nonce
	sheet        string // added to the blog's style sheet
	dir          string // text direction of the blog
	noSite       bool   // the script tag has no data-site
	fastTimers   bool   // waits of seconds and minutes are shortened
}

// recordEvents records the widget's events, console messages and policy violations.
const recordEvents = `addEventListener('aitys:ready', () => window.ready = true);
	for (const what of ['posted', 'error']) addEventListener('aitys:' + what,
		e => (window.heard ??= []).push([what, e.detail]));
	for (const say of ['warn', 'error']) console[say] = (...what) => (window.said ??= []).push(what.join(' '));
	addEventListener('securitypolicyviolation',
		e => (window.violations ??= []).push(e.violatedDirective + ' ' + e.blockedURI))`

// shortenTimers shortens the widget's long waits.
const shortenTimers = `{
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
			fmt.Fprint(w, blogSheet+o.sheet)
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
		if o.noSite {
			tail = strings.Replace(tail, ` data-site="demo"`, "", 1)
		}
		if o.head {
			head, tail = tail, ""
		}
		fmt.Fprintf(w, blogPage, o.lang, cmp.Or(o.dir, "ltr"), head, body, tail)
	}))
	t.Cleanup(blog.Close)
	tab, err := testkit.OneBrowser(t).Tab(o.width, 900, o.dark)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tab.Close)
	r := &reader{Tab: tab, t: t, blog: blog}
	r.must(tab.AddInitScript(recordEvents))
	if o.fastTimers {
		r.must(tab.AddInitScript(shortenTimers))
	}
	if o.noWait {
		r.must(r.Go(blog.URL))
	} else {
		r.open("/")
	}
	return r
}

const blogSheet = `:root { color-scheme: light dark; --bg: #fffdf9; --fg: #24211d }
@media (prefers-color-scheme: dark) { :root { --bg: #17181a; --fg: #e4e2dd } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 17px/1.6 system-ui, "Noto Sans", sans-serif }
main { max-width: 720px; margin: 0 auto; padding: 0 20px 60px } h1 { font-size: 30px; line-height: 1.2 }
@media (max-width: 300px) { main { padding-inline: 0 } }
li { color: red } button { background: hotpink } p { letter-spacing: .01em }
main { --aitys-radius: 3px } aitys-comments::part(rules) { font-style: italic }`

const blogPage = `<!doctype html><html lang=%q dir=%q><head><meta charset="utf-8">
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

// open opens a path of the blog and waits until the comments are loaded, failed or absent.
func (r *reader) open(path string) {
	r.t.Helper()
	r.must(r.Go(r.blog.URL + path))
	r.must(r.Holds(`window.ready || window.heard || document.readyState === 'complete' &&
		!document.querySelector('aitys-comments')`))
}

// inWidget returns a JavaScript expression evaluated with root as the widget's shadow root, and $ and $$ to query it.
// It is null without a widget.
func inWidget(expression string) string {
	return `(() => { const root = document.querySelector('aitys-comments')?.shadowRoot; if (!root) return null;
	const $ = s => root.querySelector(s), $$ = s => [...root.querySelectorAll(s)]; return ` + expression + ` })()`
}

func (r *reader) waitFor(expression string) {
	r.t.Helper()
	r.must(r.Holds(inWidget(expression)))
}

// text returns the text of an element of the widget, with spaces collapsed.
func (r *reader) text(selector string) string {
	r.t.Helper()
	v, err := testkit.Eval[string](r.Tab,
		inWidget(fmt.Sprintf(`$(%q)?.innerText.replace(/\s+/g, ' ').trim() ?? 'nothing'`, selector)))
	r.must(err)
	return v
}

func (r *reader) hasText(selector, want string) {
	r.t.Helper()
	r.waitFor(fmt.Sprintf(`$$(%q).some(e => e.innerText.replace(/\s+/g, ' ').includes(%q))`, selector, want))
}

// screenshot saves a screenshot of the page to the folder in TEST_PICTURES, if it is set.
func (r *reader) screenshot() {
	r.t.Helper()
	dir := os.Getenv("TEST_PICTURES")
	if dir == "" {
		return
	}
	png, err := r.Screenshot(true)
	r.must(err)
	name := strings.NewReplacer("/", "-", " ", "_").Replace(r.t.Name())
	r.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}
