package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"gorm.io/gorm"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/txn"
)

// A DB is a database that is open: one file with one writer and readers beside it.
type DB struct {
	path    string
	write   *gorm.DB
	read    *gorm.DB
	group   *group // nobody else writes, but migrations
	guard   *guard
	reserve *reserve

	keepEarlier func(path string)

	closing sync.Once
	closed  error // what Close returns
}

// Options of a database. Wait is how long a writer waits for others. MaxPages bounds the file, in its pages (0:
// as many as the disk holds). KeepEarlier has Migrate copy a file that it is to change to "….before-upgrade", and is
// told that path before: a large file takes minutes.
type Options struct {
	Wait        time.Duration
	MaxPages    int
	KeepEarlier func(path string)
}

// Open opens the file at path, and makes a missing one.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// SQLite would make it readable by all: it holds e-mail addresses.
	empty, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	d := &DB{path: path, guard: newGuard(), reserve: newReserve(path + ".reserve"), keepEarlier: o.KeepEarlier}
	if d.write, err = openWriter(ctx, path, o); err != nil {
		return nil, denied(path, err)
	}
	if d.read, err = openPool(Pool{Path: path, Wait: o.Wait}); err != nil {
		return nil, errors.Join(denied(path, err), closePool(d.write))
	}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(denied(path, err), closePool(d.read), closePool(d.write))
	}
	d.group = newGroup(d.write, o.Wait)
	return d, nil
}

// denied returns err, or a permission error if SQLite could not create its own files in the database's folder.
func denied(path string, err error) error {
	e, ok := errors.AsType[*driver.Error](err)
	if !ok || e.Code()&0xff != sqlite3.SQLITE_READONLY && e.Code()&0xff != sqlite3.SQLITE_CANTOPEN {
		return err
	}
	_, remove, tried := TempFolder(filepath.Dir(path), "")
	if errors.Is(tried, fs.ErrPermission) {
		return fmt.Errorf("%w: %w", &fs.PathError{Op: "open", Path: filepath.Dir(path), Err: fs.ErrPermission}, err)
	}
	if tried == nil {
		err = errors.Join(err, remove())
	}
	return err
}

