package mutation_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/e2e/mutation"
	"github.com/aitys/aitys/internal/testkit/rundir"
)

// known lists the faults and the tests that must fail with them.
var known = []struct{ name, pkg, test string }{
	{"events-by-id", "internal/store/storetest", contract + "/postgres/no_follower_misses_an_event_among_fast_and_slow_writers"},
	{"events-below-oldest", "internal/store/storetest",
		contract + "/postgres/a_follower_waits_for_no_slow_writer,_and_sees_what_it_commits_late"},
	{"events-below-oldest", "internal/store", "TestEventsAfter_IgnoresForeignTransactions"},
	{"lookup-before-insert", "internal/store/storetest", contract + "/postgres/twenty_copies_at_one_instant_make_one_comment"},
	{"seq-from-sequence", "internal/store/storetest",
		contract + "/postgres/concurrent_deciders_get_numbers_without_gaps_and_one_unbroken_chain"},
	{"synchronous-normal", "internal/store/sqlite", "TestOpen_SyncsEveryCommit"},
	{"synchronous-normal-unseen", "internal/store/sqlite", "TestOpen_SyncsEveryCommit"},
	{"unsynced-after-migrations", "internal/store/sqlite", "TestOpen_SyncsEveryCommit"}, // see also the power cuts in package hardening
	{"write-beside-damage", "internal/store", "TestUpdate_RefusedAfterDamage"},
	{"demoted-server-kept", "internal/store/postgres", "TestUpdate_LeavesReadOnlyConnection"},
	{"seal-not-compared", "internal/store/sqlite", "TestRestore_RefusesCopyWithWrongSeal"},
	{"erased-comes-back", "cmd/aitys", "TestRestore_RepeatsErasures"},
	{"reserve-kept-to-the-end", "internal/store", "TestUpdate_FullFileReleasesReserve"},
	{"answer-before-commit", "internal/store/storetest",
		contract + "/sqlite/a_successful_update_is_visible_to_every_later_view"},
	{"answer-before-commit", "e2e", "TestKill_KeepsAcknowledgedOnSQLite"},
	{"bell-lost", "moderation/learning", "TestRun_FollowsOtherProcessWithoutBell"},
	{"undo-by-opposite", "moderation", "TestUndo_RestoresPreviousState"},
	{"outdated-snapshot", "moderation/learning", "TestRun_ProcessesFollowUndos"},
	{"lessons-after-snapshot", "moderation/learning", "TestModel_LearnsLessonsAfterSnapshot"},
	{"escaping", "e2e", "TestHostile_InputNeverRuns"},
	{"epoch-left-out", "moderation", "TestEditToken_OwnerRevokesAll"},
	{"epoch-left-out", "api", "TestEditTokens_OwnerEndsThoseOfOwnSite"},
	{"older-link-stays", "moderation/identity", "TestUseLink_RevokedByNewCredentials"},
	{"title-before-approval", "moderation", "TestPageTitle_PublicWithComment"},
	{"forgets-too-early", "moderation", "TestRetention_ErasesWithdrawnComments"},
	{"kept-answer-kept", "moderation", "TestForget_LeavesNoByte"},
	{"limits-by-64-only", "api", "TestLimits_WideNetworksAreLimited"},
	{"others-posts-forgotten", "internal/coord", "TestAllow_SharedCountKnownWhenRedisStops"},
	{"rights-of-the-found-only", "internal/store", "TestAccounts_SameQueriesWithoutAccount"},
	{"one-budget-for-all", "api", "TestLimits_FloodDoesNotSilenceSite"},
	{"session-from-nowhere", "api", "TestCSRF_ModeratorRoutesRefuseForeignPages"},
	{"many-codes-a-day", "internal/mail", "TestLetters_LimitsPerAddressAndDay"},
	{"inner-networks-called", "cmd/aitys", "TestServe_ReachIsForOneUse"},
	{"tokens-issue-credentials", "api", "TestCredentials_EndWithTheTokenThatCreatedThem"},
	{"webhook-of-any-site", "api", "TestTenants_IDsOfAnotherSiteAreUnknown"},
	{"outrun-page-kept", "api", "TestPageCache_StaleRenderingIsNotKept"},
}

const contract = "TestStore_Contract"

// The test builds the packages with the faults. One build has several faults if they change different files.
func TestMutation_PatchesApply(t *testing.T) {
	var left []string
	for _, f := range known {
		left = append(left, f.name)
	}
	slices.Sort(left)
	for left = slices.Compact(left); len(left) > 0; {
		together := map[string]string{}
		var names, later []string
		for _, name := range left {
			files := replaced(t, mutation.Overlay(t, name))
			if slices.ContainsFunc(slices.Collect(maps.Keys(files)), func(file string) bool { return together[file] != "" }) {
				later = append(later, name)
				continue
			}
			maps.Copy(together, files)
			names = append(names, name)
		}
		overlay := filepath.Join(t.TempDir(), "overlay.json")
		said, err := json.Marshal(map[string]any{"Replace": together})
		if err == nil {
			err = os.WriteFile(overlay, said, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"build", "-overlay", overlay}
		for file := range together {
			args = append(args, filepath.Dir(file))
		}
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(names, ", "), err, out)
		}
		left = later
	}
}

// replaced returns the files that an overlay replaces, with their replacements.
func replaced(t *testing.T, overlay string) map[string]string {
	t.Helper()
	said, err := os.ReadFile(overlay)
	var of struct{ Replace map[string]string }
	if err == nil {
		err = json.Unmarshal(said, &of)
	}
	if err != nil || len(of.Replace) == 0 {
		t.Fatalf("%s: %v, %s", overlay, err, said)
	}
	return of.Replace
}

// The test runs each named test twice. Without the fault it must pass; with the fault it must fail, and not because the
// build fails. It takes minutes and runs with `make planted`, once a week and after changes of the affected code.
func TestMutation_TestFails(t *testing.T) {
	if os.Getenv("TEST_PLANTED") == "" {
		return
	}
	for _, f := range known {
		t.Run(f.name+" in "+f.pkg, func(t *testing.T) {
			if out, err := run(f.pkg, f.test, ""); err != nil || !strings.Contains(out, "--- PASS: "+f.test) {
				t.Fatalf("%s %s does not pass without the fault: %v\n%s", f.pkg, f.test, err, out)
			}
			out, err := run(f.pkg, f.test, "-overlay="+mutation.Overlay(t, f.name))
			if err == nil || !strings.Contains(out, "--- FAIL: "+f.test) {
				t.Errorf("%s %s does not turn red: %v\n%s", f.pkg, f.test, err, out)
			}
		})
	}
}

// run runs a test. flags are also in GOFLAGS for the builds of the test. It uses only the first 60 hostile strings, which
// are enough to detect a hole.
func run(pkg, test, flags string) (string, error) {
	exact := "^" + strings.ReplaceAll(test, "/", "$/^") + "$"
	cmd := exec.Command("go", "test", "-count=1", "-v", "-run", exact, "github.com/aitys/aitys/"+pkg)
	cmd.Env = append(os.Environ(), "GOFLAGS="+flags, "TEST_STRINGS=60", "TEST_TIER=ci",
		rundir.Env+"=") // do not use the shared binary, which has no fault
	out, err := cmd.CombinedOutput()
	return string(out), err
}
