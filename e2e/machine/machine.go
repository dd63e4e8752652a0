// Package machine starts the real programs that tests need: Postgres, Redis, Chromium and the
// built binary itself.
//
// Servers are private to the test process: sockets and data live in a temporary folder, and
// they end with the process. Nothing is installed here. An absent program skips the test at a
// developer's desk and fails it in CI.
package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"sync"
	"testing"
)

// missing skips, or in CI fails, a test whose program is not on this machine.
func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; run `make deps`", what)
	}
	t.Skipf("%s is not installed; run `make deps`", what)
}

// Chromium returns the path of a Chromium that can run headless.
func Chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROME_BIN"), "chromium-headless-shell", "chromium", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "chromium")
	return ""
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

var built struct {
	sync.Mutex
	paths map[string]string
}

// Binary builds cmd/aitys once for each set of build tags and returns its path. It is static, as
// the released one is.
func Binary(t testing.TB, tags ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	tags = append(slices.Clone(ownTags), tags...)
	key := fmt.Sprint(tags)
	if path, ok := built.paths[key]; ok {
		return path
	}
	out := filepath.Join(scratch(t), fmt.Sprintf("aitys-%d", len(built.paths)))
	args := []string{"build", "-o", out}
	for _, tag := range tags {
		args = append(args, "-tags", tag)
	}
	cmd := exec.Command("go", append(args, "github.com/aitys/aitys/cmd/aitys")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build aitys: %v\n%s", err, msg)
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[key] = out
	return out
}
