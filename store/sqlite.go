package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/store/file"
)

var sqliteDialect = dialect{
	array:       sqliteArray,
	snapshot:    "''",
	eventOrder:  "id",
	eventsBack:  "id DESC",
	eventsAfter: "? = 0 AND id > ?",
	eventsUpTo:  "? = 0 AND id <= ?",
}

// A sqliteEngine is one file with one writer and readers beside it.
type sqliteEngine struct {
	path    string
	write   *gorm.DB
	read    *gorm.DB
	group   *group // nobody else writes, but migrations
	guard   *file.Guard
	reserve *file.Reserve

	keepEarlier bool
}

func openSQLite(ctx context.Context, path string, o Options) (*sqliteEngine, error) {
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
	s := &sqliteEngine{path: path, guard: file.NewGuard(), keepEarlier: o.KeepEarlier}
	s.reserve = file.NewReserve(path + ".reserve")
	if s.write, err = openWriter(ctx, path, o); err != nil {
		return nil, err
	}
	if s.read, err = openPool(file.Pool{Path: path, Wait: o.Wait}); err != nil {
		return nil, errors.Join(err, closePool(s.write))
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, closePool(s.read), closePool(s.write))
	}
	s.group = newGroup(s.write, o.Wait)
	return s, nil
}

// openWriter opens the writer's pool. Many who turn a new file to WAL at once are told that it is
// busy without the wait that busy_timeout promises, so the wait is made here.
func openWriter(ctx context.Context, path string, o Options) (*gorm.DB, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	for {
		db, err := openPool(file.Pool{Path: path, Wait: o.Wait, Writer: true, MaxPages: o.MaxPages})
		if !errors.Is(sqliteError(err), ground.ErrBusy) {
			return db, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func openPool(p file.Pool) (*gorm.DB, error) {
	db, err := p.Open()
	if err != nil {
		return nil, err
	}
	g, err := gorm.Open(sqlite.New(sqlite.Config{Conn: db}), gormConfig())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return g, nil
}

// prepare sizes the pools and checks what durability rests on: at synchronous=NORMAL a power
// cut loses what was acknowledged.
func (s *sqliteEngine) prepare(ctx context.Context) error {
	writer, err := s.write.DB()
	if err != nil {
		return err
	}
	writer.SetMaxOpenConns(1)
	reader, err := s.read.DB()
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

// view runs fn on the snapshot that its first SELECT takes. When whoever asked has left, SQLite
// says only that it was interrupted.
func (s *sqliteEngine) view(ctx context.Context, fn func(*gorm.DB) error) error {
	err := s.guard.Note(s.read.WithContext(ctx).Transaction(fn, &sql.TxOptions{ReadOnly: true}))
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

func (s *sqliteEngine) update(ctx context.Context, fn func(*gorm.DB) error) error {
	err := s.guard.Note(s.group.update(ctx, func(g *gorm.DB) error {
		if err := s.intact(); err != nil { // asked when its turn comes: what waited is not taken either
			return err
		}
		return fn(g)
	}))
	if errors.Is(mapped(err), ground.ErrFull) {
		s.reserve.Give()
	}
	return err
}

func (s *sqliteEngine) migrate(ctx context.Context) error {
	db, err := s.write.DB()
	if err != nil {
		return err
	}
	return migrations.SQLite(ctx, db, s.path, func(ctx context.Context) error {
		if !s.keepEarlier {
			return nil
		}
		return file.Keep(ctx, s.path, s.path+".before-upgrade")
	})
}

func (s *sqliteEngine) migrationStatus(ctx context.Context) ([]migrations.Status, error) {
	db, err := s.write.DB()
	if err != nil {
		return nil, err
	}
	return migrations.SQLiteStatus(ctx, db)
}

func (s *sqliteEngine) close() error {
	s.group.close()
	return errors.Join(closePool(s.read), closePool(s.write))
}

func closePool(g *gorm.DB) error {
	db, err := g.DB()
	if err != nil {
		return err
	}
	return db.Close()
}

// sqliteError returns what an error of SQLite's means, or nil.
func sqliteError(err error) error {
	var e *driver.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return ground.ErrTaken
	case sqlite3.SQLITE_IOERR_SHMSIZE: // no room for the index of the WAL
		return ground.ErrFull
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ground.ErrBusy
	case sqlite3.SQLITE_FULL:
		return ground.ErrFull
	}
	if file.IsDamage(err) {
		return ground.ErrCorrupt
	}
	return nil
}
