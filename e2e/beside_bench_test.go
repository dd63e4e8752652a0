package e2e

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

const (
	hooksWaiting = 10_000
	hookSlowFor  = 9 * time.Second // a second less than is waited for it
	hookTurns    = 15              // one turn says little of a p50
)

// BenchmarkPostsBesideWebhooks guards that 10,000 messages which wait for a slow receiver cost those who post at half
// of the highest rate no more than 5 % of their p50, nor of the processors' time, beside a service that tells nobody;
// what another such one shows is the noise. Each post is one more message. It is SQLite, where whoever writes keeps
// others waiting; the services take turns, each once the one before it has done with what its posts brought, and of
// their ratios the middle one counts.
func BenchmarkPostsBesideWebhooks(b *testing.B) {
	var taken, held atomic.Int64
	at := func(do func()) string {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { do() }))
		b.Cleanup(receiver.CloseClientConnections)
		return receiver.URL
	}
	services := []mailService{besideHook(b, "none", ""), besideHook(b, "again", ""),
		besideHook(b, "well", at(func() { taken.Add(1) })),
		besideHook(b, "slow", at(func() { held.Add(1); time.Sleep(hookSlowFor) }))} // that is how slow it is
	for _, s := range services {
		postAt(b, s.client, 0, hooksWaiting, func(n int) string { return fmt.Sprintf("Of day %d it was said", n) })
	}
	kit.Within(b, 10*time.Minute, "who is quick has all", func() bool { return taken.Load() >= hooksWaiting })
	kit.Within(b, time.Minute, "who is slow is called", func() bool { return held.Load() > 0 })
	rested(b, services)
	began := time.Now()
	services[0].post(b, -1)
	rate := postsATurn / time.Since(began).Seconds() / 2
	rested(b, services)
	for range b.N {
		p50, cpu := make([][]float64, len(services)), make([][]float64, len(services))
		for turn := range hookTurns {
			mid, busy := make([]float64, len(services)), make([]float64, len(services))
			for i := range services { // each is once the first
				at := (i + turn) % len(services)
				before := services[at].busy(b)
				took := services[at].steady(b, turn, rate)
				rested(b, services)
				mid[at], busy[at] = float64(took[len(took)/2]), services[at].busy(b)-before
			}
			for i := range services {
				p50[i], cpu[i] = append(p50[i], mid[i]/mid[0]), append(cpu[i], busy[i]/busy[0])
			}
		}
		for i, s := range services {
			slices.Sort(p50[i])
			slices.Sort(cpu[i])
			b.ReportMetric(p50[i][hookTurns/2], s.name+"_p50")
			b.ReportMetric(cpu[i][hookTurns/2], s.name+"_cpu")
			b.Logf("%s, %.0f posts/s: p50 %.3f (%.3f to %.3f), cpu %.3f (%.3f to %.3f)", s.name, rate, p50[i][hookTurns/2],
				p50[i][hookTurns/4], p50[i][hookTurns*3/4], cpu[i][hookTurns/2], cpu[i][hookTurns/4],
				cpu[i][hookTurns*3/4])
		}
	}
	if n := held.Load(); n > hooksWaiting/2 {
		b.Errorf("%d messages were handed to a slow receiver: this said nothing", n)
	}
}

// rested waits until services use less than a twentieth of a processor.
func rested(b *testing.B, services []mailService) {
	b.Helper()
	busy := func() (ticks float64) { // of a hundredth of a second
		for _, s := range services {
			ticks += s.busy(b)
		}
		return ticks
	}
	kit.Within(b, 10*time.Minute, "services rest", func() bool {
		before := busy()
		time.Sleep(time.Second)
		return busy()-before < 5
	})
}

