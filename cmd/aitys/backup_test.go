package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// What was acknowledged before a backup began is in it, however much is written meanwhile.
func TestABackupUnderLoadHoldsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.furnish("--data", "data"))
	testkit.Within(t, soon, "the site is there", func() bool {
		_, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "The first one.")
		return err == nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	taken := map[string]string{} // edit tokens by ids
	acknowledged := func() map[string]string {
		mu.Lock()
		defer mu.Unlock()
		list := make(map[string]string, len(taken))
		for id, token := range taken {
			list[id] = token
		}
		return list
	}
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				p, err := c.Post(ctx, "", blogPage, "R", "r@mail.example", fmt.Sprintf("Comment %d of writer %d.", n, w))
				if err == nil {
					mu.Lock()
					taken[p.ID] = p.EditToken
					mu.Unlock()
				}
			}
		})
	}
	before := make([]map[string]string, 3)
	for n := range before {
		testkit.Until(t, "more is written", func() bool { return len(acknowledged()) > 50*(n+1) })
		before[n] = acknowledged()
		out := s.must("backup", fmt.Sprint("copy", n), "--data", "data")
		if !strings.Contains(out, "read back: 1 sites, 1 pages") || !strings.Contains(out, "secret") {
			t.Errorf("it says %q", out)
		}
	}
	s.refused("a server or a command has the database open", "restore", "copy0", "--data", "data")
	stop()
	writers.Wait()
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	for n, list := range before {
		s.must("restore", fmt.Sprint("copy", n), "--data", "data", "--json")
		i := s.serve("--limits", "off")
		reader := client(i, "blog", "")
		for id, token := range list {
			if _, _, err := reader.Own(t.Context(), id, token); err != nil {
				t.Fatalf("backup %d: a comment acknowledged before it: %v", n, err)
			}
		}
		if err := i.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	s.must("doctor", "--audit", "--data", "data")
}

func TestBackupsThatCannotBeAreRefusedInOneLine(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.furnish("--data", "data")
	s.must("backup", "good", "--data", "data")
	whole, err := os.ReadFile(filepath.Join(s.dir, "good"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("half", string(whole[:len(whole)/2]), 0o600)
	s.write("noise", strings.Repeat("noise", 4096), 0o600)
	s.write("empty", "", 0o600)
	s.must("restore", "good", "--data", "next")
	next, err := sql.Open("sqlite", filepath.Join(s.dir, "next", "aitys.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := next.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	s.must("backup", "future", "--data", "next")
	files := func() []string { // a folder's own time changes
		return slices.DeleteFunc(s.files(), func(line string) bool { return strings.Contains(line, " d") })
	}
	before := files()
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"not overwritten", []string{"backup", "good"}},
		{"no such file", []string{"backup", "none/good"}},
		{"there is no database", []string{"backup", "copy", "--database", "sqlite:none.db"}},
		{"pg_dump", []string{"backup", "copy", "--database", "postgres://me@localhost/x"}},
		{"pg_restore", []string{"restore", "good", "--database", "postgres://me@localhost/x"}},
		{"there is no backup", []string{"restore", "none"}},
		{"there is no backup", []string{"restore", "none", "--data", "elsewhere"}},
		{"not a file", []string{"restore", "data"}},
		{"the database itself", []string{"restore", "data/aitys.db"}},
		{"cannot be restored", []string{"restore", "half"}},
		{"no backup of Aitys", []string{"restore", "noise"}},
		{"no backup of Aitys", []string{"restore", "empty"}},
		{"newer than this program", []string{"restore", "future"}},
		{"there is no folder", []string{"restore", "good", "--database", "sqlite:none/a.db"}},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			r := &shell{t: t, bin: s.bin, dir: s.dir}
			r.refused(tt.want, append(tt.args, "--data", "data")...)
			if after := files(); !slices.Equal(before, after) {
				t.Errorf("it left something behind: before %q, after %q", before, after)
			}
		})
	}
}

