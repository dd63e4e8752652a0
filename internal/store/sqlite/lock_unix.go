//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// SQLite locks these bytes of a database file. A process that has a database in WAL mode open always holds a lock on
// one of them, even beyond the end of the file.
const lockStart, lockLength = 0x40000000, 512

// inUse reports whether another process has a database open.
func inUse(path string) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // only used to query the lock
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: lockStart, Len: lockLength}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return false, fmt.Errorf("check whether the database is in use: %w", err)
	}
	return lock.Type != syscall.F_UNLCK, nil
}

// lockTemp locks a temporary folder until the returned file is closed. It returns nil if another process has locked or
// removed the folder. It locks a file in the folder, because migrations lock the folder of a database itself.
func lockTemp(folder string) (*os.File, error) {
	path := filepath.Join(folder, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, f.Close()
	case err != nil:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	opened, err := f.Stat()
	if err == nil {
		named, gone := os.Stat(path)
		if gone == nil && os.SameFile(opened, named) {
			return f, nil
		}
	}
	return nil, errors.Join(err, f.Close())
}
