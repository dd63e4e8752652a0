package e2e

import (
	"os/exec"
	"testing"
)

func TestNothingUsesGormsSave(t *testing.T) {
	cmd := exec.Command("git", "grep", "-nE", `\.Save\(`, "--", "store/*.go")
	cmd.Dir = ".."
	if out, _ := cmd.Output(); len(out) > 0 { // no match: exit 1 and no output
		t.Errorf("gorm's Save can write into another site's row:\n%s", out)
	}
}
