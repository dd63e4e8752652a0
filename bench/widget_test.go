package main

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkWidget opens a page of a blog with the widget and with an empty element, alternating, and reads long threads
// to the end.
const (
	openings     = 61 // page loads of each
	longThread   = 2_000
	longerThread = 5_000
	slowedBy     = 4 // CPU throttling factor
)

// emptyScript is the floor: a custom element with an empty shadow root, embedded with the same kind of tag.
const emptyScript = `customElements.define("aitys-empty", class extends HTMLElement {
	connectedCallback() {
		this.attachShadow({ mode: "open" })
		this.dispatchEvent(new CustomEvent("aitys:ready", { bubbles: true, composed: true }))
	}
})
document.getElementById("aitys").append(document.createElement("aitys-empty"))`

// BenchmarkWidget measures the widget in Chromium, on SQLite: the requests and bytes of a first view, the time until 25
// comments are shown relative to an empty element, the clicks to read 2,000 comments to the end, and the longest task
// while 5,000 comments are read with the CPU throttled to a quarter.
func BenchmarkWidget(b *testing.B) {
	w := newReading(b)
	empty := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/javascript")
		out.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = out.Write([]byte(emptyScript))
	}))
	defer empty.Close()
	for path, n := range map[string]int{"/first": 25, "/long": longThread, "/longer": longerThread} {
		w.postComments(path, n)
	}
	b.ResetTimer()
	for b.Loop() {
		requests, bytes := w.firstView()
		b.ReportMetric(float64(requests), "requests")
		b.ReportMetric(float64(bytes), "bytes")

		var ours, floor []float64
		for range openings {
			ours = append(ours, w.readyAfter(w.blog.URL+"/first", ""))
			floor = append(floor, w.readyAfter(w.blog.URL+"/first", empty.URL))
		}
		slices.Sort(ours)
		slices.Sort(floor)
		b.Logf("ready after %.1f ms (%.1f to %.1f), an empty element %.1f ms (%.1f to %.1f)", ours[openings/2], ours[0],
			ours[openings-1], floor[openings/2], floor[0], floor[openings-1])
		b.ReportMetric(ours[openings/2]/floor[openings/2], "ready/empty")

		presses, _ := w.readAll("/long", longThread, 1)
		b.ReportMetric(float64(presses), "presses")
		presses, longest := w.readAll("/longer", longerThread, slowedBy)
		b.Logf("%d comments: %d presses", longerThread, presses)
		b.ReportMetric(longest, "longest-ms")
	}
}

// TestMain ends the browser that the benchmarks share.
func TestMain(m *testing.M) {
	code := m.Run()
	testkit.CloseBrowser()
	os.Exit(code)
}

// A widgetBench is a service, and a blog on another origin that embeds its widget.
type widgetBench struct {
	t       testing.TB
	service *testkit.Instance
	blog    *httptest.Server
	client  *testkit.Client // of an owner
}

