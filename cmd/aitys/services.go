package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// need says what a command does with the database.
type need uint8

const (
	reads    need = iota // never makes one
	writes               // makes a missing SQLite file and migrates it; Postgres is asked for
	migrates             // brings any database up to date: a server
)

// services are an App and what it is built on.
type services struct {
	*app.App
	store *store.DB
	coord *coord.Coord
}

// Close closes in the order opposite to opening.
func (r *services) Close() error { return errors.Join(r.coord.Close(), r.store.Close()) }

// open opens the database, the secret and the coordination, and builds an App over them. O has what the command adds
// to the App's options. If open fails, it leaves no file behind that was not there.
func (a *env) open(ctx context.Context, n need, o app.Options) (_ *services, err error) {
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
			_ = db.Close() // why it is closed is what counts
		}
	}()
	made := false
	if n != reads {
		if err = a.makeFolder(a.base.SecretFile); err != nil {
			return nil, err
		}
		if made, err = makeSecret(a.base.SecretFile); err != nil {
			return nil, err
		}
	}
	secret, err := readSecret(a.base.SecretFile)
	if err != nil {
		return nil, err
	}
	if r.coord, err = a.openCoord(ctx, secret, o.Clock, o.Log); err != nil {
		return nil, err
	}
	o.Storage, o.Upgrade = db.Storage, n != reads
	o.Watch = func(ctx context.Context) error { return db.Watch(ctx, o.Log) }
	if path, ok := a.base.sqlitePath(); ok {
		o.OnErase = func(m learning.Mark) error { return addErased(erasedBeside(path), m) }
	}
	if r.App, err = app.New(ctx, db, app.Through(r.coord), secret, o); err != nil {
		_ = r.coord.Close() // as above
		if !errors.Is(err, txn.ErrSecret) {
			return nil, err
		}
		if made {
			_ = os.Remove(a.base.SecretFile) // the database has another one, and this is nobody's
		}
		return nil, fmt.Errorf("%s: %w; `aitys secret new` replaces one that is lost", a.base.SecretFile, err)
	}
	return r, nil
}

func (a *env) openCoord(ctx context.Context, s secret.Secret, c txn.Clock, log *slog.Logger) (*coord.Coord, error) {
	return coord.Open(ctx, coord.Options{URL: a.base.Redis, Secret: s, Clock: c, Log: log})
}

// prepare refuses what can be refused before anything is opened or made.
func (a *env) prepare(n need) error {
	if _, err := os.Stat(a.base.SecretFile); err == nil || n == reads {
		if path, ok := a.base.sqlitePath(); ok && n == reads && !exists(path) {
			return noDatabase(path)
		}
		if _, err := readSecret(a.base.SecretFile); err != nil {
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

// noDatabase refuses a command that makes none.
func noDatabase(path string) error {
	return fmt.Errorf("there is no database at %s: are you in the right folder, or give --data", path)
}

// makeFolder makes the data folder for a file that is to be in it.
func (a *env) makeFolder(file string) error {
	if filepath.Dir(file) == filepath.Clean(a.base.Data) {
		if err := os.MkdirAll(a.base.Data, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (a *env) openStore(ctx context.Context, n need) (*store.DB, error) {
	if path, ok := a.base.sqlitePath(); ok && n != reads {
		if err := a.makeFolder(path); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, a.base.Database, store.Options{KeepEarlier: func(path string) {
		a.logger(slog.LevelInfo).Info("the database is copied before its upgrade: a million comments take about two minutes",
			"copy", path)
	}})
	if err != nil {
		return nil, a.base.unreached(err)
	}
	if err := a.migrate(ctx, db, n); err != nil {
		_ = db.Close() // the error before it counts
		return nil, a.base.unreached(err)
	}
	return db, nil
}

func (a *env) migrate(ctx context.Context, db *store.DB, n need) error {
	_, isSQLite := a.base.sqlitePath()
	if n == migrates || n == writes && isSQLite {
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
	if missing > 0 {
		return fmt.Errorf("the database lacks %d of %d migrations: run `aitys migrate up`", missing, len(list))
	}
	return nil
}

// with runs one command of the operator's.
func (a *env) with(n need, do func(ctx context.Context, r *services) error) (err error) {
	r, err := a.open(a.ctx, n, app.Options{Clock: wall{}, Log: a.logger(slog.LevelError)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return do(a.ctx, r)
}
