package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// Links lead to the server that uses the database, or that used it last.
func TestAccountReset_LinkLeadsToServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		database func(testing.TB) string
	}{{"sqlite", testkit.SQLite}, {"postgres", testkit.Postgres}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShell(t)
			database := []string{"--database", tt.database(t)}
			s.must(append([]string{"migrate", "up"}, database...)...)
			leads := func(to string, args ...string) {
				t.Helper()
				link := s.must(append([]string{"account", "reset", "o@blog.example"}, append(args, database...)...)...)
				if !strings.HasPrefix(link, to+"/moderate/setup#") {
					t.Errorf("%v printed %s, want a link to %s", args, link, to)
				}
			}
			first := s.must(append([]string{"account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner"},
				database...)...)
			if !strings.HasPrefix(first, "http://127.0.0.1:8080/moderate/setup#") {
				t.Errorf("before any server ran: got %s", first)
			}
			i := s.serve(database...)
			leads(i.URL)
			leads("https://other.example", "--public-url", "https://other.example")
			if err := i.Stop(); err != nil {
				t.Fatal(err)
			}
			leads(i.URL) // it ran last
			s.serve(append(database, "--public-url", "https://comments.example")...)
			leads("https://comments.example")
		})
	}
}

// Without a valid link base nothing is changed, because the link would be lost.
func TestAccountAdd_BadLinkChangesNothing(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("migrate", "up")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "aitys.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("INSERT INTO meta (name, value) VALUES ('public_url', CAST('nowhere' AS BLOB))"); err != nil {
		t.Fatal(err)
	}
	s.refused("--public-url", "account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner")
	if list := s.must("account", "list"); strings.Contains(list, "o@blog.example") {
		t.Errorf("there is an account that nobody can open:\n%s", list)
	}
}
