package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// access is what a command does with the database.
type access uint8

const (
	accessRead    access = iota // the database must exist
	accessWrite                 // creates and migrates a SQLite file, and migrates an empty Postgres database
	accessMigrate               // migrates any database
	accessServe                 // also reserves a SQLite file for this server
)

// services is an App with its database and coordination.
type services struct {
	*app.App
	store *store.DB
	coord *coord.Coord
}

// Close closes both in reverse order of opening.
func (r *services) Close() error { return errors.Join(r.coord.Close(), r.store.Close()) }

// hung returns an error if the process hangs, so that only a restart helps. It returns nil while a database is
// unreachable or full: a restart would not change that.
func (r *services) hung() error {
	if err := r.Process.Hung(); err != nil {
		return err
	}
	return r.store.Hung()
}

// open opens the database, the secret and the coordination, and builds an App on them. The command sets its own options
// in o; open sets the rest. If open fails, it leaves no new secret behind.
func (a *env) open(ctx context.Context, n access, o app.Options) (_ *services, err error) {
	if err := a.prepare(n); err != nil {
		return nil, err
	}
	db, err := a.openStore(ctx, n)
	if err != nil {
		return nil, err
	}
	r := &services{store: db}
	defer func() {
		if err != nil {
			_ = db.Close() // the first error matters
		}
	}()
	made := false
	if n != accessRead && a.base.Secret == "" {
		if err = a.makeDataFolder(a.base.SecretFile); err != nil {
			return nil, err
		}
		if made, err = makeSecret(a.base.SecretFile); err != nil {
			return nil, err
		}
	}
	secret, err := a.base.readSecret()
	if err != nil {
		return nil, err
	}
	if r.coord, err = a.openCoord(ctx, secret, o.Clock, o.Log); err != nil {
		return nil, err
	}
	o.Storage, o.IsNewer, o.Upgrade = db.Storage, db.IsNewer, n != accessRead
	o.Watch = func(ctx context.Context) error { return db.Watch(ctx, o.Log) }
	if o.Metrics != nil {
		o.Metrics.Disk, o.Metrics.Pools = db.Disk, db.Pools()
	}
	if path, ok := a.base.sqlitePath(); ok {
		o.OnErase = func(m learning.Mark) error { return appendErasure(erasuresPath(path), m) }
	}
	if r.App, err = app.New(ctx, db, app.CoordinationOf(r.coord), secret, o); err != nil {
		_ = r.coord.Close() // the first error matters
		if !errors.Is(err, txn.ErrWrongSecret) {
			return nil, err
		}
		if made {
			_ = os.Remove(a.base.SecretFile) // it was just created, and the database has another one
		}
		return nil, fmt.Errorf("%s: %w; `aitys secret new` replaces a lost secret", a.base.secretName(), err)
	}
	return r, nil
}

func (a *env) openCoord(ctx context.Context, s secret.Secret, c txn.Clock, log *slog.Logger) (*coord.Coord, error) {
	return coord.Open(ctx, coord.Options{URL: a.base.Redis, Secret: s, Clock: c, Log: log})
}

// prepare returns an error if the secret is invalid or a folder is missing. It creates nothing.
func (a *env) prepare(n access) error {
	if _, err := os.Stat(a.base.SecretFile); err == nil || n == accessRead {
		if path, ok := a.base.sqlitePath(); ok && n == accessRead && !exists(path) {
			return noDatabase(path)
		}
		if _, err := a.base.readSecret(); err != nil {
			return err
		}
	}
	folders := []string{filepath.Dir(a.base.SecretFile)}
	if path, ok := a.base.sqlitePath(); ok {
		folders = append(folders, filepath.Dir(path))
	}
	for _, f := range folders {
		if f != filepath.Clean(a.base.Data) && !exists(f) {
			return fmt.Errorf("there is no folder %s", f)
		}
	}
	return nil
}

// checkFolder returns an error if the folder of file does not exist.
func checkFolder(file string) error {
	if folder := filepath.Dir(file); !exists(folder) {
		return fmt.Errorf("there is no folder %s", folder)
	}
	return nil
}

// noDatabase is the error of commands that do not create a database.
func noDatabase(path string) error {
	return fmt.Errorf("there is no database at %s; set --data to the data folder of the server", path)
}

// makeDataFolder creates the data folder if file is directly in it.
func (a *env) makeDataFolder(file string) error {
	if filepath.Dir(file) == filepath.Clean(a.base.Data) {
		if err := os.MkdirAll(a.base.Data, 0o700); err != nil {
			return fmt.Errorf("create the data folder: %w", err)
		}
	}
	return nil
}

// exists reports whether there is a file, also if only its owner can tell: opening it then returns a clear error.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil || errors.Is(err, fs.ErrPermission)
}

func (a *env) openStore(ctx context.Context, n access) (*store.DB, error) {
	if path, ok := a.base.sqlitePath(); ok && n != accessRead {
		if err := a.makeDataFolder(path); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, a.base.Database, store.Options{BeforeUpgrade: func(path string) {
		a.logger(slog.LevelInfo).Info("copying the database before its upgrade: a million comments take about two minutes",
			"copy", path)
	}})
	if err == nil {
		if n == accessServe {
			err = a.lockServer(db)
		}
		if err == nil {
			err = a.migrate(ctx, db, n)
		}
		if err == nil {
			return db, nil
		}
		_ = db.Close() // the first error matters
	}
	if path, ok := a.base.sqlitePath(); ok && errors.Is(err, txn.ErrFull) {
		return nil, fmt.Errorf("the disk of %s is full: free space and start again", path)
	}
	return nil, a.base.connectError(err)
}

// lockServer reserves a SQLite file for this server. Without file locks it logs a warning.
func (a *env) lockServer(db *store.DB) error {
	path, _ := a.base.sqlitePath()
	switch err := db.LockServer(); {
	case errors.Is(err, sqlite.ErrServed):
		return fmt.Errorf("another server uses %s: stop it, or start this one with another --data folder; several servers "+
			"can share a Postgres database", path)
	case errors.Is(err, sqlite.ErrNoLocks):
		a.logger(slog.LevelWarn).Warn("the database's file system has no file locks: use a local disk, and start one server only",
			"file", path, "error", err)
		return nil
	default:
		return err
	}
}

func (a *env) migrate(ctx context.Context, db *store.DB, n access) error {
	_, isSQLite := a.base.sqlitePath()
	if n >= accessMigrate || n == accessWrite && isSQLite {
		return db.Migrate(ctx)
	}
	list, err := db.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	missing := 0
	for _, m := range list {
		if m.Applied.IsZero() {
			missing++
		}
	}
	if n == accessWrite && missing == len(list) { // an empty database
		return db.Migrate(ctx)
	}
	if missing > 0 {
		return fmt.Errorf("the database lacks %d of %d migrations: run `aitys migrate up`", missing, len(list))
	}
	if newer, err := db.IsNewer(ctx); err != nil || !newer {
		return err
	}
	return migrations.ErrNewer
}

// withServices opens the services, calls do and closes them.
func (a *env) withServices(n access, do func(ctx context.Context, r *services) error) (err error) {
	r, err := a.open(a.ctx, n, app.Options{Clock: systemClock{}, Log: a.logger(slog.LevelError)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return do(a.ctx, r)
}
