package hardening

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// A figure is one line of the table.
type figure struct {
	number     int
	what, goal string                         // the goal in its short form
	measure    func(testing.TB, bench) result // nil where nothing measures it
	why        string                         // nothing measures it
}

// A verdict is what a figure comes to. Its zero value claims nothing.
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
	why     string // it is not held, or not in whole
}

// count is the result of tries of which failures failed, where missing says what the goal asks for besides.
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

// TestHardening measures every figure, prints the table, and fails where one falls short. It takes
// minutes: `make hardening` asks for it.
func TestHardening(t *testing.T) {
	if os.Getenv("TEST_HARDENING") == "" {
		return
	}
	b := newBench(t)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "no.\tfigure\tgoal, short\tours\t\tseconds\twhy")
	said := map[verdict]int{}
	for _, f := range figures {
		if only := os.Getenv("FIGURES"); only != "" && !slices.Contains(strings.Split(only, ","), fmt.Sprint(f.number)) {
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
		said[r.verdict]++
		fmt.Fprintf(os.Stderr, "%d, %s: %s, %s\n", f.number, f.what, cmp.Or(r.ours, "-"), r.verdict) // lest it end early
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%.0f\t%s\n", f.number, f.what, f.goal, cmp.Or(r.ours, "-"), r.verdict,
			time.Since(start).Seconds(), firstLine(r.why))
	}
	if err := w.Flush(); err != nil {
		t.Error(err)
	}
	for _, v := range []verdict{holds, inPart, fallsShort, notMeasured} {
		fmt.Printf("%s: %d\n", v, said[v])
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s[:min(len(s), 160)]
}
