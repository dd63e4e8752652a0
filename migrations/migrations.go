// Package migrations upgrades a database to the schema of this program.
//
// It contains versioned SQL files in one folder per dialect, with the same numbers and names, and is the only package
// that imports goose. There are no down migrations. Several processes may migrate at once: one runs the migrations and
// the others wait.
//
// The first migration creates schema Oldest in one step. Databases with an older schema are refused.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Oldest is the number of the first migration, and the oldest schema that can be upgraded.
const Oldest = 36

// newest returns the number of the last migration of this program.
var newest = sync.OnceValue(func() int64 {
	list, _ := fs.Glob(files, "postgres/*.sql") // embedded and sorted by number; sqlite has the same
	number, _ := goose.NumericComponent(list[len(list)-1])
	return number
})

// ErrNewer is returned for a database that a newer program has migrated.
var ErrNewer = errors.New("the database is newer than this program: start the new version")

// ErrOlder is returned for a database with a schema before Oldest.
var ErrOlder = errors.New("the database is too old for this version of Aitys")

// A Status is a migration and the time when it was applied; zero if it is pending.
type Status struct {
	Name    string
	Applied time.Time
}

// SQLite migrates the database file at path through db. It calls before if an existing schema will be upgraded, and
// stops if before returns an error.
func SQLite(ctx context.Context, db *sql.DB, path string, before func(context.Context) error) error {
	unlock, err := lockFolder(ctx, path)
	if err != nil {
		return fmt.Errorf("lock the folder of the database: %w", err)
	}
	defer unlock()
	p, err := provider(goose.DialectSQLite3, db)
	if err != nil {
		return err
	}
	if err := checkOldest(ctx, p); err != nil {
		return err
	}
	found, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	if found > 0 && found < known {
		if err := before(ctx); err != nil {
			return fmt.Errorf("before the migration: %w", err)
		}
	}
	return up(ctx, goose.DialectSQLite3, db)
}

// Postgres migrates a Postgres database under an advisory lock. It then removes events of another cluster; see
// forgetForeign.
func Postgres(ctx context.Context, db *sql.DB) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 60))
	if err != nil {
		return fmt.Errorf("make the lock: %w", err)
	}
	if err := up(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(locker)); err != nil {
		return err
	}
	return forgetForeign(ctx, db)
}

// forgetForeign removes the events of a database that was restored into a cluster with lower transaction IDs. New
// events would sort before the old ones, where followers do not read. Followers then start again from the tables,
// including followers that had unread events.
func forgetForeign(ctx context.Context, db *sql.DB) error {
	const (
		next    = `pg_snapshot_xmax(pg_current_snapshot())::text::bigint`
		foreign = `EXISTS (SELECT 1 FROM events WHERE xid >= ` + next + `)`
	)
	for _, statement := range []string{`
		UPDATE followers
		SET    position = '', lost = TRUE
		WHERE  ` + foreign + ` OR nullif(split_part(position, ':', 1), '')::bigint >= ` + next,
		`DELETE FROM events WHERE ` + foreign,
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("forget the events of another cluster: %w", err)
		}
	}
	return nil
}

// SQLiteStatus lists the migrations of a SQLite database.
func SQLiteStatus(ctx context.Context, db *sql.DB) ([]Status, error) {
	return status(ctx, goose.DialectSQLite3, db)
}

// PostgresStatus lists the migrations of a Postgres database.
func PostgresStatus(ctx context.Context, db *sql.DB) ([]Status, error) {
	return status(ctx, goose.DialectPostgres, db)
}

// IsNewer reports whether a newer program has migrated a database. It runs one query. It returns an error if the database
// has no schema, as in the middle of a restore.
func IsNewer(ctx context.Context, db *sql.DB) (bool, error) {
	var found int64
	if err := db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version WHERE version_id > 0").Scan(&found); err != nil {
		return false, fmt.Errorf("read the version: %w", err)
	}
	return found > newest(), nil
}

func up(ctx context.Context, dialect goose.Dialect, db *sql.DB, options ...goose.ProviderOption) error {
	p, err := provider(dialect, db, options...)
	if err != nil {
		return err
	}
	if err := checkOldest(ctx, p); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	found, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	if found > known {
		return fmt.Errorf("%w (the database has schema %d, this program knows %d)", ErrNewer, found, known)
	}
	return nil
}

// checkOldest returns ErrOlder for a schema before Oldest. It takes the lock of p, if p has one.
func checkOldest(ctx context.Context, p *goose.Provider) error {
	schema, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the version: %w", err)
	}
	if schema > 0 && schema < Oldest {
		return fmt.Errorf("%w: it has schema %d, and upgrades begin at schema %d; upgrade it with an earlier version first",
			ErrOlder, schema, Oldest)
	}
	return nil
}

func status(ctx context.Context, dialect goose.Dialect, db *sql.DB) ([]Status, error) {
	p, err := provider(dialect, db)
	if err != nil {
		return nil, err
	}
	if err := checkOldest(ctx, p); err != nil {
		return nil, err
	}
	found, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the state of migrations: %w", err)
	}
	list := make([]Status, len(found))
	for i, m := range found {
		list[i] = Status{Name: m.Source.Path, Applied: m.AppliedAt}
	}
	return list, nil
}

func provider(dialect goose.Dialect, db *sql.DB, options ...goose.ProviderOption) (*goose.Provider, error) {
	folder := map[goose.Dialect]string{goose.DialectSQLite3: "sqlite", goose.DialectPostgres: "postgres"}[dialect]
	dir, err := fs.Sub(files, folder)
	if err != nil {
		return nil, fmt.Errorf("open the migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, db, dir, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}
