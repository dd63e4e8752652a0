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

// hold locks a temporary folder until the file that it returns is closed; nil if another process holds the folder, or
// has removed it. The lock is that of a file in it: migrations lock the folder of a database themselves.
func hold(folder string) (*os.File, error) {
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
