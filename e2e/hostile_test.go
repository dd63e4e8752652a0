package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/e2e/kit"
)

// shown says which pages show people what stands in a field. Each page is looked at with each field in it.
var shown = map[string][]string{
	"body": {"widget", "plain", "queue"}, "name": {"widget", "plain", "queue"}, "website": {"widget", "plain", "queue"},
	"edited": {"widget", "plain", "queue"}, "reply": {"widget", "plain", "queue"}, "title": {"plain", "queue", "pages"},
	"address": {"pages"}, "note": {"comment"}, "e-mail": {"queue"}, "site": {"sites"},
	"rules": {"plain", "settings"}, "account": {"people"}, "token": {"tokens"},
}

// perPage is how many comments stand on one page of the blog: fewer than a page shows at once.
const perPage = 20

// watch runs before a page's own scripts. It counts what must never happen: a string that runs.
const watch = `window.fired = []
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => { fired.push(name) }
const realEval = window.eval; window.eval = s => { fired.push("eval"); return realEval(s) }`

// strange returns what a page holds that no page of ours may: handlers in attributes, schemes
// that run, elements that nobody put there.
const strange = `(function walk(root, found) {
  for (const n of root.querySelectorAll("*")) {
    for (const a of n.attributes) if (/^on/i.test(a.name)) found.push(n.nodeName + " " + a.name)
    const link = n.getAttribute("href") ?? n.getAttribute("src") ??
			n.getAttribute("action") ?? n.getAttribute("xlink:href")
    if (link !== null && !/^(https?:|mailto:|\/|\?|#|\.)/.test(link)) found.push(n.nodeName + " " + link)
    if (/^(IFRAME|OBJECT|EMBED|BASE|MARQUEE|VIDEO|AUDIO|IMG|MATH|FRAME|APPLET)$/.test(n.nodeName))
			found.push(n.nodeName)
    if (n.shadowRoot) walk(n.shadowRoot, found)
  }
  return found
})`

// words returns everything a page shows, and where its links lead, without white space.
const words = `(function (page) {
  const links = []
  const all = root => [...root.childNodes].map(n => {
    if (n.nodeType === 3) return n.data
    if (n.nodeName === "SCRIPT" || n.nodeName === "STYLE") return ""
    if (n.nodeName === "A") links.push(n.getAttribute("href"))
    if (n.nodeName === "INPUT") return n.value
    return (n.shadowRoot ? all(n.shadowRoot) : "") + all(n)
  }).join("")
  return (all(page.documentElement) + " " + links.join(" ")).replace(/\s+/g, "")
})`

// hostileStrings are the project's own, or of a folder of them so many, evenly chosen.
func hostileStrings(t *testing.T) (all []string) {
	t.Helper()
	dir := os.Getenv("TEST_HOSTILE")
	if dir == "" {
		for _, row := range jsonLines[struct{ Text string }](t, "testdata/hostile.jsonl") {
			all = append(all, row.Text)
		}
		return all
	}
	const chosen = 600
	for _, name := range []string{"xss-payloadbox", "xss-h5sc", "xss-dompurify", "xss-markdown-own", "html-bluemonday",
		"naughty-blns"} {
		all = append(all, jsonLines[string](t, filepath.Join(dir, name+".jsonl"))...)
	}
	for n := range chosen {
		all[n] = all[n*len(all)/chosen]
	}
	return all[:chosen]
}

