package hardening

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The figures in this file are measured by running tests of other packages.

// markupInBrowser counts the fields and pages in the output of the test.
func markupInBrowser(t testing.TB, _ bench) result {
	strings, err := filepath.Abs(hostile)
	must(t, err)
	rows[string](t, developers[0]+".jsonl") // skips the figure if hostile input is not available
	r := byTests(t, "./e2e", "TestHostile_HarnessDetectsHole", "")
	if r.verdict != holds {
		return r
	}
	out, err := goTest("./e2e", "TestHostile_InputNeverRuns", "TEST_HOSTILE="+strings, "TEST_STRINGS=600")
	fields, pages := map[string]bool{}, map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^hostile: (\S+)\s+× (\S+)\s*: 600`).FindAllStringSubmatch(out, -1) {
		fields[m[1]], pages[m[2]] = true, true
	}
	if len(fields) < 12 || len(pages) < 8 {
		t.Fatalf("%d fields and %d pages: %v\n%s", len(fields), len(pages), err, tail(out))
	}
	var failures []string
	if err != nil {
		failures = regexp.MustCompile(`(?m)^\s+\w+_test\.go:.*$`).FindAllString(out, -1)
	}
	return count(t, fmt.Sprintf("600 × %d fields × %d pages", len(fields), len(pages)+1), failures, "") // +1: pages of errors
}

// backups restores three backups made under load and checks that all acknowledged comments are there. It also restores
// a backup 1,000 times with a flipped bit.
func backups(t testing.TB, _ bench) result {
	const flips = 1000
	r := byTests(t, "./cmd/aitys", "TestBackup_UnderLoadHasAcknowledgedComments", "")
	out, err := goTest("./internal/store/sqlite", "TestRestore_FlippedBitIsRefusedOrHarmless", fmt.Sprintf("TEST_FLIPS=%d", flips))
	m := regexp.MustCompile(`of (\d+) copies (\d+) were refused, and (\d+) were the same`).FindStringSubmatch(out)
	switch {
	case r.verdict != holds:
		return r
	case m == nil || m[1] != fmt.Sprint(flips):
		t.Fatalf("no flips: %v\n%s", err, tail(out))
	case err != nil:
		return result{verdict: fallsShort, ours: m[0], why: tail(out)}
	}
	return result{verdict: holds, ours: fmt.Sprintf("3 under load, 0 lost; %s with a wrong bit: %s refused, %s the same",
		m[1], m[2], m[3])}
}

// badConfigurations counts the subtests of the test.
func badConfigurations(t testing.TB, _ bench) result {
	const all = 100
	out, err := goTest("./cmd/aitys", "TestConfig_ErrorsAreOneLine")
	var failed []string
	rows := regexp.MustCompile(`(?m)^ {4}--- (\w+): (\S+)`).FindAllStringSubmatch(out, -1)
	for _, r := range rows {
		if r[1] != "PASS" {
			failed = append(failed, r[2])
		}
	}
	if len(rows) == 0 || err != nil && len(failed) == 0 {
		t.Fatalf("%d rows: %v\n%s", len(rows), err, tail(out))
	}
	missing := ""
	if len(rows) < all {
		missing = fmt.Sprintf("%d rows are missing", all-len(rows))
	}
	return count(t, fmt.Sprint(len(rows)), failed, missing)
}

// kills sums the ledgers in the output of the test.
func kills(t testing.TB, _ bench) result {
	const each = 50
	out, err := goTest("./e2e", "TestAKilledServerHasLostNothingItAcknowledged", fmt.Sprintf("TEST_KILLS=%d", each))
	sum := sums(t, out, err, `ledger: \w+: (\d+) kills, acknowledged (\d+), .*lost (\d+), doubled (\d+)`, 2)
	r := result{verdict: holds, ours: fmt.Sprintf("%d kills on two databases: %d lost, %d doubled of %d",
		sum[0], sum[2], sum[3], sum[1])}
	if sum[2]+sum[3] > 0 || sum[0] < 2*each {
		r.verdict, r.why = fallsShort, tail(out)
	}
	return r
}

// failovers sums the ledgers of two failovers to a synchronous standby. A comment that only the first server had would
// be lost.
func failovers(t testing.TB, _ bench) result {
	const rounds = 2
	var all strings.Builder
	for range rounds {
		out, err := goTest("./e2e", "TestFailover_StandbyLosesNothing")
		if err != nil {
			t.Fatalf("%v\n%s", err, tail(out))
		}
		all.WriteString(out)
	}
	sum := sums(t, all.String(), nil, `failover: acknowledged (\d+), .*lost (\d+), doubled (\d+)`, rounds)
	r := result{verdict: holds, ours: fmt.Sprintf("%d promotions of a synchronous standby: %d lost, %d doubled of %d",
		rounds, sum[1], sum[2], sum[0])}
	if sum[1]+sum[2] > 0 {
		r.verdict, r.why = fallsShort, tail(all.String())
	}
	return r
}

// replays runs random histories of decisions, undo, erasure and restarts on both databases. At each check, the models
// of two processes and the models continued from each snapshot must equal the fold of the whole log, on both databases.
func replays(t testing.TB, _ bench) result {
	const seeds, decisions = 3, 20_000
	out, err := goTest("./moderation/learning", "TestModel_SnapshotsGiveSameBytesAsScratch/GOMAXPROCS=2",
		fmt.Sprint("TEST_REPLAYS=", seeds), fmt.Sprint("TEST_DECISIONS=", decisions))
	hashes := map[string]bool{}
	all := regexp.MustCompile(`replay: seed \d+, (\d+) entries, (\w+)`).FindAllStringSubmatch(out, -1)
	for _, m := range all {
		hashes[m[2]] = true
	}
	if len(all) != 2*seeds {
		t.Fatalf("%d histories: %v\n%s", len(all), err, tail(out))
	}
	r := result{verdict: holds, ours: fmt.Sprintf("%d seeds × %s entries and more × 2 databases: %d hashes", seeds,
		all[0][1], len(hashes))}
	if err != nil || len(hashes) != seeds {
		r.verdict, r.why = fallsShort, tail(out)
	}
	return r
}

// damagedSnapshots counts damaged variants of a snapshot, which must all be refused. It also runs the tests that a
// damaged snapshot is replaced, and that comments stay pending without a model.
func damagedSnapshots(t testing.TB, _ bench) result {
	const least = 500
	out, err := goTest("./moderation/learning/fold", "TestSnapshotOpen_RefusesDamage")
	sum := sums(t, out, err, `damaged: (\d+) snapshots were refused`, 1)
	if sum[0] < least {
		t.Fatalf("%d variants", sum[0])
	}
	r := byTests(t, "./moderation/learning", "TestLearn_ReplacesDamagedSnapshots|TestJudge_WithoutModelCommentsStayPending", "")
	if r.verdict == holds {
		r.ours = fmt.Sprintf("%d of %[1]d refused, replaced on both databases, 0 published meanwhile", sum[0])
	}
	return r
}

// clockJumps makes the clock jump forwards and backwards by random durations.
func clockJumps(t testing.TB, _ bench) result {
	const jumps = 20
	out, err := goTest("./api", "TestClock_JumpsLoseNothing", fmt.Sprint("TEST_JUMPS=", jumps))
	sum := sums(t, out, err, `clock: (\d+) jumps`, 1)
	if sum[0] < jumps {
		t.Fatalf("%d jumps", sum[0])
	}
	return result{verdict: holds, ours: fmt.Sprintf("%d jumps: 0 sessions, limits, locks, windows, orders wrong", sum[0])}
}

// mailBombs requests mails to the address of another person repeatedly.
func mailBombs(t testing.TB, _ bench) result {
	return byTests(t, "./internal/mail", "TestLetters_LimitsPerAddressAndDay", "")
}

// streamMemory reads the memory of a stream of each kind from the output of the test, idle and under load.
func streamMemory(t testing.TB, _ bench) result {
	const most = 30 << 10
	out, err := goTest("./api", "TestStreams_MemoryPerStream")
	var each, failures []string
	for _, m := range regexp.MustCompile(`stream: (.*): (\d+) bytes`).FindAllStringSubmatch(out, -1) {
		n, err := strconv.Atoi(m[2])
		must(t, err)
		each = append(each, fmt.Sprintf("%s %.1f KiB", m[1], float64(n)/1024))
		if n > most {
			failures = append(failures, m[0])
		}
	}
	if len(each) != 4 || err != nil && len(failures) == 0 {
		t.Fatalf("%d kinds: %v\n%s", len(each), err, tail(out))
	}
	return count(t, strings.Join(each, ", "), failures, "")
}

// sums adds up the numbers in the lines of out that match line. There must be as many as lines.
func sums(t testing.TB, out string, err error, line string, lines int) []int {
	t.Helper()
	all := regexp.MustCompile(line).FindAllStringSubmatch(out, -1)
	if err != nil || len(all) != lines {
		t.Fatalf("%d lines like %q, want %d: %v\n%s", len(all), line, lines, err, tail(out))
	}
	sum := make([]int, len(all[0])-1)
	for _, l := range all {
		for i, s := range l[1:] {
			n, err := strconv.Atoi(s)
			must(t, err)
			sum[i] += n
		}
	}
	return sum
}

var outcome = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): (\S+)`)