// besideHook starts a service whose receiver of all comments that arrive is at an address, "" for none.
func besideHook(b *testing.B, name, address string) mailService {
	b.Helper()
	s := besideMail(b, "--reach", "127.0.0.0/8")
	s.name = name
	if address != "" {
		hook := map[string]any{"url": address, "events": []string{"comment.arrived"}}
		if err := s.client.Do(b.Context(), http.MethodPost, "/moderation/webhooks", nil, hook, nil); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

// steady posts as many as a turn has, so many a second, each when it is its turn, and returns how long each took from
// then on, the shortest first.
func (s mailService) steady(b *testing.B, turn int, rate float64) []time.Duration {
	b.Helper()
	took := make([]time.Duration, postsATurn)
	reader := *s.client
	reader.Token = ""
	var group sync.WaitGroup
	var next atomic.Int64
	began := time.Now()
	for range 4 * clientsAtOnce {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < postsATurn; i = int(next.Add(1)) - 1 {
				due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
				time.Sleep(time.Until(due))
				_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", i%100),
					fmt.Sprintf("Writer %d", i), "", fmt.Sprintf("Remark %d of steady turn %d.", i, turn))
				took[i] = time.Since(due)
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	slices.Sort(took)
	return took
}

// BenchmarkPostsBesideAnImport guards that those who post to one site wait 200 ms at most while TEST_COMMENTS comments
// (50,000) are imported into another one: fifty posts a second, on both databases, before the import and beside it.
// What is told to come again comes again: that is part of what it waits.
func BenchmarkPostsBesideAnImport(b *testing.B) {
	all, err := strconv.Atoi(cmp.Or(os.Getenv("TEST_COMMENTS"), "50000"))
	if err != nil {
		b.Fatal(err)
	}
	dump := filepath.Join(b.TempDir(), "dump.jsonl")
	if err := writeDump(dump, all); err != nil {
		b.Fatal(err)
	}
	onBothDatabases(b, func(b *testing.B, desk *kit.Client, common []string) {
		binary := kit.Binary(b)
		site := []string{"site", "add", "--key", "moved", "--name", "M", "--origin", "https://moved.example"}
		if _, err := kit.Run(binary, append(site, common...)...); err != nil {
			b.Fatal(err)
		}
		alone := postUntil(b, desk, time.After(20*time.Second))
		ended := make(chan time.Time)
		cmd := exec.CommandContext(b.Context(), binary, append([]string{"import", "remark42", dump, "--site", "moved"},
			common...)...)
		var said bytes.Buffer
		cmd.Stderr = &said
		began := time.Now()
		go func() { defer close(ended); err = cmd.Run() }()
		beside := postUntil(b, desk, ended)
		if err != nil {
			b.Fatalf("import: %v: %s", err, said.Bytes())
		}
		b.Logf("%d comments in %.1f s", all, time.Since(began).Seconds())
		for name, took := range map[string][]time.Duration{"alone": alone, "beside": beside} {
			at := func(of int) float64 { return took[min(len(took)*of/1000, len(took)-1)].Seconds() * 1e3 }
			b.Logf("%s: %d posts, p50 %.1f ms, p99 %.1f ms, the longest %.1f ms", name, len(took), at(500), at(990), at(1000))
			b.ReportMetric(at(500), name+"_p50_ms")
			b.ReportMetric(at(990), name+"_p99_ms")
			b.ReportMetric(at(1000), name+"_worst_ms")
		}
	})
}

// postUntil posts fifty times a second until something has ended, and returns how long each took, the shortest first.
func postUntil(b *testing.B, c *kit.Client, ended <-chan time.Time) (took []time.Duration) {
	b.Helper()
	reader := *c
	reader.Token = ""
	var mu sync.Mutex
	var group sync.WaitGroup
	defer func() { group.Wait(); slices.Sort(took) }()
	turn := time.NewTicker(20 * time.Millisecond)
	defer turn.Stop()
	run := time.Now().UnixNano()
	for n := 0; ; n++ {
		select {
		case <-ended:
			return took
		case <-turn.C:
		}
		group.Go(func() {
			began := time.Now()
			for {
				_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", n%100),
					fmt.Sprintf("Writer %d", n), "", fmt.Sprintf("Remark %d of run %d.", n, run))
				if busy, ok := errors.AsType[*kit.StatusError](err); ok && busy.Later() {
					time.Sleep(5 * time.Millisecond)
					continue
				}
				if err != nil {
					b.Error(err)
				}
				break
			}
			mu.Lock()
			took = append(took, time.Since(began))
			mu.Unlock()
		})
	}
}

// writeDump writes a backup of Remark42 with so many comments, a thousand on each page.
func writeDump(path string, all int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, `{"version":1,"users":[],"posts":[]}`)
	for n := range all {
		fmt.Fprintf(out, `{"id":"c%d","pid":"","text":"<p>Remark %[1]d, %x, of gardens, ferries and stone ovens.</p>",`+
			`"user":{"name":"R%d"},"locator":{"site":"s","url":"https://moved.example/post-%d"},`+
			`"time":"2024-01-02T03:04:05Z","title":"Post"}`+"\n", n, n*2654435761, n%400, n/1000)
	}
	return errors.Join(out.Flush(), f.Close())
}