func jsonLines[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(b) {
		var one T
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// squeeze takes out what pages may show differently: white space, and which signs of a link are
// written as %XX.
func squeeze(s string) string {
	s = percent.ReplaceAllStringFunc(s, func(x string) string {
		b, err := strconv.ParseUint(x[1:], 16, 8)
		if err != nil {
			return x
		}
		return string([]byte{byte(b)})
	})
	return strings.Join(strings.Fields(s), "")
}

var percent = regexp.MustCompile("%[0-9A-Fa-f]{2}")

func TestHostileInputRunsNowhere(t *testing.T) {
	titles := map[string]string{}
	w := newWorld(t, kit.Binary(t), titles)
	m := newMatrix(w, titles)
	texts := hostileStrings(t)
	m.send(texts)
	// Without the policy, so that it hides no hole; then the desk and the plain page with it, which
	// must find nothing to report.
	m.tab = w.tab(1280, 900, false)
	w.must(m.tab.BeforeEach(watch), bypass(m.tab))
	w.signIn(m.tab, email)
	m.look(texts)
	m.report(len(texts))
	for path := range m.byPath("plain") {
		visit(w, m.tab, strings.Replace(plainURL(w, path), "/page?", "/fragment?", 1), false)
	}
	m.tab = w.tab(1280, 900, false)
	w.must(m.tab.BeforeEach(watch + `
		; window.reports = [];
		document.addEventListener("securitypolicyviolation", e => reports.push(e.violatedDirective + " " + e.blockedURI))`))
	w.signIn(m.tab, email)
	for _, list := range []string{
		"blog/queue?state=approved", "blog/pages", "blog/log", "people", "sites", "blog/settings",
	} {
		m.desk(list)
	}
	for n, path := range slices.Sorted(maps.Keys(m.byPath("plain"))) {
		if n%10 == 0 {
			visit(w, m.tab, plainURL(w, path), false)
		}
	}
}

func plainURL(w *world, path string) string {
	return w.service.URL + "/sites/blog/page?url=" + url.QueryEscape(w.blog.URL+path)
}

// bypass switches the pages' Content-Security-Policy off.
func bypass(tab *kit.Tab) error {
	_, err := chromedp.Call(tab.Context(), page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true})
	return err
}

// visit opens a page, waits until it shows its comments, touches it as a reader would, and
// returns its words. Nothing may have run, and nothing strange may stand in it.
func visit(w *world, tab *kit.Tab, at string, widget bool) string {
	w.t.Helper()
	w.must(tab.Go(at))
	if widget {
		w.must(tab.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector("[part~=comment]")`))
	}
	return inspect(w, tab, at)
}

// look moves over and into everything on a page, as a JavaScript function of its window, then asks what ran.
const look = `(async page => {
	const touch = root => { for (const n of root.querySelectorAll("*")) {
		for (const kind of ["mouseover", "focus", "pointerenter", "toggle", "animationend"]) n.dispatchEvent(new Event(kind))
		if (n.nodeName === "A" && /^\s*(javascript|data|vbscript):/i.test(n.getAttribute("href") ?? "")) n.click()
		if (n.shadowRoot) touch(n.shadowRoot) } }
	touch(page.document)
	await new Promise(done => setTimeout(done, 30))
	return {Fired: page.fired, Reports: page.reports ?? [], Strange: ` + strange + `(page.document, []),
		Words: ` + words + `(page.document), Where: page.location.href}
})`

// A found is what look returns.
type found struct {
	Fired, Reports, Strange []string
	Words, Where            string
}

func inspect(w *world, tab *kit.Tab, at string) string {
	w.t.Helper()
	got, err := kit.Eval[found](tab, look+"(window)")
	w.must(err)
	return got.harmless(w, at, at)
}

// harmless returns the words of a page on which nothing ran, and that stayed where it stood.
func (f found) harmless(w *world, at, stands string) string {
	w.t.Helper()
	if len(f.Fired)+len(f.Reports)+len(f.Strange) > 0 {
		w.t.Errorf("%s: ran %q, policy reports %q, strange %q", at, f.Fired, f.Reports, f.Strange)
	}
	if f.Where != stands {
		w.t.Errorf("%s: the page went to %s", at, f.Where)
	}
	return f.Words
}

// glance is visit for many pages of the service that have no script of their own, each in a frame of one page.
func glance(w *world, tab *kit.Tab, all []string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for some := range slices.Chunk(all, perPage) {
		w.must(tab.Go(w.service.URL + "/healthz"))
		in, err := json.Marshal(some)
		w.must(err)
		got, err := kit.Eval[[]found](tab, `((pages) => Promise.all(pages.map(async at => {
			const frame = document.createElement("iframe"), text = await (await fetch(at)).text()
			await new Promise(done => { frame.onload = done; frame.srcdoc = text; document.body.append(frame) })
			return `+look+`(frame.contentWindow)
		})))(`+string(in)+`)`)
		w.must(err)
		for n, at := range some {
			out[at] = got[n].harmless(w, at, "about:srcdoc")
		}
	}
	return out
}

// TestTheHostileHarnessSeesAHole is the positive control: the same strings and the same browser,
// with the escaping of one name in one template switched off.
func TestTheHostileHarnessSeesAHole(t *testing.T) {
	titles := map[string]string{}
	w := newWorld(t, kit.FaultyBinary(t, "escaping"), titles)
	fired := 0
	tab := w.tab(1280, 900, false)
	w.must(tab.BeforeEach(watch), bypass(tab))
	for n, text := range hostileStrings(t)[:60] {
		path := fmt.Sprintf("/control-%d", n)
		err := w.client.Do(context.Background(), http.MethodPost, "/comments", nil, map[string]any{
			"page":   map[string]string{"url": w.blog.URL + path},
			"author": map[string]string{"name": text}, "body": "A harmless text."}, nil)
		if err != nil {
			continue // refused: it cannot fire
		}
		decideAll(t, w, "approve")
		w.must(tab.Go(plainURL(w, path)))
		ran, err := kit.Eval[bool](tab, `new Promise(done => setTimeout(() => done(window.fired.length > 0), 40))`)
		w.must(err)
		if ran {
			fired++
		}
	}
	fmt.Printf("hostile: control: %d of 60 fired without escaping\n", fired)
	if fired < 20 {
		t.Errorf("%d strings fired where nothing is escaped, want at least 20", fired)
	}
}
