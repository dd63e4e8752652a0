// Package store keeps sites, threads, comments and decisions in SQLite or Postgres.
//
// It knows nothing of rules: whether a comment may be published is decided in package
// moderation, inside the transaction this package provides. What it does promise is that of
// ground.Store, on both databases alike: an Update that returned nil is on the disk,
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
	"gorm.io/gorm/logger"

	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/ground"
)

// Options of a database. Wait is how long a transaction waits for others before ErrBusy (0:
// 5 seconds). MaxPages bounds a SQLite file, in its pages (0: no bound): beyond it is ErrFull. KeepEarlier
// has Migrate copy a SQLite file beside itself, to "….before-upgrade", when it is to change what stands
// in it; of such copies the last one stays.
type Options struct {
	Wait        time.Duration
	MaxPages    int
	KeepEarlier bool
}

// A DB is an open database.
type DB struct {
	engine
	*dialect
}

// An engine runs transactions on one kind of database.
type engine interface {
	view(ctx context.Context, fn func(*gorm.DB) error) error
	update(ctx context.Context, fn func(*gorm.DB) error) error
	migrate(ctx context.Context) error
	migrationStatus(ctx context.Context) ([]migrations.Status, error)
	health(ctx context.Context) (Health, error)
	check(ctx context.Context) ([]string, error)
	storage() error
	watch(ctx context.Context, log *slog.Logger) error
	close() error
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
		s, err := openSQLite(ctx, path, o)
		if err != nil {
			return nil, fmt.Errorf("open sqlite %s: %w", path, mapped(err))
		}
		return &DB{engine: s, dialect: &sqliteDialect}, nil
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		p, err := openPostgres(ctx, url, o)
		if err != nil {
			return nil, fmt.Errorf("open postgres: %w", mapped(err))
		}
		return &DB{engine: p, dialect: &postgresDialect}, nil
	default:
		return nil, fmt.Errorf("open database: the URL must be sqlite:PATH or postgres://…")
	}
}

// Close waits for running transactions and closes the database.
func (d *DB) Close() error { return d.close() }

// Migrate brings the database to this program's schema. Several processes may do so at once.
func (d *DB) Migrate(ctx context.Context) error { return mapped(d.migrate(ctx)) }

// MigrationStatus lists the migrations, oldest first.
func (d *DB) MigrationStatus(ctx context.Context) ([]migrations.Status, error) {
	list, err := d.migrationStatus(ctx)
	return list, mapped(err)
}

// For returns the slice of a database that a room asks for: T is an interface that every
// transaction of the database implements.
func For[T any](d *DB) ground.Store[T] { return slice[T]{d} }

// A slice is a database as one room sees it.
type slice[T any] struct{ *DB }

// View implements ground.Store.
func (s slice[T]) View(ctx context.Context, fn func(T) error) error {
	return mapped(s.view(ctx, func(g *gorm.DB) error {
		return fn(any(&tx{db: g, dialect: s.dialect}).(T))
	}))
}

// Update implements ground.Store. It is not cut short once fn runs because whoever asked has left: a
// transaction half done for them costs more than one that is done. On Postgres the deadline of ctx ends it; an
// ErrBusy in its COMMIT leaves unknown whether it stands, as a lost connection does.
func (s slice[T]) Update(ctx context.Context, fn func(T) error) (emitted []ground.Event, err error) {
	err = mapped(s.update(ctx, func(g *gorm.DB) error {
		t := &tx{db: g, dialect: s.dialect, locking: true}
		if err := fn(any(t).(T)); err != nil {
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

// gormConfig is that of every connection. Statements hold what people wrote, so gorm logs
// nothing; errors are the caller's.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true, // the columns of the row, not *: a migration may add one meanwhile
	}
}