// byTests runs the tests of packages that match pattern, and counts those that fail. If missing is not "", the figure
// holds only in part.
func byTests(t testing.TB, packages, pattern, missing string) result {
	t.Helper()
	out, err := goTest(packages, pattern)
	passed, skipped := 0, 0
	var failed []string
	for _, m := range outcome.FindAllStringSubmatch(out, -1) {
		switch m[1] {
		case "PASS":
			passed++
		case "SKIP":
			skipped++
		default:
			failed = append(failed, m[2])
		}
	}
	for name := range strings.SplitSeq(pattern, "|") {
		if !regexp.MustCompile(`--- \w+: Test\w*` + strings.TrimPrefix(name, "Test")).MatchString(out) {
			t.Fatalf("there is no test %s: %v\n%s", name, err, tail(out))
		}
	}
	if err != nil && len(failed) == 0 {
		t.Fatalf("%v\n%s", err, tail(out))
	}
	if len(failed) > 0 {
		t.Log(tail(out))
	}
	if skipped > 0 {
		missing = fmt.Sprintf("%d skipped; %s", skipped, missing)
	}
	return count(t, fmt.Sprintf("%d tests", passed+len(failed)), failed, missing)
}

func goTest(packages, pattern string, env ...string) (string, error) {
	args := append([]string{"test", "-p", "1", "-count=1", "-v", "-timeout", "45m", "-run", pattern},
		strings.Fields(packages)...)
	cmd := exec.Command("go", args...)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func tail(s string) string { return s[max(0, len(s)-3000):] }
