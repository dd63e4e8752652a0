package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// benchmarks runs Go benchmarks of the service and of their floors, and compares them.
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
		{"JSON encodes and gzip runs per hot request", "", "0", fmt.Sprint(api["HotWork"])},
		ratio("store alone: posts/s, 64 writers, SQLite FULL with group commit", "raw driver, same rows", "≥ 0.4",
			store["Posts/ours"], store["Posts/floor"]),
	}, nil
}

// waitingRows runs the benchmarks of the queue on both databases. It compares 100,000 pending comments with 1,000, and
// a campaign of 100,000 with one of 100.
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
			row{"queue page, 100,000 pending, " + database, "1,000 pending", "≤ 2×, by risk ≤ 3×",
				list("Waiting", 1_000, 100_000, "age", "newest", "deep", "risk", "calm")},
			row{"queue counts, 100,000 pending, " + database, "1,000 pending", "≤ 2×",
				list("Waiting", 1_000, 100_000, "counts")},
			row{"campaign of 100,000 comments, " + database, "campaign of 100", "≤ 1×",
				list("Campaign", 100, 100_000, "join", "queue", "page", "list")})
	}
	return rows, nil
}

// waitingCosts writes waitingRows to docs/measurements.md.
func waitingCosts() error {
	return measure("waiting", "`cd bench && go run . waiting`, two cores", []func() ([]row, error){waitingRows})
}

// goBench runs the benchmarks in dir that match pattern and returns their results by name: the metric per_op if a
// benchmark reports it, or else ns/op.
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

// ratio returns a row with floorTime divided by ours: 1 is as fast as the floor. Times are in nanoseconds.
func ratio(what, floor, required string, ours, floorTime float64) row {
	r := row{what, floor, required, "not measured"}
	if ours > 0 && floorTime > 0 {
		r.floor = fmt.Sprintf("%s: %.0f/s", floor, 1e9/floorTime)
		r.measured = fmt.Sprintf("%.2f (%.0f/s)", floorTime/ours, 1e9/ours)
	}
	return r
}
