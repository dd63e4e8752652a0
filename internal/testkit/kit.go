// Package testkit is what tests stand on: the real programs they need (Postgres, Redis, Chromium, the
// built binary), the means to drive them as people and other programs do, and what is the same in the
// tests of every room: a clock that stands still, a log, waiting, a golden file.
//
// Servers are private to the test process: sockets and data live in a temporary folder, and
// they end with the process. Nothing is installed here. An absent program skips the test at a
// developer's desk and fails it in CI. The package imports no room of the product, so that the
// tests of each room may use it.
package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"sync"
	"testing"

	"github.com/aitys/aitys/e2e/mutation"
)

// missing skips, or in CI fails, a test whose program is not on this machine.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; run `make deps`", what)
	}
	t.Skipf("%s is not installed; run `make deps`", what)
}

// Program returns the path of a program of this machine.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	return path
}

// Chromium returns the path of a Chromium that can run headless.
func Chromium(t testing.TB) string {
	t.Helper()
	path, err := FindChromium()
	if err != nil {
		missing(t, "chromium")
	}
	return path
}

// FindChromium is Chromium for programs that are not tests.
func FindChromium() (path string, err error) {
	for _, name := range []string{os.Getenv("CHROME_BIN"), "chromium-headless-shell", "chromium", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err = exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("find Chromium (run `make deps`, or set CHROME_BIN): %w", err)
}

// newest returns the last of the paths that match pattern, or "".
func newest(pattern string) string {
	found, _ := filepath.Glob(pattern) // the only error is a bad pattern
	if len(found) == 0 {
		return ""
	}
	sort.Strings(found)
	return found[len(found)-1]
}

// HowMany is the number above 0 that the environment has under a name, or else what is usual: CI and `make torture`
// have more than a developer waits for.
func HowMany(t testing.TB, variable string, usual int) int {
	t.Helper()
	s := os.Getenv(variable)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q; it must be a number above 0", variable, s)
	}
	return n
}

var built struct {
	sync.Mutex
	paths map[string]string
}

// Binary builds cmd/aitys once per run, and returns its path. It is static, as the released one is.
func Binary(t testing.TB) string {
	t.Helper()
	return binary(t, "")
}

// FaultyBinary is Binary with one of planted's faults.
func FaultyBinary(t testing.TB, fault string) string {
	t.Helper()
	return binary(t, fault, "-overlay", mutation.Overlay(t, fault))
}

func binary(t testing.TB, fault string, flags ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[fault]; ok {
		return path
	}
	out := filepath.Join(runFolder(t).Path, "aitys-"+fault)
	exists := func() bool { _, err := os.Stat(out); return err == nil }
	once(t, "aitys-"+fault, exists, func() {
		cmd := exec.Command("go", append(append([]string{"build", "-o", out + ".new"}, flags...),
			"github.com/aitys/aitys/cmd/aitys")...)
		cmd.Dir = mutation.Root(t)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		msg, err := cmd.CombinedOutput()
		if err == nil {
			err = os.Rename(out+".new", out)
		}
		if err != nil {
			t.Fatalf("build aitys: %v\n%s", err, msg)
		}
	})
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[fault] = out
	return out
}
