package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gofrs/flock"
)

// ErrServed is returned by LockServer if another server has the database.
var ErrServed = errors.New("another server uses the database")

// ErrNoLocks is returned by LockServer if the file system has no locks.
var ErrNoLocks = errors.New("the file system has no file locks")

// LockServer reserves the database for this server until Close. The system ends the lock of a killed process, so the file
// "PATH.lock" may stay. Commands do not take this lock.
func (d *DB) LockServer() error {
	path, err := filepath.EvalSymlinks(d.path) // servers that open one file by two names share the lock
	if err != nil {
		return err
	}
	lock := flock.New(path+".lock", flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
	switch locked, err := lock.TryLock(); {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.ENOLCK):
		return fmt.Errorf("%w: %w", ErrNoLocks, err)
	case err != nil:
		return fmt.Errorf("lock the database: %w", err)
	case !locked:
		return ErrServed
	}
	d.lock = lock
	return nil
}
