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

	"github.com/gofrs/flock"
	"gorm.io/gorm"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/txn"
)

// A DB is an open database: one file with one writing connection and a pool of readers.
type DB struct {
	path    string
	write   *gorm.DB
	read    *gorm.DB
	group   *group // all writes except migrations
	guard   *guard
	reserve *reserve
	lock    *flock.Flock // of a server; nil for commands

	beforeUpgrade func(path string)

	closing sync.Once
	closed  error // what Close returns
}

// Options of a database. Wait is how long a writer waits for others. MaxPages limits the size of the file in pages; 0
// means no limit. If BeforeUpgrade is not nil, Migrate copies a file with data to "PATH.before-upgrade" before it
// changes the schema. It calls BeforeUpgrade with that path first, because the copy of a large file takes minutes.
type Options struct {
	Wait          time.Duration
	MaxPages      int
	BeforeUpgrade func(path string)
}

// Open opens the file at path and creates a missing one.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	// SQLite would create a file that all users can read, but it contains e-mail addresses.
	empty, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	d := &DB{path: path, guard: newGuard(), reserve: newReserve(path + ".reserve"), beforeUpgrade: o.BeforeUpgrade}
	if d.write, err = openWriter(ctx, path, o); err != nil {
		return nil, permissionError(path, err)
	}
	if d.read, err = openPool(Pool{Path: path, Wait: o.Wait}); err != nil {
		return nil, errors.Join(permissionError(path, err), closePool(d.write))
	}
	if err := d.prepare(ctx); err != nil {
		return nil, errors.Join(permissionError(path, err), closePool(d.read), closePool(d.write))
	}
	d.group = newGroup(d.write, o.Wait)
	return d, nil
}

// permissionError returns err. It adds fs.ErrPermission and the path if SQLite could not open its own files in the
// database's folder.
func permissionError(path string, err error) error {
	e, ok := errors.AsType[*driver.Error](err)
	if !ok || e.Code()&0xff != sqlite3.SQLITE_READONLY && e.Code()&0xff != sqlite3.SQLITE_CANTOPEN {
		return err
	}
	for _, own := range []string{path + "-wal", path + "-shm"} { // another user may have created them
		f, denied := os.OpenFile(own, os.O_RDWR, 0)
		if errors.Is(denied, fs.ErrPermission) {
			return fmt.Errorf("%w: %w", denied, err)
		}
		if denied == nil {
			err = errors.Join(err, f.Close())
		}
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

// openWriter opens the writer's pool. If several processes switch a new file to WAL mode at once, SQLite returns
// SQLITE_BUSY without waiting for busy_timeout, so openWriter retries.
func openWriter(ctx context.Context, path string, o Options) (*gorm.DB, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	for {
		db, err := openPool(Pool{Path: path, Wait: o.Wait, Writer: true, MaxPages: o.MaxPages})
		if !errors.Is(MapError(err), txn.ErrBusy) {
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

// prepare sizes the pools and verifies the settings for durability: with synchronous=NORMAL, a power failure loses
// acknowledged writes.
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
		return fmt.Errorf("the file needs WAL, synchronous=FULL (2) and foreign keys (1); it has %s, %d, %d",
			mode, synchronous, keys)
	}
	return nil
}

// View runs fn in a read transaction. Its first SELECT takes the snapshot.
func (d *DB) View(ctx context.Context, fn func(*gorm.DB) error) error {
	return d.readError(ctx, d.read.WithContext(ctx).Transaction(fn, &sql.TxOptions{ReadOnly: true}))
}

// readError reports damage to the guard. It wraps err with the error of ctx if ctx has ended, because SQLite only
// returns that it was interrupted.
func (d *DB) readError(ctx context.Context, err error) error {
	err = d.guard.observe(err)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

// Views runs fn with n read transactions on one snapshot. All of them begin within one write transaction, so no commit
// comes between them.
func (d *DB) Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error {
	readers := rows.Readers{
		Options: &sql.TxOptions{ReadOnly: true},
		AroundBegin: func(begin func() error) error {
			return d.group.update(ctx, func(*gorm.DB) error { return begin() })
		},
		AfterBegin: func(g *gorm.DB) error { // reading takes the snapshot now, not at the first statement of fn
			return g.Exec("SELECT 1 FROM sqlite_schema LIMIT 1").Error
		},
	}
	return d.readError(ctx, readers.Read(d.read.WithContext(ctx), n, fn))
}

// Update runs fn in a transaction and returns when it is on the disk. It may run fn again. After damage was detected it
// returns txn.ErrCorrupt. If the disk is full it releases the reserve.
func (d *DB) Update(ctx context.Context, fn func(*gorm.DB) error) error {
	err := d.guard.observe(d.group.update(ctx, func(g *gorm.DB) error {
		if err := d.guard.damage(); err != nil { // checked when its turn comes, so waiting writers fail too
			return err
		}
		return fn(g)
	}))
	if errors.Is(MapError(err), txn.ErrFull) {
		d.reserve.release()
	}
	return err
}

// Migrate upgrades the tables to the schema of this program. Several processes may call it at once.
func (d *DB) Migrate(ctx context.Context) error {
	db, err := d.write.DB()
	if err != nil {
		return err
	}
	// Sorting for a new index may need much space, so temporary data goes to files. Migrations are not synced: with WAL, a
	// power failure rolls back the last ones completely (https://www.sqlite.org/pragma.html#pragma_synchronous), and the
	// next start runs them again.
	const during = "PRAGMA temp_store = 1; PRAGMA synchronous = NORMAL"
	const after = "PRAGMA temp_store = 2; PRAGMA synchronous = FULL"
	if _, err := db.ExecContext(ctx, during); err != nil {
		return err
	}
	err = migrations.SQLite(ctx, db, d.path, func(ctx context.Context) error {
		if d.beforeUpgrade == nil {
			return nil
		}
		earlier := d.path + ".before-upgrade"
		d.beforeUpgrade(earlier)
		return overwriteBackup(ctx, d.path, earlier)
	})
	_, back := db.ExecContext(ctx, after)
	return errors.Join(orCorrupt(ctx, db, err), back)
}

// MigrationStatus lists the migrations, oldest first.
func (d *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	db, err := d.write.DB()
	if err != nil {
		return nil, err
	}
	list, err := migrations.SQLiteStatus(ctx, db)
	return list, orCorrupt(ctx, db, err)
}

// IsNewer reports whether a newer program has migrated the database.
func (d *DB) IsNewer(ctx context.Context) (bool, error) {
	db, err := d.read.DB()
	if err != nil {
		return false, err
	}
	newer, err := migrations.IsNewer(ctx, db)
	return newer, d.readError(ctx, err)
}

// Pools returns the connection pools: "read" and "write".
func (d *DB) Pools() map[string]*sql.DB {
	read, _ := d.read.DB() // both were opened with a pool
	write, _ := d.write.DB()
	return map[string]*sql.DB{"read": read, "write": write}
}

// Close waits for running transactions, closes the pools and ends the lock of a server. Later calls return the same result.
func (d *DB) Close() error {
	d.closing.Do(func() {
		d.group.close()
		d.closed = errors.Join(closePool(d.read), closePool(d.write))
		if d.lock != nil {
			d.closed = errors.Join(d.closed, d.lock.Close())
		}
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

// MapError returns the sentinel of package txn for an error of SQLite, or nil.
func MapError(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return txn.ErrTaken
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no space for the index of the WAL
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
