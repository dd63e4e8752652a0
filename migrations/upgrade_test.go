package migrations_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/migrations"
)

// onBoth runs a test on an empty database of each kind. {h} in its statements is a BLOB.
func onBoth(t *testing.T, test func(t *testing.T, dialect goose.Dialect, db *sql.DB, exec func(string) error)) {
	t.Helper()
	for driver, dialect := range map[string]goose.Dialect{"sqlite": goose.DialectSQLite3, "pgx": goose.DialectPostgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			url, blob := "file:"+t.TempDir()+"/a.db?_pragma=foreign_keys(1)", "X'68'"
			if driver == "pgx" {
				url, blob = testkit.EmptyPostgres(t), "'h'::bytea"
			}
			db, err := sql.Open(driver, url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			test(t, dialect, db, func(statement string) error {
				_, err := db.Exec(strings.ReplaceAll(statement, "{h}", blob))
				return err
			})
		})
	}
}

func TestUp_RefusesSchemaBeforeOldest(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dialect goose.Dialect, db *sql.DB, exec func(string) error) {
		if _, err := migrations.State(t.Context(), dialect, db); err != nil {
			t.Fatalf("status of an empty database: %v", err)
		}
		if err := exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (12, TRUE)"); err != nil {
			t.Fatal(err)
		}
		_, statusErr := migrations.State(t.Context(), dialect, db)
		for name, err := range map[string]error{"up": migrations.Up(t.Context(), dialect, db), "status": statusErr} {
			if !errors.Is(err, migrations.ErrOlder) || !strings.Contains(err.Error(), "schema 12,") {
				t.Errorf("%s: %v, want that schema 12 is too old", name, err)
			}
		}
		if exec("SELECT 1 FROM sites") == nil {
			t.Error("the refused database was changed")
		}
	})
}

// oldestRows are rows of schema Oldest: a log with lessons, a copy, an undo and notes, and deliveries of a webhook.
const oldestRows = `
	INSERT INTO sites (key, name, origins, settings, created_at) VALUES ('a', 'A', '[]', '{}', 0); -- gets ID 1
	INSERT INTO decisions (site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state, to_state,
		before, undoes, restores, score, suggested, model_seq, lesson, decided_at, hash, kind, subject, lessons)
	VALUES (1, 1, 'b', 'c', 1, 'ann', 1, 0, 'note', 0, 1, 0, 0, 0, 0.25, 1, 0, NULL, 7, {h}, 0, '', 0),
	       (1, 2, 'b', '', 1, '', 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, {h}, 8, {h}, 2, 'b', 2),
	       (1, 3, 'b', 'c', 2, 'bob', 0, 0, '', 1, 0, 1, 1, 0, 0, 0, 0, NULL, 9, {h}, 0, '', 0);
	INSERT INTO lessons (site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn)
	VALUES (1, 1, 0, 'c', 1, 'text', 'Ann', 'a@b', 'u', {h}, FALSE, 0),
	       (1, 2, 0, '', 0, 'text', '', '', '', {h}, TRUE, 0);
	INSERT INTO webhooks (site_id, id, kind, url, events, account_id, failures, failed_at, failure, retry_at, created_at,
		removed_at)
	VALUES (1, 'w', 'json', {h}, '[]', 'ann', 0, 0, '', 0, 0, 0);
	INSERT INTO deliveries (site_id, webhook_id, id, event, comment_id, seq, tries, outcome, happened_at, due_at,
		taken_until, ended_at)
	VALUES (1, 'w', 'late', 'e', 'c', 0, 0, '', 9, 0, 0, 0), (1, 'w', 'early', 'e', 'c', 0, 0, '', 5, 0, 0, 0),
	       (1, 'w', 'ended', 'e', 'c', 0, 0, '', 1, 0, 0, 2);`

func TestUp_FromOldestNumbersWaitingDeliveries(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dialect goose.Dialect, db *sql.DB, exec func(string) error) {
		p, err := migrations.Provider(dialect, db)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.UpTo(t.Context(), migrations.Oldest); err != nil {
			t.Fatal(err)
		}
		if err := exec(oldestRows); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), dialect, db); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]string{
			"SELECT messages FROM webhooks":                    "2",
			"SELECT number FROM deliveries WHERE id = 'late'":  "2",
			"SELECT number FROM deliveries WHERE id = 'early'": "1",
			"SELECT number FROM deliveries WHERE id = 'ended'": "0",
			"SELECT COUNT(*) FROM decisions":                   "3",
			"SELECT COUNT(*) FROM lessons":                     "2",
		} {
			var got string
			if err := db.QueryRow(query).Scan(&got); err != nil || got != want {
				t.Errorf("%s: %s, %v, want %s", query, got, err, want)
			}
		}
	})
}

func TestSchema_RefusesBrokenLog(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, dialect goose.Dialect, db *sql.DB, exec func(string) error) {
		if err := migrations.Up(t.Context(), dialect, db); err != nil {
			t.Fatal(err)
		}
		if err := exec(oldestRows); err != nil {
			t.Fatal(err)
		}
		for _, refused := range []string{
			"DELETE FROM decisions WHERE seq = 2",
			"INSERT INTO lessons SELECT site_id, 9, part, comment_id, label, body, author, email, url, salt, standing, " +
				"withdrawn, proof FROM lessons WHERE seq = 1",
			"UPDATE decisions SET kind = 10",
		} {
			if exec(refused) == nil {
				t.Errorf("accepted: %s", refused)
			}
		}
		if err := exec("UPDATE decisions SET kind = 4 WHERE seq = 3"); err != nil {
			t.Error(err)
		}
	})
}