// articlePage is a page of the blog. The query parameter script replaces the script of the widget.
var articlePage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>An article</title></head>
<body><h1>An article</h1><p>Somebody wrote this.</p><div id="aitys"></div>
<script async crossorigin src="{{or .Script (print .Service "/embed.js")}}" data-site="bench" data-page="{{.URL}}"
	data-title="An article"></script></body></html>`))

func newReading(b *testing.B) *widgetBench {
	b.Helper()
	w := &widgetBench{t: b}
	w.blog = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = articlePage.Execute(out, map[string]string{"Service": w.service.URL, "URL": w.blog.URL + r.URL.Path,
			"Script": r.URL.Query().Get("script")})
	}))
	b.Cleanup(w.blog.Close)
	w.client, _, w.service = served(b, testkit.DurableSQLite(b), w.blog.URL)
	return w
}

func (w *widgetBench) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// postComments posts and approves n comments on a page.
func (w *widgetBench) postComments(path string, n int) {
	w.t.Helper()
	reader := *w.client
	reader.Token = ""
	_, err := load.Closed(w.t.Context(), 8, n, func(i int) error {
		_, err := reader.Post(w.t.Context(), "", w.blog.URL+path, fmt.Sprint("Writer ", i%97), "",
			fmt.Sprintf("Comment %d says what *comments* say: an oven is warm, and [a link](https://oven.example/%d)"+
				" that it is dear. The second sentence is there for its length, and for nothing else.", i, i))
		return err
	})
	w.must(err, approve(w.client))
}

// phone opens a tab with the viewport of a phone.
func (w *widgetBench) phone() *testkit.Tab {
	w.t.Helper()
	tab, err := testkit.OneBrowser(w.t).Tab(390, 844, false)
	w.must(err)
	return tab
}

// firstView opens a page with an empty cache. It returns the number of requests to the service, and the bytes of its
// responses with headers.
func (w *widgetBench) firstView() (requests int, bytes int64) {
	w.t.Helper()
	tab := w.phone()
	defer tab.Close()
	var mu sync.Mutex
	from := map[network.RequestID]bool{}
	w.must(chromedp.Listen(tab.Context(), func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *network.EventResponseReceived:
			from[e.RequestID] = len(e.Response.URL) > len(w.service.URL) && e.Response.URL[:len(w.service.URL)] == w.service.URL
		case *network.EventLoadingFinished:
			if from[e.RequestID] {
				requests++
				bytes += int64(e.EncodedDataLength)
			}
		}
	}))
	_, err := chromedp.Call(tab.Context(), network.Enable, network.EnableParams{})
	w.must(err, tab.Go(w.blog.URL+"/first"), tab.Holds(widgetHas(25)))
	mu.Lock()
	defer mu.Unlock()
	return requests, bytes
}

// widgetShows is a JavaScript expression: the number of top-level comments that the widget shows.
const widgetShows = `document.querySelector("aitys-comments")?.shadowRoot.querySelectorAll(".list > li").length`

// widgetHas returns a JavaScript expression: whether the widget shows at least n top-level comments.
func widgetHas(n int) string { return fmt.Sprintf("%s >= %d", widgetShows, n) }

// readyAfter opens a page in a new tab, with another script instead of the widget if script is not "". It returns the
// milliseconds from the start of the navigation until the element is ready.
func (w *widgetBench) readyAfter(page, script string) float64 {
	w.t.Helper()
	tab := w.phone()
	defer tab.Close()
	if script != "" {
		page += "?script=" + script
	}
	w.must(tab.DisableInspection(), tab.AddInitScript(`const ready = new Promise(done =>
		addEventListener("aitys:ready", () => done(performance.now()), { once: true }))`), tab.Go(page))
	after, err := testkit.Eval[float64](tab, `ready`)
	w.must(err)
	return after
}

// readAll opens a page with the CPU throttled by the factor slowed, and clicks "more" until all comments are shown. It
// returns the number of clicks and the longest task of the page in milliseconds.
func (w *widgetBench) readAll(path string, comments, slowed int) (presses int, longest float64) {
	w.t.Helper()
	tab := w.phone()
	defer tab.Close()
	_, err := chromedp.Call(tab.Context(), emulation.SetCPUThrottlingRate,
		emulation.SetCPUThrottlingRateParams{Rate: float64(slowed)})
	w.must(err, tab.DisableInspection(), tab.AddInitScript(`window.tasks = []
		new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(e => e.duration)))
			.observe({ type: "longtask", buffered: true })
		const root = () => document.querySelector("aitys-comments").shadowRoot
		window.more = () => root().querySelector("section > .steps > button")`),
		tab.Go(w.blog.URL+path), tab.Holds(widgetHas(25)))
	for {
		shown, err := testkit.Eval[int](tab, widgetShows)
		w.must(err)
		if shown >= comments {
			break
		}
		w.must(tab.Holds(`!!window.more()`))
		_, err = testkit.Eval[bool](tab, `(window.more().scrollIntoView(), window.more().click(), true)`)
		presses++
		w.must(err, tab.Holds(fmt.Sprintf("%s && (%s || !!window.more())", widgetHas(shown+1), widgetHas(comments))))
	}
	tasks, err := testkit.Eval[[]float64](tab, `window.tasks`)
	w.must(err)
	// Check that long tasks are observed at all, with a task of 60 ms.
	_, err = testkit.Eval[bool](tab, `(window.tasks = [], setTimeout(() => {
		for (const end = performance.now() + 60; performance.now() < end;);
	}), true)`)
	w.must(err, tab.Holds(`window.tasks.some(ms => ms >= 60)`))
	if len(tasks) > 0 {
		longest = slices.Max(tasks)
	}
	return presses, longest
}
