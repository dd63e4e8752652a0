package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ErrInUse is returned for a database that some process has open.
var ErrInUse = errors.New("a server or a command has the database open: stop it first")

// Restore puts the copy at from in the place of the database at path, once the copy has been proved,
// and prepare, which may change it, has gone well. A database that stood there is put aside with its
// WAL; aside is its new name, or "".
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
	if err := Unused(path); err != nil {
		return Copy{}, "", err
	}
	err = besides(path, "", func(temp string) error {
		if c, err = proved(ctx, from, temp); err != nil {
			return fmt.Errorf("%s cannot be restored: %w", from, err)
		}
		if err := prepare(temp); err != nil {
			return err
		}
		if _, err := syncFile(temp); err != nil {
			return fmt.Errorf("write the database: %w", err)
		}
		if err := Unused(path); err != nil {
			return err
		}
		aside, err = swap(temp, path, at)
		return err
	})
	return c, aside, err
}

// proved copies the copy: page by page as SQLite reads them, so that nothing of the old file's own
// free space or damage comes along.
func proved(ctx context.Context, from, temp string) (Copy, error) {
	query := "mode=ro&immutable=1" // nobody writes to it, and its disk may be one that is only read
	if _, err := os.Stat(from + "-wal"); err == nil {
		query = "mode=rw" // a part of it is there
	}
	db, err := opened(from, query)
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = db.Close() }() // it was only read
	var c Copy
	if err := count(ctx, db, &c); err != nil {
		return Copy{}, fmt.Errorf("it is damaged, or no backup of Aitys: %w", err)
	}
	if err := vacuum(ctx, db, temp); err != nil {
		return Copy{}, err
	}
	return unseal(ctx, temp)
}

// swap gives a new database the place of the old one. The old WAL goes first: beside the new file it
// would be read as a part of it.
func swap(temp, path string, at time.Time) (aside string, err error) {
	old := path + ".replaced-" + at.UTC().Format("20060102T150405.000")
	if _, err := os.Lstat(path); err == nil {
		err := os.Link(path, old)
		if err != nil && !errors.Is(err, fs.ErrExist) { // a disk that has no links
			err = os.Rename(path, old)
		}
		if err != nil {
			return "", fmt.Errorf("put the old database aside: %w", err)
		}
		aside = old
	}
	if err := os.Rename(path+"-wal", old+"-wal"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("put the old database aside: %w", err)
	}
	_ = os.Remove(path + "-shm") // an index of the WAL, which is made anew
	if err := os.Rename(temp, path); err != nil {
		return "", fmt.Errorf("name the database: %w", err)
	}
	return aside, SyncFolder(filepath.Dir(path))
}

// Unused returns ErrInUse for a database that another process has open.
func Unused(path string) error {
	used, err := inUse(path)
	if err == nil && used {
		err = ErrInUse
	}
	return err
}
