package main

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A site that is copied to Postgres and back has the same export, log and accounts, byte for byte.
func TestCopy_RoundTripIsIdentical(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	token := s.addBlog()
	s.must("site", "add", "--key", "gone", "--name", "Gone", "--origin", "https://gone.example")
	s.must("site", "remove", "gone")
	s.must("site", "add", "--key", "other", "--name", "Other", "--origin", "https://other.example")
	s.must("account", "add", "--email", "m@blog.example", "--name", "M", "--role", "moderator", "--site", "other")
	s.write("export.xml", wordPress(600, 3), 0o600)
	s.must("import", "wordpress", "export.xml", "--site", "blog")
	want := withoutHeader(t, s.must("export", "--site", "blog"))
	people := s.must("account", "list", "--json")

	server, file := testkit.Postgres(t), "sqlite:"+filepath.Join(s.dir, "back.db")
	for _, way := range [][2]string{{"sqlite:" + filepath.Join(s.dir, "data", "aitys.db"), server}, {server, file}} {
		said := s.must("copy", "--database", way[0], "--to", way[1])
		if !strings.Contains(said, "comments") || !strings.Contains(said, "600") || !strings.Contains(said, "row by row") {
			t.Errorf("it said\n%s", said)
		}
		flags := []string{"--database", way[1]}
		do := func(args ...string) string { return s.must(append(args, flags...)...) }
		if got := withoutHeader(t, do("export", "--site", "blog")); got != want {
			t.Errorf("at %s the site is another one", way[1])
		}
		if got := do("account", "list", "--json"); got != people {
			t.Errorf("at %s there are %s", way[1], got)
		}
		s.refused("nothing was copied: it is not empty", "copy", "--database", way[0], "--to", way[1])
	}
	s.must("doctor", "--audit", "--database", file) // checks the log and the references
	// The copy works: tokens are valid, comments can be posted, and the ID of the removed site is not reused.
	s.must("site", "add", "--database", file, "--key", "next", "--name", "Next", "--origin",
		"https://next.example")
	i := s.serve("--database", file)
	c := client(i, "blog", token)
	written, err := c.Post(t.Context(), "1234567890abcdef", "https://blog.example/post-1", "R", "",
		"Written after it came back.")
	if err != nil {
		t.Fatal(err)
	}
	items, _, err := c.Queue(t.Context(), "sort=newest")
	if err != nil || len(items) == 0 || items[0].Comment.ID != written.ID {
		t.Errorf("what was written does not wait: %v, %v", items, err)
	}
}

// A server must not use either database during a copy, because its writes would be lost.
func TestCopy_RefusesDatabaseInUse(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	empty := "sqlite:" + filepath.Join(s.dir, "to.db")
	const says = "stop it first"
	for _, at := range []string{"sqlite:" + filepath.Join(s.dir, "data", "aitys.db"), testkit.Postgres(t)} {
		i := s.serve("--database", at)
		s.refused(says, "copy", "--database", at, "--to", empty)
		if exists(filepath.Join(s.dir, "to.db")) {
			t.Error("it left a file")
		}
		s.must("migrate", "up", "--database", empty)
		s.refused(says, "copy", "--database", empty, "--to", at)
		if err := i.Stop(); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(at, "sqlite:") {
			s.must("copy", "--database", at, "--to", empty)
		}
		for _, end := range []string{"", "-wal", "-shm", ".reserve"} {
			_ = os.Remove(filepath.Join(s.dir, "to.db") + end)
		}
	}
}

// execSQL changes the shell's database without the program.
func (s *shell) execSQL(statement string) {
	s.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data", "aitys.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		s.t.Fatal(err)
	}
}

// A failed copy leaves the target empty.
func TestCopy_FailureLeavesTargetEmpty(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.refused("there is no database at", "copy", "--to", "sqlite:new.db")
	s.addBlog()
	s.refused("--to: want sqlite:PATH", "copy", "--to", "mysql://x")
	s.refused("nothing was copied: it is not empty", "copy", "--to", "sqlite:data/aitys.db")
	s.write("export.xml", wordPress(60, 1), 0o600)
	s.must("import", "wordpress", "export.xml", "--site", "blog")
	// A byte that Postgres does not accept, in one of the last rows of a table.
	s.execSQL("UPDATE comments SET note = char(0) WHERE id = (SELECT MAX(id) FROM comments)")
	server := testkit.Postgres(t)
	s.refused("nothing was copied: copy comments:", "copy", "--to", server)
	s.execSQL("UPDATE comments SET note = ''")
	s.must("copy", "--to", server) // it is still empty, with its constraints
	s.refused("it is not empty", "copy", "--to", server)
}
