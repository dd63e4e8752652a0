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

// How BenchmarkWidget is read: a page of the blog is opened so many times with the widget and with an element that does
// nothing, a turn at a time; threads of so many comments are read to their end.
const (
	openings     = 61
	longThread   = 2_000
	longerThread = 5_000
	slowedBy     = 4 // times
)

// emptyScript is the floor: an element of its own with a shadow root, on the same page by the same kind of tag.
const emptyScript = `customElements.define("aitys-empty", class extends HTMLElement {
	connectedCallback() {
		this.attachShadow({ mode: "open" })
		this.dispatchEvent(new CustomEvent("aitys:ready", { bubbles: true, composed: true }))
	}
})
document.getElementById("aitys").append(document.createElement("aitys-empty"))`

// BenchmarkWidget guards what a reader's browser has to do, by the browser's own count, on SQLite: what a first view
// loads (B2), how long until 25 comments stand there beside an element that does nothing, how many presses lead to the
// end of 2,000 comments, and the longest task while 5,000 are read on a processor slowed four times.
func BenchmarkWidget(b *testing.B) {
	w := newReading(b)
	empty := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/javascript")
		out.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = out.Write([]byte(emptyScript))
	}))
	defer empty.Close()
	for path, n := range map[string]int{"/first": 25, "/long": longThread, "/longer": longerThread} {
		w.written(path, n)
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

// A reading is a service, and a blog on another origin that embeds its widget.
type reading struct {
	t       testing.TB
	service *testkit.Instance
	blog    *httptest.Server
	client  *testkit.Client // an owner's
}

// articlePage is a page of the blog. Its address may name a script in the place of the widget's.
var articlePage = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>An article</title></head>
<body><h1>An article</h1><p>Somebody wrote this.</p><div id="aitys"></div>
<script async crossorigin src="{{or .Script (print .Service "/embed.js")}}" data-site="bench" data-page="{{.URL}}"
	data-title="An article"></script></body></html>`))

func newReading(b *testing.B) *reading {
	b.Helper()
	w := &reading{t: b}
	w.blog = httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		out.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = articlePage.Execute(out, map[string]string{"Service": w.service.URL, "URL": w.blog.URL + r.URL.Path,
			"Script": r.URL.Query().Get("script")})
	}))
	b.Cleanup(w.blog.Close)
	w.client, _, w.service = served(b, testkit.DurableSQLite(b), w.blog.URL)
	return w
}

func (w *reading) must(errs ...error) {
	w.t.Helper()
	if err := errors.Join(errs...); err != nil {
		w.t.Fatal(err)
	}
}

// written posts and approves n comments on a page.
func (w *reading) written(path string, n int) {
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

// phone opens a phone's tab.
func (w *reading) phone() *testkit.Tab {
	w.t.Helper()
	tab, err := testkit.OneBrowser(w.t).Tab(390, 844, false)
	w.must(err)
	return tab
}

// firstView opens a page that was never opened, and returns how many requests the service answered, and with how many
// bytes, headers included.
func (w *reading) firstView() (requests int, bytes int64) {
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

// widgetShows is how many comments the widget shows that answer none.
const widgetShows = `document.querySelector("aitys-comments")?.shadowRoot.querySelectorAll(".list > li").length`

// widgetHas is whether the widget shows so many comments.
func widgetHas(n int) string { return fmt.Sprintf("%s >= %d", widgetShows, n) }

// readyAfter opens a page anew, with another script in the place of the widget's if one is given, and returns how many
// milliseconds after the navigation began it was ready.
func (w *reading) readyAfter(page, script string) float64 {
	w.t.Helper()
	tab := w.phone()
	defer tab.Close()
	if script != "" {
		page += "?script=" + script
	}
	w.must(tab.Unwatched(), tab.BeforeEach(`const ready = new Promise(done =>
		addEventListener("aitys:ready", () => done(performance.now()), { once: true }))`), tab.Go(page))
	after, err := testkit.Eval[float64](tab, `ready`)
	w.must(err)
	return after
}

// readAll opens a page on a processor that is slowed so many times, and presses for more until all comments are there.
// It returns how many presses that took, and the longest task of the page in milliseconds.
func (w *reading) readAll(path string, comments, slowed int) (presses int, longest float64) {
	w.t.Helper()
	tab := w.phone()
	defer tab.Close()
	_, err := chromedp.Call(tab.Context(), emulation.SetCPUThrottlingRate,
		emulation.SetCPUThrottlingRateParams{Rate: float64(slowed)})
	w.must(err, tab.Unwatched(), tab.BeforeEach(`window.tasks = []
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
	// A task that is known to be long, or none would be told of.
	_, err = testkit.Eval[bool](tab, `(window.tasks = [], setTimeout(() => {
		for (const end = performance.now() + 60; performance.now() < end;);
	}), true)`)
	w.must(err, tab.Holds(`window.tasks.some(ms => ms >= 60)`))
	if len(tasks) > 0 {
		longest = slices.Max(tasks)
	}
	return presses, longest
}
