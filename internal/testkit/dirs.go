package testkit

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit/rundir"
)

var processFolder struct {
	sync.Once
	*rundir.Dir
	err error
}

// processDir returns this process's own folder. Its path is short, and accessible to the user that Postgres runs as.
func processDir(t testing.TB) *rundir.Dir {
	t.Helper()
	processFolder.Do(func() { processFolder.Dir, processFolder.err = rundir.Temp() })
	if processFolder.err != nil {
		t.Fatalf("make a folder for test servers: %v", processFolder.err)
	}
	return processFolder.Dir
}

// runDir returns the folder that all test processes of a run share. Without a runner it is processDir.
func runDir(t testing.TB) *rundir.Dir {
	t.Helper()
	if dir, ok := rundir.Shared(); ok {
		return dir
	}
	return processDir(t)
}

// runOnce creates a resource that all processes of a run share, such as a file. It calls create unless is returns true.
// It holds a lock for the name against other processes of the run.
func runOnce(t testing.TB, name string, is func() bool, create func()) {
	t.Helper()
	unlock, err := rundir.Lock(filepath.Join(runDir(t).Path, name+".lock"))
	if err != nil {
		t.Fatalf("lock %s: %v", name, err)
	}
	defer unlock()
	if !is() {
		create()
	}
}

// MemoryDir returns a folder that is removed with the test. It is on a memory-backed file system if there is one with
// enough space, so syncs are free. Benchmarks and tests of durability use t.TempDir.
func MemoryDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(processDir(t).Memory, strings.Map(func(r rune) rune {
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
