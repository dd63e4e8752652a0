package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// BenchmarkPostsBesideAnImport measures 50 posts per second to one site, before and during an import of TEST_COMMENTS
// comments (default 50,000) into another site, on both databases. A post must take at most 200 ms; retries of busy
// answers count as latency.
func BenchmarkPostsBesideAnImport(b *testing.B) {
	all, err := strconv.Atoi(cmp.Or(os.Getenv("TEST_COMMENTS"), "50000"))
	if err != nil {
		b.Fatal(err)
	}
	dump := filepath.Join(b.TempDir(), "dump.jsonl")
	if err := writeDump(dump, all); err != nil {
		b.Fatal(err)
	}
	onBothDatabases(b, func(b *testing.B, desk *testkit.Client, common []string) {
		binary := testkit.Binary(b)
		site := []string{"site", "add", "--key", "moved", "--name", "M", "--origin", "https://moved.example"}
		if _, err := testkit.Run(binary, append(site, common...)...); err != nil {
			b.Fatal(err)
		}
		quiet, cancel := context.WithTimeout(b.Context(), 20*time.Second)
		defer cancel()
		alone := postUntil(quiet, b, desk)
		importing, ended := context.WithCancel(b.Context())
		cmd := exec.CommandContext(b.Context(), binary, append([]string{"import", "remark42", dump, "--site", "moved"},
			common...)...)
		var said bytes.Buffer
		cmd.Stderr = &said
		began := time.Now()
		go func() { defer ended(); err = cmd.Run() }()
		beside := postUntil(importing, b, desk)
		if err != nil {
			b.Fatalf("import: %v: %s", err, said.Bytes())
		}
		b.Logf("%d comments in %.1f s", all, time.Since(began).Seconds())
		for name, took := range map[string]load.Latencies{"alone": alone, "beside": beside} {
			at := func(q float64) float64 { return took.At(q).Seconds() * 1e3 }
			b.Logf("%s: %d posts, p50 %.1f ms, p99 %.1f ms, the longest %.1f ms", name, len(took), at(0.5), at(0.99), at(1))
			b.ReportMetric(at(0.5), name+"_p50_ms")
			b.ReportMetric(at(0.99), name+"_p99_ms")
			b.ReportMetric(at(1), name+"_worst_ms")
		}
	})
}

// postUntil posts 50 comments per second until ctx ends.
func postUntil(ctx context.Context, b *testing.B, c *testkit.Client) load.Latencies {
	b.Helper()
	reader := *c
	reader.Token = ""
	run := time.Now().UnixNano()
	took, err := load.Open(ctx, 64, 0, 50, func(n int) error {
		for {
			_, err := reader.Post(b.Context(), "", fmt.Sprintf("https://bench.example/post-%d", n%100),
				fmt.Sprintf("Writer %d", n), "", fmt.Sprintf("Remark %d of run %d.", n, run))
			if busy, ok := errors.AsType[*testkit.StatusError](err); !ok || !busy.Retryable() {
				return err
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// writeDump writes a Remark42 backup of all comments, 1,000 per page.
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
