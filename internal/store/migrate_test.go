package store_test

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/postgres"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/migrations"
	"github.com/aitys/aitys/moderation/txn"
)

// onBoth runs a test on a migrated SQLite and a migrated Postgres database.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	for _, d := range testkit.AllDatabases {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			test(t, d.New(t))
		})
	}
}

// each runs a test on an empty SQLite and an empty Postgres database.
func each(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, testkit.EmptyPostgres(t)) })
}

func TestMigrate_Concurrent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, url string) {
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				db, err := store.Open(t.Context(), url, store.Options{})
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				defer db.Close()
				if err := db.Migrate(t.Context()); err != nil {
					t.Errorf("migrate: %v", err)
				}
				_, err = db.Update(t.Context(),
					func(tx store.Tx) error { return tx.SetMeta("x", []byte("y")) })
				if err != nil {
					t.Errorf("use: %v", err)
				}
			})
		}
		all.Wait()
		db := open(t, url, store.Options{})
		list, err := db.MigrationStatus(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if m.Applied.IsZero() {
				t.Errorf("%s is not applied", m.Name)
			}
		}
		if n := raw(t, url).count(t, "SELECT COUNT(*) FROM goose_db_version WHERE version_id > 0"); n != len(list) {
			t.Errorf("%d migrations are recorded, want %d", n, len(list))
		}
	})
}

func TestMigrationStatus_EmptyDatabase(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		list, err := db.MigrationStatus(t.Context())
		if err != nil || len(list) == 0 || !list[0].Applied.IsZero() {
			t.Errorf("an empty database has %+v, %v", list, err)
		}
	})
}

func TestMigrate_RefusesNewerSchema(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		db := open(t, url, store.Options{})
		raw(t, url).exec(t, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)")
		if err := db.Migrate(t.Context()); !errors.Is(err, migrations.ErrNewer) {
			t.Errorf("migrate: %v, want that it is newer", err)
		}
	})
}

func TestOpen_FileModeIsOwnerOnly(t *testing.T) {
	url := sqliteURL(t)
	open(t, url, store.Options{})
	path := strings.TrimPrefix(url, "sqlite:")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

func TestOpen_RefusesBadURL(t *testing.T) {
	for _, url := range []string{"", "sqlite:", "mysql://x", "/tmp/x.db", "postgres", "postgres://%zz"} {
		if db, err := store.Open(t.Context(), url, store.Options{}); err == nil {
			t.Errorf("%q was opened", url)
			_ = db.Close()
		}
	}
	_, err := store.Open(t.Context(), "postgres://somebody:hunter2@localhost:1/none?connect_timeout=1", store.Options{})
	if !errors.Is(err, txn.ErrBusy) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("unreachable server: %v, want busy and no password", err)
	}
}

func TestOpen_RefusesPgBouncer(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	for name, settings := range map[string][]string{
		"as installed":              nil,
		"that ignores settings":     {"ignore_startup_parameters = lock_timeout,statement_timeout,idle_in_transaction_session_timeout,jit"},
		"with a session per client": {"pool_mode = session", "ignore_startup_parameters = lock_timeout,statement_timeout,idle_in_transaction_session_timeout,jit"},
	} {
		db, err := store.Open(t.Context(), testkit.PgBouncer(t, url, settings...), store.Options{})
		if err == nil {
			_ = db.Close()
		}
		if !errors.Is(err, postgres.ErrPooler) {
			t.Errorf("PgBouncer %s: got %v", name, err)
		}
	}
}

// A rawDB is a connection to a database without the store.
type rawDB struct{ *sql.DB }

func raw(t testing.TB, url string) rawDB {
	t.Helper()
	driver, dsn := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, dsn = "sqlite", sqlite.Address(path, "_pragma=busy_timeout(5000)")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return rawDB{db}
}

func (r rawDB) exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	if _, err := r.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (r rawDB) count(t testing.TB, query string, args ...any) (n int) {
	t.Helper()
	if err := r.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}
