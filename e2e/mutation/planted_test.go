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

// known says which test turns red on which planted fault.
var known = []struct{ name, pkg, test string }{
	{"events-by-id", "internal/store/storetest", contract + "/postgres/no_follower_misses_an_event_among_fast_and_slow_writers"},
	{"events-below-oldest", "internal/store/storetest",
		contract + "/postgres/a_follower_waits_for_no_slow_writer,_and_sees_what_it_commits_late"},
	{"events-below-oldest", "internal/store", "TestAForeignTransactionHoldsNoFollowerBack"},
	{"lookup-before-insert", "internal/store/storetest", contract + "/postgres/twenty_copies_at_one_instant_make_one_comment"},
	{"seq-from-sequence", "internal/store/storetest",
		contract + "/postgres/concurrent_deciders_get_numbers_without_gaps_and_one_unbroken_chain"},
	{"synchronous-normal", "internal/store/sqlite", "TestSQLiteSyncsEveryCommit"},
	{"synchronous-normal-unseen", "internal/store/sqlite", "TestSQLiteSyncsEveryCommit"},
	{"unsynced-after-migrations", "internal/store/sqlite", "TestSQLiteSyncsEveryCommit"}, // see also hardening, power cuts
	{"write-beside-damage", "internal/store", "TestWhoMeetsDamageClosesTheFileToWriters"},
	{"demoted-server-kept", "internal/store/postgres", "TestAConnectionThatTakesNoWritesIsLeft"},
	{"seal-not-compared", "internal/store/sqlite", "TestACopyOfWhichOneLetterIsAnotherIsRefused"},
	{"erased-comes-back", "cmd/aitys", "TestWhatWasErasedIsErasedAgainInARestoredCopy"},
	{"reserve-kept-to-the-end", "internal/store", "TestAFullFileGivesItsReserveBack"},
	{"answer-before-commit", "internal/store/storetest", contract + "/sqlite/what_an_update_answered_is_there_for_whoever_looks"},
	{"answer-before-commit", "e2e", "TestAKilledServerHasLostNothingItAcknowledgedOnSQLite"},
	{"bell-lost", "moderation/learning", "TestWithoutABellAnotherProcessFollowsWithinASecondOrTwo"},
	{"undo-by-opposite", "moderation", "TestUndoRestoresWhatStoodBefore"},
	{"outdated-snapshot", "moderation/learning", "TestEachProcessFollowsWhatIsTakenBack"},
	{"lessons-after-snapshot", "moderation/learning", "TestAfterAKillTheLessonsSinceTheSnapshotAreLearned"},
	{"escaping", "e2e", "TestHostileInputRunsNowhere"},
	{"epoch-left-out", "moderation", "TestAnOwnerEndsEveryEditTokenOfASite"},
	{"epoch-left-out", "api", "TestAnOwnerEndsTheEditTokensOfTheirSiteAlone"},
	{"older-link-stays", "moderation/identity", "TestALinkEndsWithEverythingThatReplacesIt"},
	{"title-before-approval", "moderation", "TestATitleIsPublicOnceACommentBroughtItIsPublished"},
	{"forgets-too-early", "moderation", "TestWhatItsWriterWithdrewIsForgottenAfterItsTime"},
	{"kept-answer-kept", "moderation", "TestWhatIsForgottenAtOnceIsInNoByte"},
	{"limits-by-64-only", "api", "TestWhoHasManyNetworksIsLimitedToo"},
	{"others-posts-forgotten", "internal/coord", "TestWhatAllWereAllowedIsKnownWhenRedisGoes"},
	{"rights-of-the-found-only", "internal/store", "TestAsMuchIsAskedOfNoAccountAsOfOne"},
	{"one-budget-for-all", "api", "TestNoStrangerSilencesASite"},
	{"session-from-nowhere", "api", "TestModeratorsRoutesTakeNoForeignPage"},
	{"many-codes-a-day", "internal/mail", "TestLetters_LimitsPerAddressAndDay"},
	{"inner-networks-called", "cmd/aitys", "TestServe_ReachIsForOneUse"},
	{"tokens-issue-credentials", "api", "TestCredentials_EndWithTheTokenThatCreatedThem"},
	{"webhook-of-any-site", "api", "TestTenants_IDsOfAnotherSiteAreUnknown"},
	{"outrun-page-kept", "api", "TestARenderingThatAChangeOutranIsNotKept"},
}

const contract = "TestBothDatabasesKeepTheContract"

// TestEachFaultCanBePlanted builds the packages that faults change, with as many faults at once as share no file.
func TestEachFaultCanBePlanted(t *testing.T) {
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

// replaced are the files that an overlay replaces, and what by.
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

// TestEachPlantedFaultTurnsItsTestRed runs each named test twice: as it is, when it must pass, and
// with its fault planted, when it must fail by a test's failure and not by a build's. It takes
// minutes: `make planted` asks for it, once a week and after a change of what a fault changes.
func TestEachPlantedFaultTurnsItsTestRed(t *testing.T) {
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

// run runs a test with flags that the builds of its own take, too. Of hostile strings it takes the first, which are
// enough to see a hole.
func run(pkg, test, flags string) (string, error) {
	exact := "^" + strings.ReplaceAll(test, "/", "$/^") + "$"
	cmd := exec.Command("go", "test", "-count=1", "-v", "-run", exact, "github.com/aitys/aitys/"+pkg)
	cmd.Env = append(os.Environ(), "GOFLAGS="+flags, "TEST_STRINGS=60",
		rundir.Env+"=") // the binary of a run has no fault
	out, err := cmd.CombinedOutput()
	return string(out), err
}
