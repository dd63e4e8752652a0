package migrations_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/migrations"
)

// before00004 is a log with lessons, a copy and an undo among them.
const before00004 = `
	INSERT INTO sites (key, name, origins, settings, created_at) VALUES ('a', 'A', '[]', '{}', 0); -- has the id 1
	INSERT INTO decisions (site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state,
		to_state,
		before, undoes, restores, score, suggested, model_seq, lesson, decided_at, hash, kind, subject, lessons, spam, warm)
	VALUES (1, 1, 'b', 'c', 1, 'ann', 1, 0, 'note', 0, 1, 0, 0, 0, 0.25, 1, 0, NULL, 7, {h}, 0, '', 0, 0.5, TRUE),
	       (1, 2, 'b', '', 1, '', 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0, {h}, 8, {h}, 2, 'b', 2, 0, FALSE),
	       (1, 3, 'b', 'c', 2, 'bob', 0, 0, '', 1, 0, 1, 1, 0, 0, 0, 0, NULL, 9, {h}, 0, '', 0, 0, FALSE);
	INSERT INTO lessons (site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn)
	VALUES (1, 1, 0, 'c', 1, 'text', 'Ann', 'a@b', 'u', {h}, FALSE, 0),
	       (1, 2, 0, '', 0, 'text', '', '', '', {h}, TRUE, 0),
	       (1, 2, 1, '', 0, '', '', '', '', {h}, TRUE, 3);`

// SQLite makes both tables anew: every row goes over, and what refers to it still does.
func TestErasureKeepsEveryDecisionAndLesson(t *testing.T) {
	for _, tt := range []struct {
		driver, url, bytes string
		dialect            goose.Dialect
	}{
		{"sqlite", "file:" + t.TempDir() + "/a.db?_pragma=foreign_keys(1)", "X'68'", goose.DialectSQLite3},
		{"pgx", kit.EmptyPostgres(t), "'h'::bytea", goose.DialectPostgres},
	} {
		t.Run(tt.driver, func(t *testing.T) {
			db, err := sql.Open(tt.driver, tt.url)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			db.SetMaxOpenConns(1)
			p, err := migrations.Provider(tt.dialect, db)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.UpTo(t.Context(), 3); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec(strings.ReplaceAll(before00004, "{h}", tt.bytes)); err != nil {
				t.Fatal(err)
			}
			rows := func(query string) string {
				t.Helper()
				rows, err := db.Query(query)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				columns, err := rows.Columns()
				if err != nil {
					t.Fatal(err)
				}
				out := ""
				for rows.Next() {
					line := make([]any, len(columns))
					for i := range line {
						line[i] = new(sql.NullString)
					}
					if err := rows.Scan(line...); err != nil {
						t.Fatal(err)
					}
					for _, v := range line {
						out += fmt.Sprint(*v.(*sql.NullString), " ")
					}
					out += "\n"
				}
				return out
			}
			const decisions = `SELECT site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state,
				to_state, before,
				undoes, restores, score, suggested, model_seq, lesson, decided_at, hash, kind, subject, lessons, spam, warm
				FROM decisions ORDER BY seq`
			const lessons = `SELECT site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn
				FROM lessons ORDER BY seq, part`
			before := rows(decisions) + rows(lessons)
			if err := migrations.Up(t.Context(), tt.dialect, db); err != nil {
				t.Fatal(err)
			}
			if after := rows(decisions) + rows(lessons); after != before || len(before) < 100 {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			for _, refused := range []string{
				"DELETE FROM decisions WHERE seq = 2",
				"INSERT INTO lessons SELECT site_id, 9, part, comment_id, label, body, author, email, url, " +
					"salt, standing, withdrawn, proof FROM lessons WHERE part = 1",
				"UPDATE decisions SET kind = 10",
			} {
				if _, err := db.Exec(refused); err == nil {
					t.Errorf("it takes %s", refused)
				}
			}
			if _, err := db.Exec("UPDATE decisions SET kind = 4 WHERE seq = 3"); err != nil {
				t.Error(err)
			}
		})
	}
}
