// Package sqlite opens a SQLite database and runs its transactions. It makes backups of a database in use, verifies and
// restores them, and keeps a reserve of disk space. It knows no tables except meta and those that it counts in a copy.
//
// Invariants:
//   - An Update that returned nil is on the disk.
//   - After damage was detected, no Update runs.
//   - A copy contains one snapshot of the whole database. It gets its name only after it was read back.
//   - Existing files are not overwritten, except the automatic copy before an upgrade and by WriteFile.
//   - A failed operation leaves no files behind.
//
// Copies are made by VACUUM INTO. It reads in one transaction that blocks no writer, and it omits free pages with
// erased text. The online backup API would restart whenever another process writes, and the driver does not support it.
// VACUUM INTO renumbers rows, so no table may refer to the rowids of another.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// A Copy describes a copy of a database. Sealed reports that it has a seal, and that its contents match the hash in it.
type Copy struct {
	Bytes                             int64
	Sites, Pages, Comments, Decisions int64
	Sealed                            bool
}

// counted are the tables whose rows a Copy counts.
var counted = []string{"sites", "pages", "comments", "decisions"}

func (c *Copy) counts() []*int64 { return []*int64{&c.Sites, &c.Pages, &c.Comments, &c.Decisions} }

// Backup copies the database at path to a new file, seals the copy, and reads it back. During the copy, a symbolic link
// in the folder of the database points to the temporary folder, so that a server can remove it if the process is
// killed.
func Backup(ctx context.Context, path, to string) (Copy, error) {
	if _, err := os.Lstat(to); err == nil {
		return Copy{}, fmt.Errorf("%s already exists and is not overwritten", to)
	}
	var made Copy
	err := withTempFile(to, filepath.Dir(path), func(temp string) (err error) {
		if made, err = copyTo(ctx, path, temp); err != nil {
			return err
		}
		return moveNew(temp, to)
	})
	return made, err
}

// overwriteBackup is Backup, but replaces an existing file.
func overwriteBackup(ctx context.Context, path, to string) error {
	return withTempFile(to, "", func(temp string) error {
		if _, err := copyTo(ctx, path, temp); err != nil {
			return err
		}
		return replace(temp, to)
	})
}

// withTempFile calls fn with an empty file in a temporary folder next to to, and removes the folder afterwards. noted
// is as in TempFolder.
func withTempFile(to, noted string, fn func(temp string) error) (err error) {
	folder, remove, err := TempFolder(filepath.Dir(to), noted)
	if err != nil {
		return fmt.Errorf("write beside %s: %w", to, err)
	}
	defer func() { _ = remove() }() // fn has moved the file; the next server start removes leftovers
	temp := filepath.Join(folder, "copy")
	if err := os.WriteFile(temp, nil, 0o600); err != nil {
		return fmt.Errorf("write beside %s: %w", to, err)
	}
	return fn(temp)
}

// copyTo makes a sealed copy at temp. It returns an error unless the row counts of the copy match those of the
// database.
func copyTo(ctx context.Context, path, temp string) (Copy, error) {
	from, err := openFile(path, "mode=rw")
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = from.Close() }() // read only
	var before, after Copy
	if err := count(ctx, from, &before); err != nil {
		return Copy{}, err
	}
	if err := vacuum(ctx, from, temp); err != nil {
		return Copy{}, fmt.Errorf("copy the database: %w", err)
	}
	if err := count(ctx, from, &after); err != nil {
		return Copy{}, err
	}
	made, err := seal(ctx, temp)
	if err != nil {
		return Copy{}, fmt.Errorf("read the copy back: %w", err)
	}
	for k, n := range made.counts() {
		a, b := *before.counts()[k], *after.counts()[k]
		if *n < min(a, b) || *n > max(a, b) {
			return Copy{}, fmt.Errorf("read the copy back: it has %d %s, and the database %d", *n, counted[k], b)
		}
	}
	return made, nil
}

// vacuum copies a database into the empty file at to.
func vacuum(ctx context.Context, db *sql.DB, to string) error {
	_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

// openFile opens a database on one connection. query contains further parameters of the driver.
func openFile(path, query string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", Address(path, "_pragma=busy_timeout(5000)&"+query))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

func count(ctx context.Context, db *sql.DB, into *Copy) error {
	for k, n := range into.counts() {
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+counted[k]).Scan(n); err != nil {
			return fmt.Errorf("count the %s: %w", counted[k], err)
		}
	}
	return nil
}

// verify checks a whole file and counts its rows. It returns the findings of the check as an error.
func verify(ctx context.Context, db *sql.DB) (Copy, error) {
	wrong, err := check(ctx, db)
	if err != nil {
		return Copy{}, err
	}
	if len(wrong) > 0 {
		return Copy{}, errors.New(strings.Join(strings.Fields(strings.Join(wrong, "; ")), " "))
	}
	var c Copy
	if err := count(ctx, db, &c); err != nil {
		return Copy{}, err
	}
	return c, nil
}

// moveNew gives a synced file its name. It returns an error if the name is taken.
func moveNew(temp, to string) error {
	err := os.Link(temp, to)
	if err != nil && !errors.Is(err, fs.ErrExist) { // the file system has no hard links
		err = os.Rename(temp, to)
	}
	if err != nil {
		return fmt.Errorf("name the copy: %w", err)
	}
	return SyncFolder(filepath.Dir(to))
}

// replace gives a synced file its name and replaces an existing file.
func replace(temp, to string) error {
	if err := os.Rename(temp, to); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(to))
}

// syncFile syncs a file to the disk and returns its size.
func syncFile(path string) (int64, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// WriteFile atomically creates or replaces a file and syncs it to the disk.
func WriteFile(path string, text []byte) error {
	return withTempFile(path, "", func(temp string) error {
		if err := os.WriteFile(temp, text, 0o600); err != nil {
			return err
		}
		if _, err := syncFile(temp); err != nil {
			return err
		}
		return replace(temp, path)
	})
}

// CreateFile atomically creates a file with the contents that fill writes, and syncs it to the disk. It returns an
// error if the file exists. noted is as in TempFolder.
func CreateFile(path, noted string, fill func(to io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s already exists and is not overwritten", path)
	}
	return withTempFile(path, noted, func(temp string) error {
		f, err := os.OpenFile(temp, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
			return err
		}
		return moveNew(temp, path)
	})
}

// SyncFolder syncs the names in a folder to the disk.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
