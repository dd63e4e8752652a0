// Package store keeps sites, threads, comments and decisions in SQLite or Postgres.
//
// It knows nothing of rules: whether a comment may be published is decided in package
// moderation, inside the transaction this package provides. What it does promise is that of
// moderation.Store, on both databases alike: an Update that returned nil is on the disk,
// decisions are numbered without gaps, followers miss no event, and no query leaves its site.
// A *DB is safe for concurrent use; a Tx is not, and ends with the function it was passed to.
package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation"
)

// Options of a database. Wait is how long a transaction waits for others before ErrBusy (0:
// 5 seconds). MaxPages bounds a SQLite file, in its pages (0: no bound): beyond it is ErrFull.
type Options struct {
	Wait     time.Duration
	MaxPages int
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

// View implements moderation.Store.
func (d *DB) View(ctx context.Context, fn func(moderation.Tx) error) error {
	return mapped(d.view(ctx, func(g *gorm.DB) error { return fn(&tx{db: g, dialect: d.dialect}) }))
}

// Update implements moderation.Store. It is not cut short by the end of ctx once fn runs: a
// transaction half done for a reader who left costs more than one that is done.
func (d *DB) Update(ctx context.Context, fn func(moderation.Tx) error) error {
	return mapped(d.update(ctx, func(g *gorm.DB) error {
		return fn(&tx{db: g, dialect: d.dialect, locking: true})
	}))
}

// gormConfig is that of every connection. Statements hold what people wrote, so gorm logs
// nothing; errors are the caller's.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
	}
}
