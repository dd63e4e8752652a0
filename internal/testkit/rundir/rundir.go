// Package rundir manages the folder of a test run, with its servers, templates and binaries.
//
// A folder has two parts: Path is on disk, and Memory is on a memory-backed file system if there is one with enough
// space. When the process that created the folder has ended for any reason, a reaper process ends the processes whose
// IDs are in the folder, and removes both parts.
package rundir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Env is the environment variable with the Path of the folder that all test processes of a run share. Without it, each
// process creates its own folder.
const Env = "TEST_RUN"

const (
	memoryMount = "/dev/shm"
	minMemory   = 2 << 30 // minimum free bytes for using memoryMount
)

// A Dir is the folder of a run.
type Dir struct {
	Path   string
	Memory string

	lifeline io.Closer // open until the process ends; the reaper reads the other end
	reaper   *exec.Cmd
}

// Temp creates a Dir with a new name.
func Temp() (*Dir, error) {
	path, err := os.MkdirTemp("", "aitys-test-")
	if err != nil {
		return nil, err
	}
	return create(path)
}

// New creates a Dir at path. It removes the leftovers of an earlier run there.
func New(path string) (*Dir, error) {
	if err := Remove(path); err != nil {
		return nil, err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return nil, err
	}
	return create(path)
}

// Shared returns the Dir that Env names, which this process does not own.
func Shared() (dir *Dir, ok bool) {
	path := os.Getenv(Env)
	if path == "" {
		return nil, false
	}
	return &Dir{Path: path, Memory: memoryOf(path)}, true
}

func create(path string) (*Dir, error) {
	d := &Dir{Path: path}
	// Postgres may run as another user.
	if err := os.Chmod(path, 0o755); err != nil {
		return nil, err
	}
	d.Memory = filepath.Join(path, "memory")
	if freeMemory() >= minMemory {
		d.Memory = filepath.Join(memoryMount, filepath.Base(path))
	}
	if err := os.Mkdir(d.Memory, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chmod(d.Memory, 0o755); err != nil { // independent of the umask
		return nil, err
	}
	return d, d.startReaper()
}

// memoryOf returns the Memory of the Dir at path.
func memoryOf(path string) string {
	inMemory := filepath.Join(memoryMount, filepath.Base(path))
	if _, err := os.Stat(inMemory); err == nil {
		return inMemory
	}
	return filepath.Join(path, "memory")
}

// freeMemory returns the free bytes of memoryMount.
func freeMemory() uint64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(memoryMount, &s); err != nil {
		return 0
	}
	return s.Bavail * uint64(s.Bsize)
}

// reapScript ends the processes of the folders $1 and $2, then removes the folders. Postgres gets SIGQUIT first: after
// SIGKILL it would leave shared memory behind.
const reapScript = `
pids() { for p in "$1"/$3 "$2"/$3; do [ -f "$p" ] && echo "$(head -n 1 "$p")"; done; }
for g in $(pids "$1" "$2" '*.group'); do kill -9 "-$g" 2>/dev/null; done
for p in $(pids "$1" "$2" 'pg*.pid'); do kill -QUIT "$p" 2>/dev/null; done
n=0
for p in $(pids "$1" "$2" 'pg*.pid'); do
	while [ $n -lt 60 ] && kill -0 "$p" 2>/dev/null; do sleep 0.05; n=$((n + 1)); done
done
for p in $(pids "$1" "$2" '*.pid'); do kill -9 "$p" 2>/dev/null; done
rm -rf "$1" "$2"`

func (d *Dir) startReaper() error {
	d.reaper = exec.Command("sh", "-c", "read -r _"+reapScript, "reap", d.Path, d.Memory)
	d.reaper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal does not reach it
	in, err := d.reaper.StdinPipe()
	if err != nil {
		return err
	}
	d.lifeline = in
	return d.reaper.Start()
}

// Close ends the processes of the folder and removes it. It returns when both are done.
func (d *Dir) Close() error {
	return errors.Join(d.lifeline.Close(), d.reaper.Wait())
}

// Remove does the work of the reaper of the Dir at path, in case the reaper was killed. It spares processes that reuse
// an ID of the folder.
func Remove(path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	memory := memoryOf(path)
	for _, pattern := range []string{filepath.Join(path, "*.pid"), filepath.Join(memory, "*.pid"),
		filepath.Join(path, "*.group"), filepath.Join(memory, "*.group")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			if !ownsProcess(file, path, memory) {
				if err := os.Remove(file); err != nil {
					return err
				}
			}
		}
	}
	out, err := exec.Command("sh", "-c", reapScript, "reap", path, memory).CombinedOutput()
	if err != nil {
		return fmt.Errorf("remove %s: %w: %s", path, err, out)
	}
	return nil
}

// ownsProcess reports whether the process ID in a file is of a running process of the folder. The command line or
// environment of such a process contains the folder's path.
func ownsProcess(file, path, memory string) bool {
	b, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	first, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return false
	}
	for _, of := range []string{"cmdline", "environ"} {
		b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), of))
		if err == nil && (strings.Contains(string(b), path) || strings.Contains(string(b), memory)) {
			return true
		}
	}
	return false
}

// Lock locks the file at path against other processes, and returns the function that unlocks it. The lock ends with the
// process.
func Lock(path string) (unlock func(), err error) {
	return lock(path, syscall.LOCK_EX)
}

// ErrLocked is returned by TryLock for a file that another process has locked.
var ErrLocked = errors.New("another process has the lock")

// TryLock is Lock without the wait.
func TryLock(path string) (unlock func(), err error) {
	unlock, err = lock(path, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrLocked
	}
	return unlock, err
}

func lock(path string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil // closing unlocks
}