// An erasure stays one, whatever copy is put back.
func TestWhatWasErasedIsErasedAgainInARestoredCopy(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.furnish("--data", "data"))
	const ann = "ann@mail.example"
	testkit.Within(t, soon, "the site takes comments", func() bool {
		p, err := c.Post(t.Context(), "", blogPage, "Ann", ann, "What Ann has to say about bicycles.")
		if err != nil {
			return false
		}
		_, err = c.Decide(t.Context(), "approve", "", testkit.Ref{ID: p.ID, Version: p.Version})
		return err == nil
	})
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	held := func(data string) (lessons, comments int) { return s.held(ann, data) }
	s.must("backup", "early", "--data", "data")
	if _, errs, code := s.run(ann+"\n", "classifier", "erase", "--site", "blog", "--email-stdin",
		"--data", "data"); code != 0 {
		t.Fatal(errs)
	}
	s.must("backup", "late", "--data", "data")
	marks, err := os.ReadFile(filepath.Join(s.dir, "late.erased.jsonl"))
	if err != nil || !strings.Contains(string(marks), `"email"`) || strings.Contains(string(marks), "ann") {
		t.Errorf("beside the late backup: %q, %v", marks, err)
	}

	// Another machine, that has the secret: nobody told it of the erasure, and then somebody did.
	secret, err := os.ReadFile(filepath.Join(s.dir, "data", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"untold", "told"} {
		if err := os.Mkdir(filepath.Join(s.dir, data), 0o700); err != nil {
			t.Fatal(err)
		}
		s.write(data+"/secret", string(secret), 0o600)
	}
	s.must("restore", "early", "--data", "untold")
	if lessons, comments := held("untold"); lessons != 1 || comments != 1 {
		t.Errorf("the early copy has %d lessons of the person and %d comments", lessons, comments)
	}
	s.must("restore", "early", "--erased", "late.erased.jsonl", "--data", "told")
	if lessons, comments := held("told"); lessons+comments != 0 {
		t.Errorf("%d lessons came back, and %d comments", lessons, comments)
	}
	// The same machine remembers by itself.
	out := s.must("restore", "early", "--data", "data")
	if !strings.Contains(out, "1 comments and 1 lessons were erased again") {
		t.Errorf("it says %q", out)
	}
	if lessons, comments := held("data"); lessons+comments != 0 {
		t.Errorf("%d lessons came back, and %d comments", lessons, comments)
	}
	s.must("doctor", "--audit", "--data", "data")
	for _, data := range []string{"told", "data"} {
		if kept, err := os.ReadFile(filepath.Join(s.dir, data, "erased.jsonl")); err != nil || string(kept) != string(marks) {
			t.Errorf("%s goes on with %q, %v", data, kept, err)
		}
	}
}

// held is what a database has of a person.
func (s *shell) held(email, data string) (lessons, comments int) {
	s.t.Helper()
	out, errs, code := s.run(email+"\n", "classifier", "erase", "--site", "blog", "--email-stdin", "--dry-run", "--json",
		"--data", data)
	if code != 0 {
		s.t.Fatal(errs)
	}
	var line erasedLine
	unpack(s.t, out, &line)
	return line.Lessons, line.Comments
}

// What its writer had forgotten at once no older copy brings back; what it taught stays, as it did.
func TestWhatItsWriterHadForgottenIsForgottenInARestoredCopy(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.furnish("--data", "data"))
	const ann = "ann@mail.example"
	var told, waits testkit.Posted
	testkit.Within(t, soon, "the site takes comments", func() (ok bool) {
		var err error
		told, err = c.Post(t.Context(), "", blogPage, "Ann", ann, "What Ann has to say about bicycles.")
		return err == nil
	})
	_, err := c.Decide(t.Context(), "approve", "", testkit.Ref{ID: told.ID, Version: told.Version})
	if err == nil {
		waits, err = c.Post(t.Context(), "", blogPage, "Ann", ann, "The quagga has not been seen.")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.must("backup", "early", "--data", "data")
	for _, p := range []testkit.Posted{told, waits, waits} { // again by whoever heard no answer
		bearer := map[string]string{"Authorization": "Bearer " + p.EditToken}
		if err := c.Do(t.Context(), "DELETE", "/comments/"+p.ID+"?forget=1", bearer, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	marks, err := os.ReadFile(filepath.Join(s.dir, "data", "erased.jsonl"))
	if err != nil || strings.Count(string(marks), "\n") != 2 || strings.Contains(string(marks), told.ID) {
		t.Errorf("noted is %q, %v; want a line for each, without its id", marks, err)
	}
	out := s.must("restore", "early", "--data", "data")
	if !strings.Contains(out, "2 comments and 0 lessons were erased again") {
		t.Errorf("it says %q", out)
	}
	if lessons, comments := s.held(ann, "data"); lessons != 1 || comments != 0 {
		t.Errorf("of the person are %d lessons and %d comments; want the lesson alone", lessons, comments)
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, "data", "aitys.db"))
	if err != nil || strings.Contains(string(raw), "quagga") {
		t.Errorf("the restored file has the words of what was forgotten (%v)", err)
	}
	s.must("backup", "late", "--data", "data")
	if out := s.must("restore", "late", "--data", "data"); strings.Contains(out, "again") {
		t.Errorf("of a copy that has forgotten both it says %q", out)
	}
	s.must("doctor", "--audit", "--data", "data")
}

// What cannot be remembered is not done: it would be undone by the next restore.
func TestAnErasureThatCannotBeRememberedIsRefused(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.furnish("--data", "data")
	if err := os.Mkdir(filepath.Join(s.dir, "data", "erased.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, errs, code := s.run("ann@mail.example\n",
		"classifier", "erase", "--site", "blog", "--email-stdin", "--data", "data")
	if code == 0 || out != "" || !strings.Contains(errs, "note the erasure") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
}
