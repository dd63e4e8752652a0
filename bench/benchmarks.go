package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmarks runs Go benchmarks, ours and their floors in one process, and compares them.
func benchmarks() ([]row, error) {
	api, err := goBench("api", "HotWork$")
	if err != nil {
		return nil, err
	}
	store, err := goBench("bench", "BenchmarkPosts$")
	if err != nil {
		return nil, err
	}
	return []row{
		{"R7", "JSON encodes and gzip runs per hot request", "", "0", "0", fmt.Sprint(api["HotWork"])},
		ratio("W1a", "store alone: posts/s, 64 writers, SQLite FULL with group commit", "raw driver, same rows", "≥ 0.4",
			"≥ 0.7", store["Posts/ours"], store["Posts/floor"]),
	}, nil
}

// waitingRows runs the benchmarks of the queue, on both databases: what 100,000 that wait cost beside 1,000, and a
// campaign of 100,000 beside one of 100.
func waitingRows() (rows []row, err error) {
	took, err := goBench("bench", "Waiting|Campaign")
	if err != nil {
		return nil, err
	}
	for _, database := range []string{"sqlite", "postgres"} {
		times := func(kind, what string, small, large int) string {
			few, many := took[fmt.Sprintf("%s/%s/%d/%s", kind, database, small, what)],
				took[fmt.Sprintf("%s/%s/%d/%s", kind, database, large, what)]
			if few == 0 || many == 0 {
				return what + " not measured"
			}
			return fmt.Sprintf("%s %.2f× (%.2f ms)", what, many/few, many/1e6)
		}
		list := func(kind string, small, large int, whats ...string) string {
			all := make([]string, len(whats))
			for i, what := range whats {
				all[i] = times(kind, what, small, large)
			}
			return strings.Join(all, ", ")
		}
		rows = append(rows,
			row{"Q1", "a page of the queue, 100,000 waiting, " + database, "1,000 waiting", "≤ 2×, by risk ≤ 3×",
				"≤ 1.3×, by risk ≤ 2×", list("Waiting", 1_000, 100_000, "age", "newest", "deep", "risk", "calm")},
			row{"Q2", "counts of the queue, 100,000 waiting, " + database, "1,000 waiting", "≤ 2×", "≤ 1.1×",
				list("Waiting", 1_000, 100_000, "counts")},
			row{"K3", "a campaign of 100,000, " + database, "one of 100", "no more", "",
				list("Campaign", 100, 100_000, "join", "queue", "page", "list")})
	}
	return rows, nil
}

// waitingCosts measures them and writes them into docs/performance.md.
func waitingCosts() error {
	return measure("waiting", "`cd bench && go run . waiting`, two cores", []func() ([]row, error){waitingRows})
}

// goBench returns the figure of each benchmark in a folder that a pattern matches: its ns/op, or its own metric "per_op".
func goBench(dir, pattern string) (map[string]float64, error) {
	cmd := exec.Command("go", "test", "-C", dir, "-run", "^$", "-bench", pattern, "-benchtime", "2s", "-count", "1",
		"-timeout", "2h", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("benchmarks %s: %w: %s", pattern, err, out)
	}
	figures := map[string]float64{}
	line := regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(?:.*?([\d.]+) per_op)?`)
	for _, m := range line.FindAllStringSubmatch(string(out), -1) {
		value := m[2]
		if m[3] != "" {
			value = m[3]
		}
		if figures[m[1]], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("benchmark %s: %w", m[1], err)
		}
	}
	return figures, nil
}

// ratio compares times: 1 is as fast as the floor.
func ratio(number, what, floor, must, aim string, ours, floorTime float64) row {
	r := row{number, what, floor, must, aim, "not measured"}
	if ours > 0 && floorTime > 0 {
		r.floor = fmt.Sprintf("%s: %.0f/s", floor, 1e9/floorTime)
		r.ours = fmt.Sprintf("%.2f (%.0f/s)", floorTime/ours, 1e9/ours)
	}
	return r
}
