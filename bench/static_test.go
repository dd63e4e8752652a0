package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// BenchmarkStatic measures the duration and the memory of a static copy of TEST_COMMENTS comments (default 1,000,000)
// and of a hundredth of them. The memory must not grow with the number of comments.
func BenchmarkStatic(b *testing.B) {
	n, err := strconv.Atoi(cmp.Or(os.Getenv("TEST_COMMENTS"), "1000000"))
	if err != nil {
		b.Fatal(err)
	}
	inModuleRoot(b, func(binary, dir string) error {
		how := "`cd bench && go test -run '^$' -bench Static -benchtime 1x -timeout 2h .`, two cores, SQLite"
		return measure("static", how, []func() ([]row, error){
			func() ([]row, error) { return staticCosts(binary, dir, n) },
		})
	})
}

func staticCosts(binary, dir string, n int) ([]row, error) {
	var took [2]time.Duration
	var most [2]int64
	for i, size := range [2]int{n / 100, n} {
		dump, data := filepath.Join(dir, fmt.Sprint(size, ".jsonl")), filepath.Join(dir, fmt.Sprint("site", size))
		if err := writeRemark(dump, size); err != nil {
			return nil, err
		}
		if _, _, err := addSite(binary, data); err != nil {
			return nil, err
		}
		if _, _, err := timed(nil, binary, "import", "remark42", dump, "--site", "bench", "--data", data); err != nil {
			return nil, err
		}
		if err := os.Remove(dump); err != nil {
			return nil, err
		}
		var err error
		took[i], most[i], err = timed(nil, binary, "export", "--site", "bench", "--format", "static", "--data", data,
			"--out", filepath.Join(dir, fmt.Sprint("copy", size)))
		if err != nil {
			return nil, err
		}
	}
	return []row{{fmt.Sprintf("static copy of %d comments on %d pages", n, n/movedEach),
		fmt.Sprintf("of %d: %.1f s, %d MiB", n/100, took[0].Seconds(), most[0]>>10),
		"memory ≤ 1.5×, ≤ 100 MiB", fmt.Sprintf("%.2f× (%d MiB), %.0f s (%.0f/s)", float64(most[1])/float64(most[0]), most[1]>>10,
			took[1].Seconds(), float64(n)/took[1].Seconds())}}, nil
}
