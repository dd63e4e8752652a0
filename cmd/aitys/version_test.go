package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The test builds with the Makefile, with -buildvcs on and off.
func TestVersion_BuildHasCommit(t *testing.T) {
	t.Parallel()
	testkit.OnlyIn(t, "ci") // it builds the program twice
	wants(t, "make")
	wants(t, "git")
	head, err := exec.Command("git", "rev-parse", "HEAD").Output()
	if err != nil {
		t.Skipf("the source is no checkout: %v", err)
	}
	for _, flags := range []string{"-buildvcs=false", "-buildvcs=true"} {
		bin := filepath.Join(t.TempDir(), "aitys")
		build := exec.Command("make", "-C", "../..", "build", "BIN="+bin)
		build.Env = append(os.Environ(), "GOFLAGS="+flags)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("make build with %s: %v: %s", flags, err, out)
		}
		var v versionLine
		out, err := exec.Command(bin, "version", "--json").Output()
		if err != nil {
			t.Fatal(err)
		}
		unpack(t, string(out), &v)
		if v.Commit = strings.TrimSuffix(v.Commit, "-dirty"); v.Commit != strings.TrimSpace(string(head)) ||
			v.Version == "" || strings.Contains(v.Version, "devel") || !regexp.MustCompile(`^\d{4}-\d\d-\d\d$`).MatchString(v.Date) {
			t.Errorf("with %s: got %+v, want the commit %s", flags, v, head)
		}
	}
}

func TestVersion_PseudoVersionHasCommit(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"v0.0.0-20261121203606-6267e95f0c1a": "6267e95f0c1a", "v1.2.4-0.20261121203606-6267e95f0c1a": "6267e95f0c1a",
		"v1.2.3": "", "v1.2.3-rc-1": "", "unreleased": "",
	} {
		if got := pseudoVersionCommit(version); got != want {
			t.Errorf("%s: got %q, want %q", version, got, want)
		}
	}
}
