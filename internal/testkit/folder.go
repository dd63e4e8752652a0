package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit/rundir"
)

var folder struct {
	sync.Once
	*rundir.Dir
	err error
}

// scratch returns this process's own folder. Its path is short and open to the user that Postgres runs as.
func scratch(t testing.TB) *rundir.Dir {
	t.Helper()
	folder.Do(func() { folder.Dir, folder.err = rundir.Temp() })
	if folder.err != nil {
		t.Fatalf("make a folder for test servers: %v", folder.err)
	}
	return folder.Dir
}

// runFolder returns the folder that all test processes of a run share. Without a runner it is scratch.
func runFolder(t testing.TB) *rundir.Dir {
	t.Helper()
	if dir, ok := rundir.Shared(); ok {
		return dir
	}
	return scratch(t)
}

// once makes what all processes of a run share, such as a file. It calls is, and then create unless the result is true,
// while no other process of the run does so for the same name.
func once(t testing.TB, name string, is func() bool, create func()) {
	t.Helper()
	unlock, err := rundir.Lock(filepath.Join(runFolder(t).Path, name+".lock"))
	if err != nil {
		t.Fatalf("lock %s: %v", name, err)
	}
	defer unlock()
	if !is() {
		create()
	}
}

// MemoryDir returns a folder that is removed with the test, on a memory-backed file system where there is one with room:
// nothing in it waits for a disk. Benchmarks and tests of durability use t.TempDir.
func MemoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(scratch(t).Memory, strings.Map(func(r rune) rune {
		if r == '/' || r == '*' || r > '~' || r < ' ' {
			return '_'
		}
		return r
	}, t.Name()[:min(len(t.Name()), 40)]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the test's files: %v", err)
		}
	})
	return dir
}
