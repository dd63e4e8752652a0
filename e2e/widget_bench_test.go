package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

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
	w := newProcessWorld(b, testkit.Binary(b), nil)
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

// written has a page with n comments that are published.
func (w *world) written(path string, n int) {
	w.t.Helper()
	var group sync.WaitGroup
	errs := make([]error, n)
	const hands = 8
	for hand := range hands {
		group.Go(func() {
			for i := hand; i < n; i += hands {
				_, errs[i] = w.client.Post(w.t.Context(), "", w.blog.URL+path, fmt.Sprint("Writer ", i%97), "",
					fmt.Sprintf("Comment %d says what *comments* say: an oven is warm, and [a link](https://oven.example/%d)"+
						" that it is dear. The second sentence is there for its length, and for nothing else.", i, i))
			}
		})
	}
	group.Wait()
	w.must(errs...)
	decideAll(w.t, w, "approve")
}

// reader opens a phone's tab.
func (w *world) reader() *testkit.Tab {
	w.t.Helper()
	tab, err := testkit.OneBrowser(w.t).Tab(390, 844, false)
	w.must(err)
	return tab
}

// firstView opens a page that was never opened, and returns how many requests the service answered, and with how many
// bytes, headers included.
func (w *world) firstView() (requests int, bytes int64) {
	w.t.Helper()
	tab := w.reader()
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
func (w *world) readyAfter(page, script string) float64 {
	w.t.Helper()
	tab := w.reader()
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
func (w *world) readAll(path string, comments, slowed int) (presses int, longest float64) {
	w.t.Helper()
	tab := w.reader()
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
