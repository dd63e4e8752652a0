// Package sqlite opens a SQLite database and runs its transactions, makes copies of it while it is used, proves
// them, and puts one back. It keeps some room on the disk for it, too.
//
// It knows no table but those that it counts, and nothing of Postgres, which has tools for copies. Its
// invariants: an Update that returned nil is on the disk; nothing is written beside damage; a copy is one state of
// the whole database; a name is only given to a copy that was read back; nothing that stood there is overwritten;
// what fails leaves nothing behind.
//
// Copies are made by VACUUM INTO: one read transaction, that no writer waits for, and none of what was
// erased in free pages. (The online backup API begins anew whenever another process writes, and the
// driver does not have it.) It numbers rows anew, so no table may refer to the row numbers of another.
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

// A Copy says what is in one. Sealed: and that it is, to the letter, what was written then.
type Copy struct {
	Bytes                             int64
	Sites, Pages, Comments, Decisions int64
	Sealed                            bool
}

// counted are the tables of a Copy.
var counted = []string{"sites", "pages", "comments", "decisions"}

func (c *Copy) counts() []*int64 { return []*int64{&c.Sites, &c.Pages, &c.Comments, &c.Decisions} }

// Make copies the database at path to a new file, seals the copy, and reads it back. A symbolic link in the
// folder of the database leads to the temporary copy, so that a server can remove it if the process is killed.
func Make(ctx context.Context, path, to string) (Copy, error) {
	if _, err := os.Lstat(to); err == nil {
		return Copy{}, fmt.Errorf("there is something at %s already, and it is not overwritten", to)
	}
	var made Copy
	err := besides(to, filepath.Dir(path), func(temp string) (err error) {
		if made, err = copied(ctx, path, temp); err != nil {
			return err
		}
		return place(temp, to)
	})
	return made, err
}

// remake is Make, in the place of an earlier one.
func remake(ctx context.Context, path, to string) error {
	return besides(to, "", func(temp string) error {
		if _, err := copied(ctx, path, temp); err != nil {
			return err
		}
		return replace(temp, to)
	})
}

// besides calls fn with an empty file in a temporary folder next to to, and removes the folder afterwards. noted is as
// in TempFolder.
func besides(to, noted string, fn func(temp string) error) (err error) {
	folder, remove, err := TempFolder(filepath.Dir(to), noted)
	if err != nil {
		return fmt.Errorf("write beside %s: %w", to, err)
	}
	defer func() { _ = remove() }() // fn has moved the file; the next start removes leftovers
	temp := filepath.Join(folder, "copy")
	if err := os.WriteFile(temp, nil, 0o600); err != nil {
		return fmt.Errorf("write beside %s: %w", to, err)
	}
	return fn(temp)
}

// copied makes a sealed copy at temp, and fails unless it holds what the database does.
func copied(ctx context.Context, path, temp string) (Copy, error) {
	from, err := opened(path, "mode=rw")
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = from.Close() }() // it was only read
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

// vacuum copies a database into an empty file.
func vacuum(ctx context.Context, db *sql.DB, to string) error {
	_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
	return err
}

func opened(path, query string) (*sql.DB, error) {
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

// sound reads a whole file, and returns what it holds.
func sound(ctx context.Context, db *sql.DB) (Copy, error) {
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

// place gives a file that is on the disk its name, unless something has it.
func place(temp, to string) error {
	err := os.Link(temp, to)
	if err != nil && !errors.Is(err, fs.ErrExist) { // a disk that has no links
		err = os.Rename(temp, to)
	}
	if err != nil {
		return fmt.Errorf("name the copy: %w", err)
	}
	return SyncFolder(filepath.Dir(to))
}

// replace gives a file that is on the disk its name, in the place of an earlier one.
func replace(temp, to string) error {
	if err := os.Rename(temp, to); err != nil {
		return err
	}
	return SyncFolder(filepath.Dir(to))
}

// syncFile has a file on the disk before it is relied on, and returns its size.
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

// WriteFile writes a file whole, in the place of an earlier one, and has it on the disk.
func WriteFile(path string, text []byte) error {
	return besides(path, "", func(temp string) error {
		if err := os.WriteFile(temp, text, 0o600); err != nil {
			return err
		}
		if _, err := syncFile(temp); err != nil {
			return err
		}
		return replace(temp, path)
	})
}

// New has fill write a new file, which gets its name once it is whole and on the disk. What stands there is not
// overwritten. noted is as in TempFolder.
func New(path, noted string, fill func(to io.Writer) error) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("there is something at %s already, and it is not overwritten", path)
	}
	return besides(path, noted, func(temp string) error {
		f, err := os.OpenFile(temp, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if err := errors.Join(fill(f), f.Sync(), f.Close()); err != nil {
			return err
		}
		return place(temp, path)
	})
}

// SyncFolder has the names in a folder on the disk.
func SyncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
