package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	module   = "github.com/aitys/aitys"
	slowest  = 10                     // number of listed packages
	tierMark = "runs with TEST_TIER=" // testkit.OnlyIn's reason
)

// An event is a line of `go test -json`.
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Elapsed    float64
	Output     string
}

// A report collects the events of a run and prints a summary.
type report struct {
	out io.Writer

	output    map[string]map[string][]string // lines by package and test; "" for lines outside of tests
	failed    map[string]map[string]bool     // tests by package
	skips     []skip
	packages  []packageTime
	contracts []string
	count     map[string]int // number of tests by result
}

type skip struct{ pkg, test, reason string }

type packageTime struct {
	name    string
	seconds float64
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[string]map[string][]string{}, failed: map[string]map[string]bool{},
		count: map[string]int{}}
}

// read reads events until io.EOF. It prints lines that are not events.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil {
				fmt.Fprintf(r.out, "%s\n", bytes.TrimRight(line, "\n"))
			} else {
				r.add(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the tests' output: %w", err)
		}
	}
}

func (r *report) add(e event) {
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		r.store(e)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
	}
}

func (r *report) store(e event) {
	if strings.HasPrefix(e.Output, "contract: ") {
		r.contracts = append(r.contracts, strings.TrimSpace(strings.TrimPrefix(e.Output, "contract: ")))
	}
	of := r.output[e.Package]
	if of == nil {
		of = map[string][]string{}
		r.output[e.Package] = of
	}
	of[e.Test] = append(of[e.Test], e.Output)
}

func (r *report) endTest(e event) {
	r.count[e.Action]++
	switch e.Action {
	case "skip":
		r.skips = append(r.skips, skip{short(e.Package), e.Test, reason(r.output[e.Package][e.Test])})
	case "fail":
		if r.failed[e.Package] == nil {
			r.failed[e.Package] = map[string]bool{}
		}
		r.failed[e.Package][e.Test] = true
		return
	}
	delete(r.output[e.Package], e.Test)
}

func (r *report) endPackage(e event) {
	r.packages = append(r.packages, packageTime{short(e.Package), e.Elapsed})
	switch e.Action {
	case "pass":
		fmt.Fprintf(r.out, "ok    %7.1f s  %s\n", e.Elapsed, short(e.Package))
	case "fail":
		fmt.Fprintf(r.out, "FAIL  %7.1f s  %s\n", e.Elapsed, short(e.Package))
		r.printFailures(e.Package)
	}
	delete(r.output, e.Package)
}

// printFailures prints the output of a package's failed tests, and of tests that were running when the process ended.
func (r *report) printFailures(pkg string) {
	of := r.output[pkg]
	for _, test := range slices.Sorted(maps.Keys(of)) {
		for _, line := range of[test] {
			if progressLine.MatchString(line) {
				continue
			}
			fmt.Fprint(r.out, line)
		}
	}
}

// progressLine matches lines about the progress of tests.
var progressLine = regexp.MustCompile(`^(=== (RUN|PAUSE|CONT|NAME)|PASS$|ok  \t)`)

// logPosition matches the file and line at the beginning of a logged line.
var logPosition = regexp.MustCompile(`^\s*\S+\.go:\d+: `)

// reason returns the reason that a skipped test gave.
func reason(lines []string) string {
	var said []string
	for _, line := range lines {
		if !progressLine.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "--- SKIP") {
			said = append(said, strings.TrimSpace(logPosition.ReplaceAllString(line, "")))
		}
	}
	return cmp.Or(strings.Join(said, " "), "no reason given")
}

func short(pkg string) string { return "." + strings.TrimPrefix(pkg, module) }

// printTotals prints the slowest packages, the skipped tests and the totals.
func (r *report) printTotals(took, cpu time.Duration) {
	slices.SortFunc(r.packages, func(a, b packageTime) int { return cmp.Compare(b.seconds, a.seconds) })
	fmt.Fprintln(r.out, "\nslowest packages:")
	for _, p := range r.packages[:min(slowest, len(r.packages))] {
		fmt.Fprintf(r.out, "%9.1f s  %s\n", p.seconds, p.name)
	}
	tiers := map[string]int{}
	for _, s := range r.skips {
		if tier, ok := strings.CutPrefix(s.reason, tierMark); ok {
			tiers[tier]++
		}
	}
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		fmt.Fprintf(r.out, "%d tests run in tier %s\n", tiers[tier], tier)
	}
	for _, s := range r.unexpectedSkips() {
		fmt.Fprintf(r.out, "skipped: %s %s: %s\n", s.pkg, s.test, s.reason)
	}
	for _, c := range r.contracts {
		fmt.Fprintf(r.out, "contract: %s\n", c)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped in %s (%s of CPU)\n", r.count["pass"], r.count["fail"],
		r.count["skip"], took.Round(time.Second), cpu.Round(time.Second))
}

// unexpectedSkips returns the skips that are not due to the tier.
func (r *report) unexpectedSkips() (list []skip) {
	for _, s := range r.skips {
		if !strings.HasPrefix(s.reason, tierMark) {
			list = append(list, s)
		}
	}
	return list
}

// contractLine matches the output of a contract suite: its name, and the number of checks on each side.
var contractLine = regexp.MustCompile(`^(\w+): \w+ (\d+), \w+ (\d+)$`)

// verdict reports whether the contract suites had the same number of checks on both sides and, if strict, no test was
// skipped unexpectedly. It prints the reasons otherwise.
func (r *report) verdict(contracts int, strict bool) bool {
	ok := true
	for _, c := range r.contracts {
		if m := contractLine.FindStringSubmatch(c); m == nil || m[2] != m[3] || m[2] == "0" {
			fmt.Fprintf(r.out, "a contract ran differently on its two sides: %s\n", c)
			ok = false
		}
	}
	if len(r.contracts) < contracts {
		fmt.Fprintf(r.out, "%d contract suites reported, want %d\n", len(r.contracts), contracts)
		ok = false
	}
	if n := len(r.unexpectedSkips()); strict && n > 0 {
		fmt.Fprintf(r.out, "%d tests were skipped; in CI that is a failure\n", n)
		ok = false
	}
	return ok
}
