package main

import (
	"bytes"
	"fmt"
	"io"
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

// keyRows are the numbers of loaded rows at which keys are measured.
var keyRows = []int{50, 150, 500}

// waitingRows runs the benchmarks of the queue on both databases. It compares 100,000 pending comments with 1,000, those of
// 1,000 sites with those of one, and a campaign of 100,000 with one of 100. It also runs the benchmarks of its keys.
func waitingRows() (rows []row, err error) {
	took, err := goBench("bench", "Waiting|Campaign|Keys|Pace")
	if err != nil {
		return nil, err
	}
	// compare compares the benchmarks few + what with many + what.
	compare := func(few, many string, whats ...string) string {
		all := make([]string, len(whats))
		for i, what := range whats {
			floor, ours := took[few+what], took[many+what]
			all[i] = what + " not measured"
			if floor > 0 && ours > 0 {
				all[i] = fmt.Sprintf("%s %.2f× (%.2f ms)", what, ours/floor, ours/1e6)
			}
		}
		return strings.Join(all, ", ")
	}
	for _, database := range []string{"sqlite", "postgres"} {
		one, many := "Waiting/"+database+"/1000/", "Waiting/"+database+"/100000/"
		sites := "SitesWaiting/" + database + "/"
		campaign := "Campaign/" + database + "/"
		rows = append(rows,
			row{"queue page, 100,000 pending, " + database, "1,000 pending", "≤ 2×, by risk ≤ 3×",
				compare(one, many, "age", "newest", "deep", "risk", "calm")},
			row{"queue counts, 100,000 pending, " + database, "1,000 pending", "≤ 2×", compare(one, many, "counts")},
			row{"queue page over 1,000 sites, 100,000 pending, " + database, "one site, 100,000 pending", "≤ 2×",
				compare(many, sites, "age", "newest", "deep", "risk", "calm")},
			row{"queue counts over 1,000 sites, 100,000 pending, " + database, "one site, 100,000 pending", "≤ 2×",
				compare(many, sites, "counts")},
			row{"campaign of 100,000 comments, " + database, "campaign of 100", "≤ 1×",
				compare(campaign+"100/", campaign+"100000/", "join", "queue", "page", "list")})
	}
	for _, key := range []struct{ name, required string }{{"j", "≤ 8 ms at 150"}, {"s", "≤ 15 ms at 150"}} {
		var floors, ours []string
		for _, rows := range keyRows {
			floors = append(floors, fmt.Sprintf("%.1f", took[fmt.Sprint("Keys/y/", rows)]/1e6))
			ours = append(ours, fmt.Sprintf("%.1f", took[fmt.Sprint("Keys/", key.name, "/", rows)]/1e6))
		}
		rows = append(rows, row{"CPU of the main thread per key `" + key.name + "`, 50 / 150 / 500 rows loaded, Chromium",
			"a key without an action: " + strings.Join(floors, " / ") + " ms", key.required, strings.Join(ours, " / ") + " ms"})
	}
	return append(rows, row{"100 keys, five per second, network latency 200 ms, 100,000 pending: the right comment each time, all saved",
		"", "≤ 2 s after the last key", fmt.Sprintf("%.2f s", took["Pace"]/1e9)}), nil
}

// waitingCosts writes waitingRows to docs/measurements.md.
func waitingCosts() error {
	return measure("waiting", "`cd bench && go run . waiting`, two cores", []func() ([]row, error){waitingRows})
}

// goBench runs the benchmarks in dir that match pattern, and copies their output to stderr. It returns the results by
// name: the metric per_op if a benchmark reports it, or else ns/op.
func goBench(dir, pattern string) (map[string]float64, error) {
	cmd := exec.Command("go", "test", "-C", dir, "-run", "^$", "-bench", pattern, "-benchtime", "2s", "-count", "1",
		"-timeout", "2h", ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout = io.MultiWriter(&out, os.Stderr) // prints each result as soon as it is known
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("benchmarks %s: %w", pattern, err)
	}
	figures := map[string]float64{}
	line := regexp.MustCompile(`(?m)^Benchmark(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op(?:.*?([\d.]+) per_op)?`)
	for _, m := range line.FindAllStringSubmatch(out.String(), -1) {
		value := m[2]
		if m[3] != "" {
			value = m[3]
		}
		figure, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return nil, fmt.Errorf("benchmark %s: %w", m[1], err)
		}
		figures[m[1]] = figure
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
