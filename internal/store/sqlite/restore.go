package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// ErrInUse is returned if another process has the database open.
var ErrInUse = errors.New("a server or a command has the database open: stop it first")

// Restore replaces the database at path with the copy at from. It first verifies the copy and calls prepare with a
// temporary file of it, which prepare may change. An existing database is renamed, together with its WAL; aside is its
// new name, or "" if there was none. Restore returns ErrInUse if another process has the database open.
func Restore(
	ctx context.Context, from, path string, at time.Time, prepare func(file string) error,
) (c Copy, aside string, err error) {
	info, err := os.Stat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Copy{}, "", fmt.Errorf("there is no backup at %s", from)
	case err != nil:
		return Copy{}, "", err
	case !info.Mode().IsRegular():
		return Copy{}, "", fmt.Errorf("%s is not a file", from)
	}
	if there, err := os.Stat(path); err == nil && os.SameFile(info, there) {
		return Copy{}, "", fmt.Errorf("%s is the database itself", from)
	}
	if err := CheckUnused(path); err != nil {
		return Copy{}, "", err
	}
	err = withTempFile(path, "", func(temp string) error {
		if c, err = copyVerified(ctx, from, temp); err != nil {
			return fmt.Errorf("%s cannot be restored: %w", from, err)
		}
		if err := prepare(temp); err != nil {
			return err
		}
		if _, err := syncFile(temp); err != nil {
			return fmt.Errorf("write the database: %w", err)
		}
		if err := CheckUnused(path); err != nil {
			return err
		}
		aside, err = swap(temp, path, at)
		return err
	})
	return c, aside, err
}

// copyVerified copies a backup to temp and verifies it. VACUUM INTO rewrites all rows, so neither free pages nor damage
// of the backup are copied.
func copyVerified(ctx context.Context, from, temp string) (Copy, error) {
	query := "mode=ro&immutable=1" // no process writes to it, and it may be on a read-only disk
	if _, err := os.Stat(from + "-wal"); err == nil {
		query = "mode=rw" // the WAL contains a part of the data
	}
	db, err := openFile(from, query)
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = db.Close() }() // read only
	var c Copy
	if err := count(ctx, db, &c); err != nil {
		e, ok := errors.AsType[*driver.Error](err)
		if isDamage(err) || ok && e.Code() == sqlite3.SQLITE_ERROR { // no such table
			return Copy{}, errors.New("it is damaged or not a backup of Aitys")
		}
		return Copy{}, err
	}
	if err := vacuum(ctx, db, temp); err != nil {
		return Copy{}, err
	}
	return unseal(ctx, temp)
}

// swap replaces the database at path with temp, and renames the old one. It renames the old WAL first: SQLite would
// apply it to the new file.
func swap(temp, path string, at time.Time) (aside string, err error) {
	old := path + ".replaced-" + at.UTC().Format("20060102T150405.000")
	if _, err := os.Lstat(path); err == nil {
		err := os.Link(path, old)
		if err != nil && !errors.Is(err, fs.ErrExist) { // the file system has no hard links
			err = os.Rename(path, old)
		}
		if err != nil {
			return "", fmt.Errorf("rename the old database: %w", err)
		}
		aside = old
	}
	if err := os.Rename(path+"-wal", old+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("rename the old database: %w", err)
	}
	_ = os.Remove(path + "-shm") // the index of the WAL; SQLite recreates it
	if err := os.Rename(temp, path); err != nil {
		return "", fmt.Errorf("rename the new database: %w", err)
	}
	return aside, SyncFolder(filepath.Dir(path))
}

// CheckUnused returns ErrInUse if another process has the database open.
func CheckUnused(path string) error {
	used, err := inUse(path)
	if err == nil && used {
		err = ErrInUse
	}
	return err
}
