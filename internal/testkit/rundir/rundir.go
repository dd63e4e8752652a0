// Package rundir makes the folder that the servers, templates and binaries of a test run live in.
//
// A folder has two parts: Path is on the disk, Memory is on a memory-backed file system where there is one
// with enough room. A reaper process removes both and ends the processes whose IDs are in it when the process
// that made the folder has ended, however it ended.
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

// Env names the environment variable with the Path of the folder that all test processes of a run share.
// Without it each process makes a folder of its own.
const Env = "TEST_RUN"

const (
	memoryMount = "/dev/shm"
	minMemory   = 2 << 30 // free bytes that memoryMount must have to be used
)

// A Dir is the folder of a run.
type Dir struct {
	Path   string
	Memory string

	lifeline io.Closer // held open until the process ends; the reaper reads its other end
	reaper   *exec.Cmd
}

// Temp makes a Dir with a new name.
func Temp() (*Dir, error) {
	path, err := os.MkdirTemp("", "aitys-test-")
	if err != nil {
		return nil, err
	}
	return create(path)
}

// New makes a Dir at path. It removes what an earlier run left there.
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
	if room() >= minMemory {
		d.Memory = filepath.Join(memoryMount, filepath.Base(path))
	}
	if err := os.Mkdir(d.Memory, 0o755); err != nil {
		return nil, err
	}
	if err := os.Chmod(d.Memory, 0o755); err != nil { // whatever the umask is
		return nil, err
	}
	return d, d.reap()
}

// memoryOf returns the Memory of the Dir at path.
func memoryOf(path string) string {
	inMemory := filepath.Join(memoryMount, filepath.Base(path))
	if _, err := os.Stat(inMemory); err == nil {
		return inMemory
	}
	return filepath.Join(path, "memory")
}

// room returns the free bytes of memoryMount.
func room() uint64 {
	var s syscall.Statfs_t
	if err := syscall.Statfs(memoryMount, &s); err != nil {
		return 0
	}
	return s.Bavail * uint64(s.Bsize)
}

// end stops what is in the folders $1 and $2, then removes them. Postgres gets SIGQUIT first: killed, it would
// leave shared memory behind.
const end = `
pids() { for p in "$1"/$3 "$2"/$3; do [ -f "$p" ] && echo "$(head -n 1 "$p")"; done; }
for g in $(pids "$1" "$2" '*.group'); do kill -9 "-$g" 2>/dev/null; done
for p in $(pids "$1" "$2" 'pg*.pid'); do kill -QUIT "$p" 2>/dev/null; done
n=0
for p in $(pids "$1" "$2" 'pg*.pid'); do
	while [ $n -lt 60 ] && kill -0 "$p" 2>/dev/null; do sleep 0.05; n=$((n + 1)); done
done
for p in $(pids "$1" "$2" '*.pid'); do kill -9 "$p" 2>/dev/null; done
rm -rf "$1" "$2"`

func (d *Dir) reap() error {
	d.reaper = exec.Command("sh", "-c", "read -r _"+end, "reap", d.Path, d.Memory)
	d.reaper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal does not reach it
	in, err := d.reaper.StdinPipe()
	if err != nil {
		return err
	}
	d.lifeline = in
	return d.reaper.Start()
}

// Close ends the processes of the folder, removes it and returns when that is done.
func (d *Dir) Close() error {
	return errors.Join(d.lifeline.Close(), d.reaper.Wait())
}

// Remove does what the reaper of the Dir at path does, for one that was killed together with its process. It ends no
// process that got the ID of one of the folder's since.
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
			if !alive(file, path, memory) {
				if err := os.Remove(file); err != nil {
					return err
				}
			}
		}
	}
	out, err := exec.Command("sh", "-c", end, "reap", path, memory).CombinedOutput()
	if err != nil {
		return fmt.Errorf("remove %s: %w: %s", path, err, out)
	}
	return nil
}

// alive reports whether the process in a file is one of the folder's: its command line or environment names it.
func alive(file, path, memory string) bool {
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

// Lock locks the file at path against other processes and returns the function that unlocks it. The lock goes
// with the process.
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
