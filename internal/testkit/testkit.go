// Package testkit runs the programs that tests need (Postgres, Redis, Chromium and the built binary), and has clients
// to drive them. It also has helpers for all packages: a fake clock, a log, waiting for conditions, and golden files.
//
// Servers are private to a test run. Their sockets and data are in temporary folders, and they end with the run. The
// package installs no programs: without a program it skips the test, or fails it in CI. It imports no domain package of
// the product, so that the tests of every package can use it.
package testkit

import (
	"encoding/json"
	"errors"
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

// skipMissing skips a test whose program is not installed. In CI it fails the test.
func skipMissing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; run `make deps`", what)
	}
	t.Skipf("%s is not installed; run `make deps`", what)
}

// Program returns the path of an installed program.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		skipMissing(t, name)
	}
	return path
}

// Chromium returns the path of a Chromium that can run headless.
func Chromium(t testing.TB) string {
	t.Helper()
	path, err := FindChromium()
	if err != nil {
		skipMissing(t, "chromium")
	}
	return path
}

// FindChromium is Chromium for use outside of tests.
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

// lastMatch returns the last path in lexical order that matches pattern, or "".
func lastMatch(pattern string) string {
	found, _ := filepath.Glob(pattern) // the only error is an invalid pattern
	if len(found) == 0 {
		return ""
	}
	sort.Strings(found)
	return found[len(found)-1]
}

// EnvInt returns the positive integer in an environment variable, or usual if it is empty. CI and `make torture` set
// larger numbers of repetitions.
func EnvInt(t testing.TB, variable string, usual int) int {
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

// Binary builds cmd/aitys once per run, and returns its path. It is static, like the released one.
func Binary(t testing.TB) string {
	t.Helper()
	return binary(t, "")
}

// FaultyBinary is Binary with a fault of package mutation.
func FaultyBinary(t testing.TB, fault string) string {
	t.Helper()
	return binary(t, fault, "-overlay", mutation.Overlay(t, fault))
}

// NextBinary is Binary with one more migration, like the next release: it adds a table and columns.
func NextBinary(t testing.TB) string {
	t.Helper()
	folder, dir := filepath.Join(mutation.Root(t), "migrations"), t.TempDir()
	last := lastMatch(filepath.Join(folder, "postgres", "*.sql"))
	number, err := strconv.Atoi(filepath.Base(last)[:5])
	if err != nil {
		t.Fatalf("number of the last migration: %v", err)
	}
	replace := map[string]string{}
	for _, dialect := range []string{"postgres", "sqlite"} {
		added := filepath.Join(folder, dialect, fmt.Sprintf("%05d_next.sql", number+1))
		replace[added] = filepath.Join(dir, dialect+".sql")
		err = errors.Join(err, os.WriteFile(replace[added], []byte(nextMigration), 0o600))
	}
	overlay, marshal := json.Marshal(map[string]any{"Replace": replace})
	file := filepath.Join(dir, "overlay.json")
	if err = errors.Join(err, marshal, os.WriteFile(file, overlay, 0o600)); err != nil {
		t.Fatalf("write the overlay: %v", err)
	}
	return binary(t, "next", "-overlay", file)
}

// nextMigration only expands the schema, as migrations must.
const nextMigration = `-- A table and columns that the previous release does not know.
-- +goose Up
CREATE TABLE next_things (id BIGINT NOT NULL PRIMARY KEY);
ALTER TABLE comments ADD COLUMN next_note TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN next_note TEXT;
`

func binary(t testing.TB, fault string, flags ...string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[fault]; ok {
		return path
	}
	out := filepath.Join(runDir(t).Path, "aitys-"+fault)
	exists := func() bool { _, err := os.Stat(out); return err == nil }
	runOnce(t, "aitys-"+fault, exists, func() {
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
