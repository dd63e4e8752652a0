package hardening

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"
)

// A figure is one line of the table.
type figure struct {
	number     int
	what, goal string
	measure    func(testing.TB, bench) result // nil if the figure is not measured
	why        string                         // why it is not measured
}

// A verdict says whether a figure holds. Its zero value means not measured.
type verdict string

const (
	notMeasured verdict = "not measured"
	holds       verdict = "holds"
	inPart      verdict = "holds in part"
	fallsShort  verdict = "FALLS SHORT"
)

type result struct {
	ours    string
	verdict verdict
	why     string // why it does not hold, or only in part
}

// count returns the result of a figure. tried describes the tries, and missing what the goal requires beyond them.
func count(t testing.TB, tried string, failures []string, missing string) result {
	r := result{ours: fmt.Sprintf("%d failures in %s", len(failures), tried), verdict: holds, why: missing}
	switch {
	case len(failures) > 0:
		r.verdict, r.why = fallsShort, failures[0]
		for _, f := range failures[:min(len(failures), 20)] {
			t.Log(f)
		}
	case missing != "":
		r.verdict = inPart
	}
	return r
}

// A row is the result of a figure.
type row struct {
	At      int // index in figures
	Ours    string
	Verdict verdict
	Why     string
	Seconds float64
}

// TestHardening measures every figure, prints the table, and fails if a figure falls short. It takes an hour. `make
// hardening` enables it.
func TestHardening(t *testing.T) {
	if os.Getenv("TEST_HARDENING") == "" {
		return
	}
	asked := func(f figure) bool { return os.Getenv("FIGURES") == "" || f.isOneOf(os.Getenv("FIGURES")) }
	if into := os.Getenv(rowsInto); into != "" {
		file, err := os.Create(into)
		must(t, err)
		measureAll(t, asked, func(r row) { must(t, json.NewEncoder(file).Encode(r)) })
		must(t, file.Close())
		return
	}
	all := measureBeside(t, asked)
	alone := func(f figure) bool { return asked(f) && !slices.ContainsFunc(beside, f.isOneOf) }
	measureAll(t, alone, func(r row) { all = append(all, r) })
	slices.SortFunc(all, func(a, b row) int { return a.At - b.At })
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "no.\tfigure\tgoal, short\tours\t\tseconds\twhy")
	said := map[verdict]int{}
	for _, r := range all {
		f := figures[r.At]
		said[r.Verdict]++
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%.0f\t%s\n", f.number, f.what, f.goal, cmp.Or(r.Ours, "-"), r.Verdict,
			r.Seconds, firstLine(r.Why))
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	for _, v := range []verdict{holds, inPart, fallsShort, notMeasured} {
		fmt.Printf("%s: %d\n", v, said[v])
	}
}

// measureAll measures the wanted figures one after the other, and calls tell with each result.
func measureAll(t *testing.T, wanted func(figure) bool, tell func(row)) {
	if !slices.ContainsFunc(figures, wanted) {
		return
	}
	b := newBench(t)
	for at, f := range figures {
		if !wanted(f) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s measuring %d, %s\n", time.Now().Format(time.TimeOnly), f.number, f.what)
		start, r := time.Now(), result{why: cmp.Or(f.why, "not asked for")}
		ran := t.Run(fmt.Sprintf("%d %s", f.number, f.what), func(t *testing.T) {
			if f.measure == nil {
				return
			}
			r = result{ours: "none", why: "it could not be measured, see above"}
			r = f.measure(t, b)
			if r.verdict == fallsShort {
				t.Errorf("%s: %s", r.ours, r.why)
			}
		})
		if !ran {
			r.verdict = fallsShort
		}
		r.verdict = cmp.Or(r.verdict, notMeasured)
		fmt.Fprintf(os.Stderr, "%d, %s: %s, %s\n", f.number, f.what, cmp.Or(r.ours, "-"), r.verdict) // in case the run ends early
		tell(row{at, r.ours, r.verdict, r.why, time.Since(start).Seconds()})
	}
}

// rowsInto is the environment variable with the file to which a process of measureBeside writes its rows.
const rowsInto = "TEST_HARDENING_ROWS"

// measureBeside starts one process for each list of beside, which measures the wanted figures. The processes run
// concurrently.
func measureBeside(t *testing.T, wanted func(figure) bool) (all []row) {
	found := make([][]row, len(beside))
	var group sync.WaitGroup
	for i, list := range beside {
		var numbers []string
		for _, f := range figures {
			if wanted(f) && f.isOneOf(list) {
				numbers = append(numbers, fmt.Sprint(f.number))
			}
		}
		if numbers == nil {
			continue
		}
		into := filepath.Join(t.TempDir(), "rows")
		cmd := exec.Command(os.Args[0], "-test.run=^TestHardening$", "-test.v", "-test.timeout=2h")
		cmd.Env = append(os.Environ(), rowsInto+"="+into, "FIGURES="+strings.Join(numbers, ","))
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		group.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("figures %v: %v", numbers, err)
			}
			file, err := os.Open(into)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = file.Close() }()
			var r row
			for lines := json.NewDecoder(file); lines.Decode(&r) == nil; r = (row{}) {
				found[i] = append(found[i], r)
			}
		})
	}
	group.Wait()
	return slices.Concat(found...)
}

// isOneOf reports whether the number of f is in a comma-separated list.
func (f figure) isOneOf(numbers string) bool {
	return slices.Contains(strings.Split(numbers, ","), fmt.Sprint(f.number))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 160)]
}
