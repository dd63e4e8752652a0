package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

const (
	pressesEach = 24                     // keys per measurement; after 30 decisions a queue of 50 rows loads more
	settled     = 800 * time.Millisecond // after a key: its timers have run, and its requests are answered

	pacePresses  = 100
	paceInterval = 200 * time.Millisecond
	paceLatency  = 200 // ms, from a request to its response
)

// BenchmarkKeys measures the CPU time of the main thread per key in the queue of a site that was taught 500 comments, in
// Chromium: the median of 24 presses of j and of s, with all that a press causes within 0.8 seconds. The key y, which does
// nothing, is the floor. The time must not depend on the number of loaded rows.
func BenchmarkKeys(b *testing.B) {
	all, err := readLabelled(filepath.Join("..", comments, "mix.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	server, client, err := stage(testkit.Binary(b), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Kill)
	reader := *client
	reader.Token = ""
	var f result
	if err := teach(client, all[:500]); err != nil {
		b.Fatal(err)
	}
	if err := f.post(b.Context(), &reader, all[500:1_500], map[string]string{}); err != nil {
		b.Fatal(err)
	}
	tab := deskTab(b, server.URL, stageEmail, "")
	for _, key := range []string{"y", "j", "s"} {
		for _, rows := range keyRows {
			b.Run(fmt.Sprint(key, "/", rows), func(b *testing.B) {
				loadRows(b, tab, server.URL+"/moderate/stage/queue?sort=risk", rows)
				parts := map[string][]float64{}
				for range pressesEach {
					before := mainThread(b, tab)
					must(b, tab.Press(testkit.Key{Key: key, Code: "Key" + strings.ToUpper(key)}))
					time.Sleep(settled)
					for name, after := range mainThread(b, tab) {
						parts[name] = append(parts[name], after-before[name])
					}
				}
				for name, seconds := range parts {
					slices.Sort(seconds)
					b.ReportMetric(1e3*seconds[pressesEach/2], strings.ToLower(name)+"_ms")
				}
				b.ReportMetric(1e9*parts["Task"][pressesEach/2], "per_op")
			})
		}
	}
}

// mainThread returns the CPU time of a tab's main thread in seconds: of all tasks without those of the inspector, and of
// scripts, layout and style in them.
func mainThread(b *testing.B, tab *testkit.Tab) map[string]float64 {
	b.Helper()
	all, err := chromedp.Call(tab.Context(), performance.GetMetrics, cdp.Empty{})
	must(b, err)
	spent := map[string]float64{}
	for _, m := range all.Metrics {
		spent[m.Name] = m.Value
	}
	return map[string]float64{"Task": spent["TaskDuration"] - spent["DevToolsCommandDuration"], "Script": spent["ScriptDuration"],
		"Layout": spent["LayoutDuration"], "Style": spent["RecalcStyleDuration"]}
}

// loadRows opens a queue, loads pages until it has at least n rows, and goes to its first row.
func loadRows(b *testing.B, tab *testkit.Tab, url string, n int) {
	b.Helper()
	const rows = `document.querySelectorAll(".card").length`
	must(b, tab.Holds(saved), tab.Go(url), tab.Holds(rows+" > 0"))
	for {
		loaded, err := testkit.Eval[int](tab, rows)
		must(b, err)
		if loaded >= n {
			break
		}
		_, err = testkit.Eval[bool](tab, `([...document.querySelectorAll(".card")].at(-1).focus(), true)`)
		must(b, err, tab.Holds(fmt.Sprintf("%s > %d", rows, loaded)))
	}
	_, err := testkit.Eval[bool](tab, `(document.querySelector(".card").focus(), true)`)
	must(b, err)
	time.Sleep(2 * settled)
}

// saved is a JavaScript expression: whether the service has answered all decisions of the tab.
const saved = `Object.keys(sessionStorage).every(name => !name.startsWith("aitys:unsaved"))`

// BenchmarkPace presses 100 keys, five per second, in a queue of 100,000 pending comments over a network with a latency of
// 200 ms: a and s in turn. It fails unless each key decides the comment that was next in the queue. It measures the time
// from the last key until all decisions are answered, which must be at most 2 s.
func BenchmarkPace(b *testing.B) {
	desk, _, _ := served(b, testkit.SQLite(b), benchOrigin)
	postAt(b, desk, 0, 100_000, shortText)
	var want []string
	for after := ""; len(want) <= pacePresses; {
		items, next, err := desk.Queue(b.Context(), "sort=oldest&limit=100&after="+after)
		must(b, err)
		for _, item := range items {
			want = append(want, item.Comment.ID)
		}
		after = next
	}
	tab := deskTab(b, desk.URL, email, `window.shown = []; addEventListener("keyup", () =>
		shown.push(document.querySelector(".card[aria-current=true]")?.dataset.comment))`)
	must(b, tab.Go(desk.URL+"/moderate/bench/queue?sort=oldest"), tab.Holds(`document.querySelectorAll(".card").length === 50`))
	slow := network.Conditions{Latency: paceLatency, DownloadThroughput: -1, UploadThroughput: -1}
	_, err := chromedp.Call(tab.Context(), network.Enable, network.EnableParams{})
	must(b, err)
	_, err = chromedp.Call(tab.Context(), network.EmulateNetworkConditionsByRule,
		network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&slow}})
	must(b, err)
	took, err := testkit.Eval[float64](tab, `(async () => { const began = performance.now()
		await fetch("/healthz"); return performance.now() - began })()`)
	if must(b, err); took < paceLatency {
		b.Fatalf("the network answers in %.0f ms", took)
	}
	pace := time.NewTicker(paceInterval)
	defer pace.Stop()
	for n := range pacePresses {
		<-pace.C
		must(b, tab.Press(keysOf[[]string{"a", "s"}[n%2]]))
	}
	last := time.Now()
	must(b, tab.Holds(saved))
	b.ReportMetric(float64(time.Since(last).Nanoseconds()), "per_op")

	shown, err := testkit.Eval[[]string](tab, `shown`)
	if must(b, err); !slices.Equal(shown, want[1:pacePresses+1]) {
		b.Errorf("after the keys there were\n%s\nwant\n%s", shown, want[1:pacePresses+1])
	}
	for turn, state := range []string{"approved", "spam"} {
		decided, _, err := desk.Queue(b.Context(), "sort=oldest&limit=100&state="+state)
		must(b, err)
		var got, each []string
		for _, item := range decided {
			got = append(got, item.Comment.ID)
		}
		for n := turn; n < pacePresses; n += 2 {
			each = append(each, want[n])
		}
		if !slices.Equal(got, each) {
			b.Errorf("%s are\n%s\nwant\n%s", state, got, each)
		}
	}
}

// deskTab opens a tab that is signed in, runs script on each page, and reports CPU times. The inspector does not watch it.
func deskTab(b *testing.B, server, account, script string) *testkit.Tab {
	b.Helper()
	tab, err := testkit.OneBrowser(b).Tab(1280, 900, false)
	must(b, err)
	b.Cleanup(tab.Close)
	must(b, tab.AddInitScript(script), signIn(tab, server, account), tab.DisableInspection())
	_, err = chromedp.Call(tab.Context(), performance.Enable,
		performance.EnableParams{TimeDomain: performance.EnableTimeDomainThreadTicks})
	must(b, err)
	return tab
}

// must fails the benchmark at the first error.
func must(b *testing.B, errs ...error) {
	b.Helper()
	for _, err := range errs {
		if err != nil {
			b.Fatal(err)
		}
	}
}
