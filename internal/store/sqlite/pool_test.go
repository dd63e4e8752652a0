package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/aitys/aitys/internal/store/sqlite"
)

// one opens a database with one connection, so that all statements share one cache.
func one(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sqlite.Pool{Path: filepath.Join(t.TempDir(), "a.db"), Writer: true}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2), (3)"); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestPool_StatementRunsWhileItsRowsAreRead(t *testing.T) {
	db := one(t)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	const above = "SELECT n FROM t WHERE n > ? ORDER BY n"
	var seen string
	outer, err := tx.Query(above, 0)
	if err != nil {
		t.Fatal(err)
	}
	for outer.Next() {
		var n int
		if err := outer.Scan(&n); err != nil {
			t.Fatal(err)
		}
		inner, err := tx.Query(above, n)
		if err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			var m int
			if err := inner.Scan(&m); err != nil {
				t.Fatal(err)
			}
			seen += fmt.Sprint(n, m, " ")
		}
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if seen != "1 2 1 3 2 3 " {
		t.Errorf("read %q", seen)
	}
}

func TestPool_CachedStatementSeesNewColumn(t *testing.T) {
	db := one(t)
	for round, want := range []int{1, 2} {
		rows, err := db.Query("SELECT * FROM t")
		if err != nil {
			t.Fatal(err)
		}
		names, err := rows.Columns()
		if err != nil || len(names) != want {
			t.Errorf("round %d: columns %v, %v", round, names, err)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("ALTER TABLE t ADD COLUMN m INTEGER"); round == 0 && err != nil {
			t.Fatal(err)
		}
	}
}

func TestPool_FailedStatementRunsAgain(t *testing.T) {
	db := one(t)
	if _, err := db.Exec("CREATE UNIQUE INDEX u ON t (n)"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		n    int
		good bool
	}{{3, false}, {4, true}, {4, false}, {5, true}} {
		if _, err := db.Exec("INSERT INTO t VALUES (?)", tt.n); (err == nil) != tt.good {
			t.Errorf("insert %d: %v", tt.n, err)
		}
	}
}

func TestPool_MoreStatementsThanCached(t *testing.T) {
	db := one(t)
	for n := range 1000 {
		var got int
		if err := db.QueryRow(fmt.Sprintf("SELECT %d", n)).Scan(&got); err != nil || got != n {
			t.Fatalf("SELECT %d: %d, %v", n, got, err)
		}
	}
	if _, err := db.Exec("DROP TABLE t"); err != nil { // no cached statement locks it
		t.Error(err)
	}
}

// Numbers that affect the plan are written into a statement; all other arguments are bound.
func TestInline_PlannerParameters(t *testing.T) {
	db := one(t)
	if _, err := db.Exec(`CREATE TABLE s (n INTEGER, state INTEGER, said TEXT);
		INSERT INTO s VALUES (1, 0, 'a?'), (2, 1, 'a?'), (3, 2, 'b'), (4, 2, '0')`); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		query string
		args  []any
		want  string
	}{
		{"SELECT n FROM s WHERE n > ? ORDER BY n LIMIT  ?", []any{1, 2}, "2 3 "},
		{"SELECT n FROM s WHERE n > ? ORDER BY n LIMIT  ?", []any{2, 1}, "3 "},
		{"SELECT n FROM s WHERE n > ? ORDER BY n LIMIT  ?", []any{0, -1}, "1 2 3 4 "},
		{"SELECT n FROM s WHERE n > ? ORDER BY n LIMIT  ? OFFSET ?", []any{0, 2, 1}, "2 3 "},
		{"SELECT n FROM s WHERE state IN (?, ?) AND n < ? ORDER BY n", []any{0, 2, 4}, "1 3 "},
		{"SELECT n FROM s WHERE (state   = ? OR state = ?) AND said <> ? ORDER BY n", []any{2, 1, "b"}, "2 4 "},
		{"SELECT n FROM s WHERE state = ? AND said = ?", []any{"2", "0"}, "4 "},
		{"SELECT n FROM s WHERE said = 'a?' AND state = ?", []any{1}, "2 "},
		{"SELECT n FROM s WHERE said = ? AND n IN (SELECT n FROM s WHERE state = ? LIMIT  ?)", []any{"b", 2, 1}, "3 "},
	} {
		for range 2 { // the second run uses the cached statement
			rows, err := db.Query(tt.query, tt.args...)
			if err != nil {
				t.Fatalf("%s: %v", tt.query, err)
			}
			got := ""
			for rows.Next() {
				var n int
				if err := rows.Scan(&n); err != nil {
					t.Fatal(err)
				}
				got += fmt.Sprint(n, " ")
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil || got != tt.want {
				t.Errorf("%s with %v: got %q, want %q (%v)", tt.query, tt.args, got, tt.want, err)
			}
		}
	}
}
