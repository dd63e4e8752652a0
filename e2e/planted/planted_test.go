//go:build planted

package planted_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// faults says which test turns red on which planted fault.
var faults = []struct{ name, pkg, test string }{
	{"events-by-id", "store", ""},
	{"lookup-before-insert", "store", ""},
	{"seq-from-sequence", "store", ""},
	{"synchronous-normal", "store", ""},
	{"answer-before-commit", "e2e/torture", "TestAKilledServerHasLostNothingItAcknowledgedOnSQLite"},
	{"bell-lost", "moderation", ""},
	{"undo-by-opposite", "moderation", "TestUndoRestoresWhatStoodBefore"},
	{"escaping", "e2e/browser", "TestHostileInputRunsNowhere"},
}

// TestEachPlantedFaultTurnsItsTestRed runs each named test twice: as it is, when it must pass, and
// with its fault planted, when it must fail by a test's failure and not by a build's.
func TestEachPlantedFaultTurnsItsTestRed(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			if out, err := run(f.pkg, f.test, ""); err != nil || !strings.Contains(out, "--- PASS: "+f.test) {
				t.Fatalf("%s %s does not pass without the fault: %v\n%s", f.pkg, f.test, err, out)
			}
			out, err := run(f.pkg, f.test, f.name)
			if err == nil || !strings.Contains(out, "--- FAIL: "+f.test) {
				t.Errorf("%s %s does not turn red: %v\n%s", f.pkg, f.test, err, out)
			}
		})
	}
}

func run(pkg, test, fault string) (string, error) {
	cmd := exec.Command("go", "test", "-tags", "planted", "-count=1", "-v", "-run", "^"+test+"$", "github.com/aitys/aitys/"+pkg)
	cmd.Env = append(os.Environ(), "TEST_PLANT="+fault)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
