package e2e

import (
	"encoding/json"
	"slices"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// visit opens a page, waits for its comments, interacts with it and returns its text. It fails if a hostile string ran or
// if the page has foreign markup.
func (m *matrix) visit(tab *testkit.Tab, at string, widget bool) string {
	m.t.Helper()
	m.must(tab.Go(at))
	if widget {
		m.must(tab.Holds(`document.querySelector("aitys-comments")?.shadowRoot.querySelector("[part~=comment]")`))
	}
	got, err := testkit.Eval[probeResult](tab, probeScript+"(window)")
	m.must(err)
	m.harmless(got, at, at)
	return got.Words
}

// probeScript is a JavaScript function of a window. It shows the details of all rows of the queue, as the pane does, hovers
// over and focuses all elements, and returns what ran.
const probeScript = `(async page => {
	for (const t of page.document.querySelectorAll(".card template")) t.replaceWith(page.document.importNode(t.content, true))
	const touch = root => { for (const n of root.querySelectorAll("*")) {
		for (const kind of ["mouseover", "focus", "pointerenter", "toggle", "animationend"]) n.dispatchEvent(new Event(kind))
		for (const a of n.attributes) if (/^on/i.test(a.name)) n.dispatchEvent(new Event(a.name.slice(2)))
		if (n.nodeName === "A" && /^\s*(javascript|data|vbscript):/i.test(n.getAttribute("href") ?? "")) n.click()
		if (n.shadowRoot) touch(n.shadowRoot) } }
	touch(page.document)
	await new Promise(done => setTimeout(done, 30))
	return {Fired: page.fired, Reports: page.reports ?? [], Strange: ` + foreignMarkup + `(page.document, []),
		Words: ` + words + `(page.document), Where: page.location.href}
})`

// A probeResult is the result of probeScript, with the text that inspectFrames read.
type probeResult struct {
	Fired, Reports, Strange []string
	Words, Where, Data      string
}

// harmless fails if something ran on a page, or if the page navigated away.
func (m *matrix) harmless(f probeResult, at, stands string) {
	m.t.Helper()
	m.looked++
	if len(f.Fired)+len(f.Reports)+len(f.Strange) > 0 {
		m.t.Errorf("%s: ran %q, policy reports %q, strange %q", at, f.Fired, f.Reports, f.Strange)
	}
	if f.Fired == nil || f.Where != stands {
		m.t.Errorf("%s: the page went to %s", at, f.Where)
	}
}

// An output of the service for inspectFrames: a URL, or HTML.
type output struct{ At, HTML string }

// JavaScript functions that convert an output into visible HTML and data for programs.
const (
	// asPage reads a page and its structured data.
	asPage = `text => {
	const said = v => v !== null && typeof v === "object" ? Object.values(v).map(said).join(" ") : String(v)
	const read = new DOMParser().parseFromString(text, "text/html")
	return {html: text, data: [...read.querySelectorAll("script[type='application/ld+json']")]
		.map(n => said(JSON.parse(n.textContent))).join(" ")} }`
	// asFeed reads XML and puts the contents of entries on a page, like a feed reader.
	asFeed = `text => {
	const read = new DOMParser().parseFromString(text, "application/xml")
	if (read.querySelector("parsererror")) throw new Error("no XML: " + text)
	const links = [...read.querySelectorAll("link, in-reply-to")].map(n => n.getAttribute("href"))
	links.push(...[...read.querySelectorAll("uri")].map(n => n.textContent))
	if (links.some(to => !/^https?:/.test(to))) throw new Error("a link elsewhere: " + links)
	const content = [...read.querySelectorAll("content")].map(n => n.textContent)
	return {html: content.join("<hr>"), data: read.documentElement.textContent + " " + links.join(" ")} }`
	// asMail reads a mail, in which all links must lead to the service.
	asMail = `text => {
	const read = new DOMParser().parseFromString(text, "text/html")
	for (const n of read.querySelectorAll("[href], [src], [action], [background], [style*=url]"))
		if (n.nodeName !== "A" || !n.href.startsWith(location.origin + "/"))
			throw new Error("a link elsewhere: " + n.outerHTML)
	return {html: text, data: ""} }`
)

// inspectFrames is visit for many outputs without scripts. Each is in a frame of one page.
func (m *matrix) inspectFrames(all []output, read string) map[string]probeResult {
	m.t.Helper()
	out := map[string]probeResult{}
	for some := range slices.Chunk(all, perPage) {
		m.must(m.tab.Go(m.service.URL + "/healthz"))
		in, err := json.Marshal(some)
		m.must(err)
		got, err := testkit.Eval[[]probeResult](m.tab, `((pages) => Promise.all(pages.map(async page => {
			const {html, data} = (`+read+`)(page.HTML || await (await fetch(page.At)).text())
			const frame = document.createElement("iframe")
			await new Promise(done => { frame.onload = done; frame.srcdoc = html; document.body.append(frame) })
			return {...await `+probeScript+`(frame.contentWindow), Data: data}
		})))(`+string(in)+`)`)
		m.must(err)
		for n, page := range some {
			m.harmless(got[n], page.At, "about:srcdoc")
			out[page.At] = got[n]
		}
	}
	return out
}

// checkProbe is the positive control: it puts unescaped strings into a frame and fails if the probe does not see enough
// of them run. They cannot load anything or navigate the page.
func (m *matrix) checkProbe() {
	m.t.Helper()
	for some := range slices.Chunk(m.texts, perPage) {
		in, err := json.Marshal(some)
		m.must(err)
		tab, err := testkit.OneBrowser(m.t).Tab(1280, 900, false)
		m.must(err, tab.AddInitScript(watch), bypass(tab), tab.Go(m.service.URL+"/healthz"))
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
					return (await `+probeScript+`(frame.contentWindow)).Fired.length > 0
				} catch { return false } // it navigated away
			}))
			return ran.filter(Boolean).length
		})(`+string(in)+`)`)
		tab.Close()
		if err != nil { // some strings keep a page busy forever
			m.t.Logf("it is unknown whether %d strings run: %v", len(some), err)
			continue
		}
		m.fired += ran
	}
	if m.fired < len(m.texts)/20 {
		m.t.Errorf("%d of %d strings run where they stand as they are: the test does not see what runs", m.fired,
			len(m.texts))
	}
}
