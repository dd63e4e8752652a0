package testkit

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/aitys/aitys/migrations"
)

// SQLite returns the address of a migrated database without rows. Its file is memory-backed, so syncs are free, except
// in benchmarks.
func SQLite(t testing.TB) string {
	t.Helper()
	if _, measures := t.(*testing.B); measures {
		return DurableSQLite(t)
	}
	return sqliteIn(t, MemoryDir(t))
}

// DurableSQLite is SQLite with the file on disk, for tests of durability and for benchmarks.
func DurableSQLite(t testing.TB) string {
	t.Helper()
	return sqliteIn(t, t.TempDir())
}

// EmptySQLite returns the address of a file that does not exist yet.
func EmptySQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(MemoryDir(t), "aitys.db")
}

func sqliteIn(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "aitys.db")
	if err := os.WriteFile(path, migrated(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

var migratedFile struct {
	sync.Mutex
	bytes []byte
}

// migrated returns the bytes of a migrated file, which is created once per run.
func migrated(t testing.TB) []byte {
	t.Helper()
	migratedFile.Lock()
	defer migratedFile.Unlock()
	if migratedFile.bytes != nil {
		return migratedFile.bytes
	}
	dir := filepath.Join(runDir(t).Memory, "sqlite")
	path := filepath.Join(dir, "template.db")
	exists := func() bool { _, err := os.Stat(path); return err == nil }
	runOnce(t, "sqlite", exists, func() {
		err := os.MkdirAll(dir, 0o700)
		if err == nil {
			err = migrate(t.Context(), path+".new")
		}
		if err == nil {
			err = os.Rename(path+".new", path)
		}
		if err != nil {
			t.Fatalf("make the template: %v", err)
		}
	})
	var err error
	if migratedFile.bytes, err = os.ReadFile(path); err != nil {
		t.Fatalf("read the template: %v", err)
	}
	return migratedFile.bytes
}

// migrate creates a migrated file in WAL mode, as the product does.
func migrate(ctx context.Context, path string) (err error) {
	const pragmas = "?_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(1)"
	db, err := sql.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1) // closing the only connection writes the WAL back into the file
	return migrations.SQLite(ctx, db, path, func(context.Context) error { return nil })
}
