package sqlite_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store/sqlite"
)

func TestTempFolder_StaysWhileLocked(t *testing.T) {
	in, noted := t.TempDir(), t.TempDir()
	path, remove, err := sqlite.TempFolder(in, noted)
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{in, noted} {
		if n, err := sqlite.RemoveAbandoned(folder); n != 0 || err != nil {
			t.Errorf("%d are taken for abandoned, %v", n, err)
		}
	}
	if err := os.WriteFile(filepath.Join(path, "copy"), nil, 0o600); err != nil {
		t.Errorf("it was removed: %v", err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
	for _, folder := range []string{in, noted} {
		if left, err := os.ReadDir(folder); len(left) != 0 || err != nil {
			t.Errorf("left: %v, %v", left, err)
		}
	}
}

// Earlier versions did not lock their temporary files, so only old files count as abandoned.
func TestRemoveAbandoned_KeepsNewUnlockedFiles(t *testing.T) {
	in := t.TempDir()
	for name, age := range map[string]time.Duration{
		".aitys-copy-1": 2 * time.Hour, ".aitys-copy-1-journal": 2 * time.Hour, ".aitys-copy-2": time.Minute,
		"aitys.db": 2 * time.Hour,
	} {
		path := filepath.Join(in, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := sqlite.RemoveAbandoned(in); n != 2 || err != nil {
		t.Errorf("%d were removed, %v", n, err)
	}
	for name, stays := range map[string]bool{
		".aitys-copy-1": false, ".aitys-copy-1-journal": false, ".aitys-copy-2": true, "aitys.db": true,
	} {
		if _, err := os.Stat(filepath.Join(in, name)); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
}
