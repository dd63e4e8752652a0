// Package mutation checks that tests detect known faults. A fault is a patch in faults/. It is applied to copies of the
// files, and the compiler reads the copies with -overlay. The source tree is not changed.
//
// The patch statements-told is not a fault: it makes the store report its statements for a measurement of package
// hardening.
//
// If a patch no longer applies, create it again: change the file, save the output of `git diff -U2 FILE` as
// faults/NAME.patch, and run `git checkout FILE`.
package mutation

import (
	"bytes"
	"embed"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

//go:embed faults
var faults embed.FS

var target = regexp.MustCompile(`(?m)^\+\+\+ b/(\S+)`)

// Root returns the folder of the main module, for tests of any module that requires it.
func Root(t testing.TB) string {
	t.Helper()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aitys/aitys").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	return strings.TrimSpace(string(root))
}

// Overlay applies a fault to copies of its files and returns the file for `go build -overlay`.
func Overlay(t testing.TB, name string) string {
	t.Helper()
	patch, err := faults.ReadFile("faults/" + name + ".patch")
	if err != nil {
		t.Fatalf("there is no such fault: %v", err)
	}
	root := Root(t)
	replace := map[string]string{}
	copies := t.TempDir()
	for _, m := range target.FindAllSubmatch(patch, -1) {
		file := string(m[1])
		from, to := filepath.Join(root, file), filepath.Join(copies, file)
		source, err := os.ReadFile(from)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(to), 0o700)
		}
		if err == nil {
			err = os.WriteFile(to, source, 0o600)
		}
		if err != nil {
			t.Fatalf("copy %s: %v", file, err)
		}
		replace[from] = to
	}
	apply := exec.Command("git", "apply", "--verbose", "-")
	apply.Dir, apply.Stdin = copies, bytes.NewReader(patch)
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(copies))
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("the patch of fault %s no longer applies: create it again.\n%s", name, out)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	file := filepath.Join(copies, "overlay.json")
	if err == nil {
		err = os.WriteFile(file, overlay, 0o600)
	}
	if err != nil {
		t.Fatalf("write the overlay: %v", err)
	}
	return file
}
