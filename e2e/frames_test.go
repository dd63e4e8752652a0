package e2e

import (
	"encoding/json"
	"slices"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// visit opens a page, waits until it shows its comments, touches it as a reader would, and
// returns its words. Nothing may have run, and nothing strange may stand in it.
func (m *matrix) visit(tab *testkit.Tab, at string, widget bool) string {
	m.t.Helper()
	m.must(tab.Go(at))
	if widget {
		m.must(tab.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector("[part~=comment]")`))
	}
	got, err := testkit.Eval[found](tab, look+"(window)")
	m.must(err)
	m.harmless(got, at, at)
	return got.Words
}

// look moves over and into everything on a page, as a JavaScript function of its window, then asks what ran.
const look = `(async page => {
	const touch = root => { for (const n of root.querySelectorAll("*")) {
		for (const kind of ["mouseover", "focus", "pointerenter", "toggle", "animationend"]) n.dispatchEvent(new Event(kind))
		for (const a of n.attributes) if (/^on/i.test(a.name)) n.dispatchEvent(new Event(a.name.slice(2)))
		if (n.nodeName === "A" && /^\s*(javascript|data|vbscript):/i.test(n.getAttribute("href") ?? "")) n.click()
		if (n.shadowRoot) touch(n.shadowRoot) } }
	touch(page.document)
	await new Promise(done => setTimeout(done, 30))
	return {Fired: page.fired, Reports: page.reports ?? [], Strange: ` + strange + `(page.document, []),
		Words: ` + words + `(page.document), Where: page.location.href}
})`

// A found is what look returns, and what glance read beside it.
type found struct {
	Fired, Reports, Strange []string
	Words, Where, Data      string
}

// harmless fails where something ran on a page, or it went elsewhere.
func (m *matrix) harmless(f found, at, stands string) {
	m.t.Helper()
	m.looked++
	if len(f.Fired)+len(f.Reports)+len(f.Strange) > 0 {
		m.t.Errorf("%s: ran %q, policy reports %q, strange %q", at, f.Fired, f.Reports, f.Strange)
	}
	if f.Fired == nil || f.Where != stands {
		m.t.Errorf("%s: the page went to %s", at, f.Where)
	}
}

// An output is what glance looks at: the HTML at an address, or that HTML itself.
type output struct{ At, HTML string }

// Ways of reading an output, as JavaScript functions: to the HTML that people see, and to what programs are told.
const (
	// asPage reads a page, and the data in it.
	asPage = `text => {
	const said = v => v !== null && typeof v === "object" ? Object.values(v).map(said).join(" ") : String(v)
	const read = new DOMParser().parseFromString(text, "text/html")
	return {html: text, data: [...read.querySelectorAll("script[type='application/ld+json']")]
		.map(n => said(JSON.parse(n.textContent))).join(" ")} }`
	// asFeed reads XML, and has the contents of entries on a page, as a reader of feeds does.
	asFeed = `text => {
	const read = new DOMParser().parseFromString(text, "application/xml")
	if (read.querySelector("parsererror")) throw new Error("no XML: " + text)
	const links = [...read.querySelectorAll("link, in-reply-to")].map(n => n.getAttribute("href"))
	links.push(...[...read.querySelectorAll("uri")].map(n => n.textContent))
	if (links.some(to => !/^https?:/.test(to))) throw new Error("a link elsewhere: " + links)
	const content = [...read.querySelectorAll("content")].map(n => n.textContent)
	return {html: content.join("<hr>"), data: read.documentElement.textContent + " " + links.join(" ")} }`
	// asMail reads a page whose links are all the service's own.
	asMail = `text => {
	const read = new DOMParser().parseFromString(text, "text/html")
	for (const n of read.querySelectorAll("[href], [src], [action], [background], [style*=url]"))
		if (n.nodeName !== "A" || !n.href.startsWith(location.origin + "/"))
			throw new Error("a link elsewhere: " + n.outerHTML)
	return {html: text, data: ""} }`
)

// glance is visit for many outputs that have no script of their own, each in a frame of one page.
func (m *matrix) glance(all []output, read string) map[string]found {
	m.t.Helper()
	out := map[string]found{}
	for some := range slices.Chunk(all, perPage) {
		m.must(m.tab.Go(m.service.URL + "/healthz"))
		in, err := json.Marshal(some)
		m.must(err)
		got, err := testkit.Eval[[]found](m.tab, `((pages) => Promise.all(pages.map(async page => {
			const {html, data} = (`+read+`)(page.HTML || await (await fetch(page.At)).text())
			const frame = document.createElement("iframe")
			await new Promise(done => { frame.onload = done; frame.srcdoc = html; document.body.append(frame) })
			return {...await `+look+`(frame.contentWindow), Data: data}
		})))(`+string(in)+`)`)
		m.must(err)
		for n, page := range some {
			m.harmless(got[n], page.At, "about:srcdoc")
			out[page.At] = got[n]
		}
	}
	return out
}

// control counts the strings that run where they stand in such a frame as they are: where look did not see them, it
// would see nothing. Nothing is loaded for them, and they lead no page elsewhere.
func (m *matrix) control() {
	m.t.Helper()
	for some := range slices.Chunk(m.texts, perPage) {
		in, err := json.Marshal(some)
		m.must(err)
		tab, err := testkit.OneBrowser(m.t).Tab(1280, 900, false)
		m.must(err, tab.BeforeEach(watch), bypass(tab), tab.Go(m.service.URL+"/healthz"))
		_, err = chromedp.Call(tab.Context(), network.SetBlockedURLs, network.SetBlockedURLsParams{
			URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/*", Block: true}}})
		m.must(err)
		ran, err := testkit.Eval[int](tab, `(async texts => {
			const ran = await Promise.all(texts.map(async text => {
				const frame = document.createElement("iframe")
				frame.sandbox = "allow-scripts allow-same-origin"
				const loaded = new Promise(done => { frame.onload = done; setTimeout(done, 2000) })
				frame.srcdoc = "<!doctype html><body>" + text
				document.body.append(frame)
				await loaded
				try {
					return (await `+look+`(frame.contentWindow)).Fired.length > 0
				} catch { return false } // it went elsewhere
			}))
			return ran.filter(Boolean).length
		})(`+string(in)+`)`)
		tab.Close()
		if err != nil { // some keep a page busy for ever
			m.t.Logf("of %d strings nobody knows whether they run: %v", len(some), err)
			continue
		}
		m.fired += ran
	}
	if m.fired < len(m.texts)/20 {
		m.t.Errorf("%d of %d strings run where they stand as they are: the test does not see what runs", m.fired,
			len(m.texts))
	}
}
