//go:build unix

package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// The bytes of a file by which SQLite locks it. Who has a database in WAL mode open keeps one of them
// locked all the time, whatever the file holds.
const lockedFrom, lockedBytes = 0x40000000, 512

// inUse reports whether another process has a database open.
func inUse(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only asked about
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: lockedFrom, Len: lockedBytes}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return false, fmt.Errorf("look who has the database open: %w", err)
	}
	return lock.Type != syscall.F_UNLCK, nil
}