// openWriter opens the writer's pool. Many who turn a new file to WAL at once are told that it is
// busy without the wait that busy_timeout promises, so the wait is made here.
func openWriter(ctx context.Context, path string, o Options) (*gorm.DB, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	for {
		db, err := openPool(Pool{Path: path, Wait: o.Wait, Writer: true, MaxPages: o.MaxPages})
		if !errors.Is(Meaning(err), txn.ErrBusy) {
			return db, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func openPool(p Pool) (*gorm.DB, error) {
	db, err := p.Open()
	if err != nil {
		return nil, err
	}
	g, err := gorm.Open(dialector{db}, rows.Config())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return g, nil
}

// prepare sizes the pools and checks what durability rests on: at synchronous=NORMAL a power
// cut loses what was acknowledged.
func (d *DB) prepare(ctx context.Context) error {
	writer, err := d.write.DB()
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	reader, err := d.read.DB()
	if err != nil {
		return err
	}
	reader.SetMaxOpenConns(max(4, 2*runtime.GOMAXPROCS(0)))
	reader.SetMaxIdleConns(max(4, 2*runtime.GOMAXPROCS(0)))
	var mode string
	if err := writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return fmt.Errorf("read journal_mode: %w", err)
	}
	var synchronous, keys int
	if err := writer.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return fmt.Errorf("read synchronous: %w", err)
	}
	if err := writer.QueryRowContext(ctx, "PRAGMA foreign_keys").Scan(&keys); err != nil {
		return fmt.Errorf("read foreign_keys: %w", err)
	}
	if mode != "wal" || synchronous != 2 || keys != 1 {
		return fmt.Errorf("the file must work with WAL, synchronous=FULL and foreign keys; it has %s, %d, %d",
			mode, synchronous, keys)
	}
	return nil
}

// View runs fn on the snapshot that its first SELECT takes. When whoever asked has left, SQLite
// says only that it was interrupted.
func (d *DB) View(ctx context.Context, fn func(*gorm.DB) error) error {
	return d.readBy(ctx, d.read.WithContext(ctx).Transaction(fn, &sql.TxOptions{ReadOnly: true}))
}

// readBy notes how a reading ended, and says so if that was because whoever asked has left.
func (d *DB) readBy(ctx context.Context, err error) error {
	err = d.guard.note(err)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// Views runs fn on n readers of one snapshot: all of them begin in one turn to write, so that nobody writes between.
func (d *DB) Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error {
	readers := rows.Readers{
		Options: &sql.TxOptions{ReadOnly: true},
		Begins: func(begin func() error) error {
			return d.group.update(ctx, func(*gorm.DB) error { return begin() })
		},
		First: func(g *gorm.DB) error { // it reads, or the snapshot would be of its first statement to come
			return g.Exec("SELECT 1 FROM sqlite_schema LIMIT 1").Error
		},
	}
	return d.readBy(ctx, readers.Read(d.read.WithContext(ctx), n, fn))
}

// Update runs fn in a transaction, maybe again, and returns when that is on the disk. It takes none once damage
// was seen, and gives the reserve back when the disk is full.
func (d *DB) Update(ctx context.Context, fn func(*gorm.DB) error) error {
	err := d.guard.note(d.group.update(ctx, func(g *gorm.DB) error {
		if err := d.guard.damage(); err != nil { // asked when its turn comes: what waited is not taken either
			return err
		}
		return fn(g)
	}))
	if errors.Is(Meaning(err), txn.ErrFull) {
		d.reserve.give()
	}
	return err
}

// Migrate brings the tables to this program's schema. Several processes may do so at once.
func (d *DB) Migrate(ctx context.Context) error {
	db, err := d.write.DB()
	if err != nil {
		return err
	}
	// What an index is sorted in may be large. And no migration waits for its sync: with WAL a power cut takes the last of
	// them back whole (https://www.sqlite.org/pragma.html#pragma_synchronous), and the next start makes them again.
	const during = "PRAGMA temp_store = 1; PRAGMA synchronous = NORMAL"
	const after = "PRAGMA temp_store = 2; PRAGMA synchronous = FULL"
	if _, err := db.ExecContext(ctx, during); err != nil {
		return err
	}
	err = migrations.SQLite(ctx, db, d.path, func(ctx context.Context) error {
		if d.keepEarlier == nil {
			return nil
		}
		earlier := d.path + ".before-upgrade"
		d.keepEarlier(earlier)
		return remake(ctx, d.path, earlier)
	})
	_, back := db.ExecContext(ctx, after)
	return errors.Join(blamed(ctx, db, err), back)
}

// MigrationStatus lists the migrations, oldest first.
func (d *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	db, err := d.write.DB()
	if err != nil {
		return nil, err
	}
	list, err := migrations.SQLiteStatus(ctx, db)
	return list, blamed(ctx, db, err)
}

// Close waits for running transactions. Further calls return the same result.
func (d *DB) Close() error {
	d.closing.Do(func() {
		d.group.close()
		d.closed = errors.Join(closePool(d.read), closePool(d.write))
	})
	return d.closed
}

func closePool(g *gorm.DB) error {
	db, err := g.DB()
	if err != nil {
		return err
	}
	return db.Close()
}

// Meaning returns the sentinel of package txn that says what an error of SQLite's is, or nil.
func Meaning(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return txn.ErrTaken
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no room for the index of the WAL
		return txn.ErrFull
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return txn.ErrBusy
	case sqlite3.SQLITE_FULL:
		return txn.ErrFull
	}
	if isDamage(err) {
		return txn.ErrCorrupt
	}
	return nil
}
