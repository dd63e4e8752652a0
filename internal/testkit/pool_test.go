package testkit_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/testkit/rundir"
)

// A store is a connection to a test database.
type store struct {
	*sql.DB
	url string
}

func connect(t *testing.T, driver, url string) store {
	t.Helper()
	db, err := sql.Open(driver, strings.TrimPrefix(url, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return store{db, url}
}

func (s store) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := s.Exec(statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func (s store) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := s.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

const addSite = "INSERT INTO sites (key, name, origins, settings, created_at) VALUES ('a', 'A', '[]', '{}', 0)"

// runAndRelease runs a subtest with a database of the pool, and returns the URL of the released database.
func runAndRelease(t *testing.T, by func(t *testing.T, s store)) (url string) {
	t.Helper()
	t.Run("first", func(t *testing.T) {
		s := connect(t, "pgx", testkit.Postgres(t))
		url = s.url
		by(t, s)
	})
	return url
}

func TestPostgres_ReturnsWithoutRows(t *testing.T) {
	url := runAndRelease(t, func(t *testing.T, s store) {
		s.exec(t, addSite)
		s.exec(t, "INSERT INTO events (site_id, kind, page_id, comment_id, account_id, shown, created_at) VALUES (1, '', '', '', '', TRUE, 0)")
	})
	s := connect(t, "pgx", testkit.Postgres(t))
	if _, shared := rundir.Shared(); !shared && s.url != url { // otherwise another process may have acquired it
		t.Errorf("the next test has %s, want %s", s.url, url)
	}
	if n := s.count(t, "SELECT count(*) FROM sites"); n != 0 {
		t.Errorf("there are %d sites of the test before", n)
	}
	s.exec(t, addSite)
	if id := s.count(t, "SELECT id FROM sites"); id != 1 {
		t.Errorf("the first site has the ID %d, want 1", id)
	}
}

func TestPostgres_DropsDirtyDatabase(t *testing.T) {
	for _, tt := range []struct{ name, statement string }{
		{"a table", "CREATE TABLE mine (n int)"},
		{"a column", "ALTER TABLE sites ADD COLUMN mine int"},
		{"an index", "DROP INDEX " + someIndex(t)},
		{"a schema", "CREATE SCHEMA mine"},
		{"a version", "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE)"},
		{"a function", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'"},
		{"a setting", "DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET jit = off'; END $$"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := runAndRelease(t, func(t *testing.T, s store) { s.exec(t, tt.statement) })
			s := connect(t, "pgx", testkit.Postgres(t))
			if s.url == url {
				t.Error("the next test has the same database")
			}
			if err := connect(t, "pgx", url).Ping(); err == nil {
				t.Error("the dirty database is still there")
			}
		})
	}
}

// someIndex returns the name of an index that is not part of a constraint.
func someIndex(t *testing.T) (name string) {
	t.Helper()
	s := connect(t, "pgx", testkit.Postgres(t))
	if err := s.QueryRow(`SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class ON oid = indexrelid
		WHERE relnamespace = 'public'::regnamespace AND NOT indisunique LIMIT 1`).Scan(&name); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestPostgres_ClosesLeftConnections(t *testing.T) {
	var left store
	runAndRelease(t, func(t *testing.T, s store) {
		db, err := sql.Open("pgx", s.url)
		if err != nil {
			t.Fatal(err)
		}
		left = store{db, s.url}
		left.exec(t, addSite)
	})
	defer left.Close()
	s := connect(t, "pgx", testkit.Postgres(t))
	if n := s.count(t, "SELECT count(*) FROM sites"); n != 0 {
		t.Errorf("there are %d sites of the test before", n)
	}
}

func TestEmptyPostgres_HasNoTables(t *testing.T) {
	s := connect(t, "pgx", testkit.EmptyPostgres(t))
	if n := s.count(t, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 0 {
		t.Errorf("it has %d tables", n)
	}
}

func TestSQLite_IsMigratedAndPrivate(t *testing.T) {
	for range 2 {
		s := connect(t, "sqlite", testkit.SQLite(t))
		if n := s.count(t, "SELECT count(*) FROM sites"); n != 0 {
			t.Errorf("there are %d sites", n)
		}
		s.exec(t, addSite)
		var mode string
		if err := s.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "wal" {
			t.Errorf("the journal mode is %q, %v", mode, err)
		}
	}
	path := strings.TrimPrefix(testkit.EmptySQLite(t), "sqlite:")
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s exists", path)
	}
}
