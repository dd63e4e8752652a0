package hardening

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What tests of the rooms prove already is proved by running them.

func markupInBrowser(t testing.TB, _ bench) result {
	return byTests(t, "./e2e", "TestHostileInputRunsNowhere|TestTheHostileHarnessSeesAHole",
		"fewer strings, fields and outputs")
}

func markupTrees(t testing.TB, _ bench) result {
	return byTests(t, "./widget", "TestCanonicalHTMLBecomesNodesAndNothingElseDoes|TestWhatPeopleTypedIsTextEverywhere",
		"the widget's tree only, of the project's own strings")
}

func deskPolicy(t testing.TB, _ bench) result {
	return byTests(t, "./api/desk", "TestEveryPageForbidsWhatItDoesNotNeed|TestHostileTextStaysText",
		"headers and texts; reports are not counted over every page")
}

func tenants(t testing.TB, _ bench) result {
	return byTests(t, "./api", "TestEachRouteIsInATable|TestRolesAndScopes|TestNothingOfAnotherSiteIsReached",
		"fewer than 5,000 requests; statements are not counted")
}

func endedSessions(t testing.TB, _ bench) result {
	return byTests(t, "./moderation/identity ./api", "TestWhatTakesRightsAwayEndsTheSessions|"+
		"TestALinkEndsWithEverythingThatReplacesIt|TestTokensEndWithAPasswordThatOthersReplace|"+
		"TestAStreamEndsWithTheRightToIt",
		"one process, once each, no time taken")
}

func evadedRates(t testing.TB, _ bench) result {
	return byTests(t, "./api", "TestWhoHasManyNetworksIsLimitedToo|TestTooManyPostsAreLimitedByAddress",
		"fewer than 5,000 requests, one replica")
}

func redirects(t testing.TB, _ bench) result {
	return byTests(t, "./api/desk", "TestNobodyIsSentElsewhere", "by the header, not in Chromium; not the 55 rows")
}

func canaries(t testing.TB, _ bench) result {
	return byTests(t, "./api ./cmd/aitys ./moderation/identity",
		"TestTheLogTellsNothingOfPeople|TestAnErrorNeverRepeatsWhatWasSent|TestLogsTellNoSecrets|TestNoSecretIsStoredInClear",
		"logs, errors and secrets only; not the rows after an erasure")
}

func races(t testing.TB, _ bench) result {
	return byTests(t, "./api ./moderation/identity", "TestManyOfOnePostAtOnceAreOne|"+
		"TestPeopleChangedAtOneInstantKeepAnOwnerAndOneFirst|TestManyTriesAtOneInstantAreNotAllLetThrough",
		"not every route 100 × 5; the detector is `make race`")
}

// badConfigurations counts the rows of the test's table.
func badConfigurations(t testing.TB, _ bench) result {
	const all = 100
	out, err := goTest("./cmd/aitys", "TestBadConfigurationsAreRefusedInOneLine")
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

// kills reads the ledger that the test prints.
func kills(t testing.TB, _ bench) result {
	const each = 50
	out, err := goTest("./e2e", "TestAKilledServerHasLostNothingItAcknowledged", fmt.Sprintf("TEST_KILLS=%d", each))
	lines := regexp.MustCompile(`ledger: \w+: (\d+) kills, acknowledged (\d+), .*lost (\d+), doubled (\d+)`).
		FindAllStringSubmatch(out, -1)
	if err != nil || len(lines) != 2 {
		t.Fatalf("%d ledgers, want those of both databases: %v\n%s", len(lines), err, tail(out))
	}
	var sum [4]int
	for _, l := range lines {
		for i, s := range l[1:] {
			n, err := strconv.Atoi(s)
			if err != nil {
				t.Fatal(err)
			}
			sum[i] += n
		}
	}
	r := result{verdict: holds, ours: fmt.Sprintf("%d kills on two databases: %d lost, %d doubled of %d",
		sum[0], sum[2], sum[3], sum[1])}
	if sum[2]+sum[3] > 0 || sum[0] < 2*each {
		r.verdict, r.why = fallsShort, lines[0][0]
	}
	return r
}

var outcome = regexp.MustCompile(`(?m)^\s*--- (PASS|FAIL|SKIP): (\S+)`)

// byTests runs the tests that pattern names in packages. It is never more than held in part while missing
// says what the goal asks for besides.
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
			t.Fatalf("no test is called %s: %v\n%s", name, err, tail(out))
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
	args := append([]string{"test", "-p", "1", "-count=1", "-v", "-timeout", "20m", "-run", pattern},
		strings.Fields(packages)...)
	cmd := exec.Command("go", args...)
	cmd.Dir = top
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func tail(s string) string { return s[max(0, len(s)-3000):] }
