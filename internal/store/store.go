// Package store stores sites, threads, comments and decisions in SQLite or Postgres.
//
// It does not contain business rules: package moderation decides whether a comment may be published, inside the
// transaction that this package provides.
//
// It keeps the contract of txn.Store on both databases: an Update that returned nil is on the disk, decisions are
// numbered without gaps, followers miss no event, and no query reads the rows of another site. A *DB is safe for
// concurrent use. A Tx is not, and is valid only in the function that it was passed to.
package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/store/postgres"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/event"
)

// Options of a database. Wait is how long a transaction waits for others before txn.ErrBusy; 0 means 5 seconds.
// MaxPages limits the size of a SQLite file in pages; beyond it writes fail with txn.ErrFull. 0 means no limit. If
// BeforeUpgrade is not nil, Migrate copies a SQLite file with data to "PATH.before-upgrade" before it changes the
// schema. It calls BeforeUpgrade with that path first. A copy replaces the previous one.
type Options struct {
	Wait          time.Duration
	MaxPages      int
	BeforeUpgrade func(path string)
}

// A DB is an open database.
type DB struct {
	engine engine
	*dialect
}

// An engine runs transactions on one kind of database. It knows no tables.
type engine interface {
	View(ctx context.Context, fn func(*gorm.DB) error) error
	Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error
	Update(ctx context.Context, fn func(*gorm.DB) error) error
	Migrate(ctx context.Context) error
	MigrationStatus(ctx context.Context) ([]migrations.Status, error)
	IsNewer(ctx context.Context) (bool, error)
	Check(ctx context.Context) (wrong []string, err error)
	Storage() error
	Hung() error
	LockServer() error
	Watch(ctx context.Context, log *slog.Logger) error
	Pools() map[string]*sql.DB
	Close() error
}

// Open opens the database at url, "sqlite:PATH" or "postgres://…". It creates a missing SQLite file. Migrate creates
// the tables.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Wait == 0 {
		o.Wait = 5 * time.Second
	}
	path, isSQLite := strings.CutPrefix(url, "sqlite:")
	switch {
	case isSQLite && path != "":
		s, err := sqlite.Open(ctx, path, sqlite.Options(o))
		if err != nil {
			return nil, fmt.Errorf("open sqlite %s: %w", path, mapError(err))
		}
		return &DB{engine: s, dialect: &sqliteDialect}, nil
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		p, err := postgres.Open(ctx, url, postgres.Options{Wait: o.Wait})
		if err != nil {
			return nil, fmt.Errorf("open postgres: %w", mapError(err))
		}
		return &DB{engine: p, dialect: &postgresDialect}, nil
	default:
		return nil, fmt.Errorf("open database: the URL must be sqlite:PATH or postgres://…")
	}
}

// LockServer reserves a SQLite file for this server until Close. It returns sqlite.ErrServed if another server has it, and
// sqlite.ErrNoLocks if the file system has no locks. On Postgres it returns nil.
func (d *DB) LockServer() error { return mapError(d.engine.LockServer()) }

// Close waits for running transactions and closes the database.
func (d *DB) Close() error { return d.engine.Close() }

// Migrate upgrades the database to the schema of this program. Several processes may call it at once.
func (d *DB) Migrate(ctx context.Context) error { return mapError(d.engine.Migrate(ctx)) }

// MigrationStatus lists the migrations, oldest first.
func (d *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	list, err := d.engine.MigrationStatus(ctx)
	return list, mapError(err)
}

// IsNewer reports whether a newer program has migrated the database.
func (d *DB) IsNewer(ctx context.Context) (bool, error) {
	newer, err := d.engine.IsNewer(ctx)
	return newer, mapError(err)
}

// View runs fn in a read transaction, which sees one snapshot.
func (d *DB) View(ctx context.Context, fn func(Tx) error) error {
	return mapError(d.engine.View(ctx, func(g *gorm.DB) error { return fn(d.begin(g, "")) }))
}

// Views runs fn with n read transactions on the same snapshot, one for each of n goroutines.
func (d *DB) Views(ctx context.Context, n int, fn func([]Tx) error) error {
	return mapError(d.engine.Views(ctx, n, func(all []*gorm.DB) error {
		readers := make([]Tx, len(all))
		for i, g := range all {
			readers[i] = d.begin(g, "")
		}
		return fn(readers)
	}))
}

// Update runs fn in a write transaction and returns the events it emitted. Canceling ctx does not stop fn once it
// runs, because finishing a transaction costs less than repeating it; on Postgres the deadline of ctx does. After
// ErrBusy from COMMIT or a lost connection the transaction may or may not be committed.
func (d *DB) Update(ctx context.Context, fn func(Tx) error) (emitted []event.Event, err error) {
	err = mapError(d.engine.Update(ctx, func(g *gorm.DB) error {
		t := d.begin(g, d.lock)
		t.locking = true
		if err := fn(t); err != nil {
			return err
		}
		emitted = t.emitted // fn may run again: keep the events of the last run
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return emitted, nil
}

// begin returns a tx over g. keep is the locking clause of its SELECTs, or "".
func (d *DB) begin(g *gorm.DB, keep string) *tx {
	return &tx{Tx: &rows.Tx{DB: g, Array: d.array, LockClause: keep, MapError: mapError}, dialect: d.dialect}
}

// Check reads a whole SQLite file and returns the errors found: at most ten in pages and indexes, then at most ten
// kinds of dangling references. On Postgres it checks nothing; use pg_amcheck.
func (d *DB) Check(ctx context.Context) (wrong []string, err error) {
	wrong, err = d.engine.Check(ctx)
	return wrong, mapError(err)
}

// Storage returns why a SQLite file should not be written to, or nil. It returns txn.ErrCorrupt if damage was detected;
// every Update fails then until the database is reopened. It returns txn.ErrFull if the disk is full; the remaining
// space is for deleting data. On Postgres it returns nil.
func (d *DB) Storage() error { return d.engine.Storage() }

// Hung returns an error if a write to a SQLite file has run for five minutes: it will not end, and all others wait for
// it. On Postgres it returns nil.
func (d *DB) Hung() error { return d.engine.Hung() }

// Watch checks a SQLite file once and maintains a reserve of disk space until ctx ends. It logs when the check or any
// transaction detects damage, and when the disk is full. It returns nil when ctx ends.
func (d *DB) Watch(ctx context.Context, log *slog.Logger) error { return d.engine.Watch(ctx, log) }

// Pools returns the connection pools by name: "read" and "write" of a SQLite file, or "postgres".
func (d *DB) Pools() map[string]*sql.DB { return d.engine.Pools() }
