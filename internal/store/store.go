// Package store keeps sites, threads, comments and decisions in SQLite or Postgres.
//
// It knows nothing of rules: whether a comment may be published is decided in package
// moderation, inside the transaction this package provides. What it does promise is that of
// txn.Store, on both databases alike: an Update that returned nil is on the disk,
// decisions are numbered without gaps, followers miss no event, and no query leaves its site.
// A *DB is safe for concurrent use; a Tx is not, and ends with the function it was passed to.
package store

import (
	"context"
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

// Options of a database. Wait is how long a transaction waits for others before ErrBusy (0:
// 5 seconds). MaxPages bounds a SQLite file, in its pages (0: no bound): beyond it is ErrFull. KeepEarlier
// has Migrate copy a SQLite file beside itself, to "….before-upgrade", when it is to change what stands
// in it, and is told that path first; of such copies the last one stays.
type Options struct {
	Wait        time.Duration
	MaxPages    int
	KeepEarlier func(path string)
}

// A DB is an open database.
type DB struct {
	engine engine
	*dialect
}

// An engine runs transactions on one kind of database. Of what they write it knows nothing.
type engine interface {
	View(ctx context.Context, fn func(*gorm.DB) error) error
	Views(ctx context.Context, n int, fn func([]*gorm.DB) error) error
	Update(ctx context.Context, fn func(*gorm.DB) error) error
	Migrate(ctx context.Context) error
	MigrationStatus(ctx context.Context) ([]migrations.Status, error)
	Check(ctx context.Context) (wrong []string, err error)
	Storage() error
	Watch(ctx context.Context, log *slog.Logger) error
	Close() error
}

// Open opens the database at url, "sqlite:PATH" or "postgres://…". It makes a missing SQLite
// file, but no tables: that is Migrate's.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Wait == 0 {
		o.Wait = 5 * time.Second
	}
	path, isSQLite := strings.CutPrefix(url, "sqlite:")
	switch {
	case isSQLite && path != "":
		s, err := sqlite.Open(ctx, path, sqlite.Options(o))
		if err != nil {
			return nil, fmt.Errorf("open sqlite %s: %w", path, mapped(err))
		}
		return &DB{engine: s, dialect: &sqliteDialect}, nil
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		p, err := postgres.Open(ctx, url, postgres.Options{Wait: o.Wait})
		if err != nil {
			return nil, fmt.Errorf("open postgres: %w", mapped(err))
		}
		return &DB{engine: p, dialect: &postgresDialect}, nil
	default:
		return nil, fmt.Errorf("open database: the URL must be sqlite:PATH or postgres://…")
	}
}

// Close waits for running transactions and closes the database.
func (d *DB) Close() error { return d.engine.Close() }

// Migrate brings the database to this program's schema. Several processes may do so at once.
func (d *DB) Migrate(ctx context.Context) error { return mapped(d.engine.Migrate(ctx)) }

// MigrationStatus lists the migrations, oldest first.
func (d *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	list, err := d.engine.MigrationStatus(ctx)
	return list, mapped(err)
}

// View runs fn in a read transaction: a snapshot.
func (d *DB) View(ctx context.Context, fn func(Tx) error) error {
	return mapped(d.engine.View(ctx, func(g *gorm.DB) error { return fn(d.begin(g, "")) }))
}

// Views runs fn with n read transactions on the same snapshot, for n goroutines.
func (d *DB) Views(ctx context.Context, n int, fn func([]Tx) error) error {
	return mapped(d.engine.Views(ctx, n, func(all []*gorm.DB) error {
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
	err = mapped(d.engine.Update(ctx, func(g *gorm.DB) error {
		t := d.begin(g, d.lock)
		t.locking = true
		if err := fn(t); err != nil {
			return err
		}
		emitted = t.emitted // of the last run
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return emitted, nil
}

// begin returns a tx over g. keep is the locking clause of its SELECTs, or "".
func (d *DB) begin(g *gorm.DB, keep string) *tx {
	return &tx{Tx: &rows.Tx{DB: g, Array: d.array, Keep: keep, Mapped: mapped}, dialect: d.dialect}
}

// Check reads the whole of a SQLite file and returns what is wrong with it, at most ten findings of a
// kind: pages and indexes, then rows that refer to none. Postgres has tools of its own for this
// (pg_amcheck), and nothing is looked at.
func (d *DB) Check(ctx context.Context) (wrong []string, err error) {
	wrong, err = d.engine.Check(ctx)
	return wrong, mapped(err)
}

// Storage returns what is known against writing. ErrCorrupt: a SQLite file was seen to be damaged, and no
// Update is taken until the database is opened again. ErrFull: its disk is full, and what room there is
// should be left to those who clear up. Of a Postgres nothing is known.
func (d *DB) Storage() error { return d.engine.Storage() }

// Watch reads a SQLite file through once, as quickly as that can be done, keeps some room on its disk
// in reserve, and says in the log when the file is seen to be damaged, by that or by any transaction, and when
// the disk is full. It returns nil when ctx ends.
func (d *DB) Watch(ctx context.Context, log *slog.Logger) error { return d.engine.Watch(ctx, log) }
