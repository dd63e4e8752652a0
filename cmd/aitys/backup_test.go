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

// A backup contains all comments that were acknowledged before it started, also under write load.
func TestBackup_UnderLoadHasAcknowledgedComments(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.addBlog("--data", "data"))
	testkit.Within(t, crossProcessWait, "the site is there", func() bool {
		_, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "The first one.")
		return err == nil
	})
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	taken := map[string]string{} // edit tokens by comment ID
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
		if !strings.Contains(out, "read back: 1 site, 1 page, ") || !strings.Contains(out, "secret") {
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

func TestBackup_ErrorsAreOneLine(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
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
	files := func() []string { // folders change their times
		return slices.DeleteFunc(s.files(), func(line string) bool { return strings.Contains(line, " d") })
	}
	before := files()
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"not overwritten", []string{"backup", "good"}},
		{"there is no folder none", []string{"backup", "none/good"}},
		{"there is no database", []string{"backup", "copy", "--database", "sqlite:none.db"}},
		{"pg_dump", []string{"backup", "copy", "--database", "postgres://me@localhost/x"}},
		{"pg_restore", []string{"restore", "good", "--database", "postgres://me@localhost/x"}},
		{"there is no backup", []string{"restore", "none"}},
		{"there is no backup", []string{"restore", "none", "--data", "elsewhere"}},
		{"not a file", []string{"restore", "data"}},
		{"the database itself", []string{"restore", "data/aitys.db"}},
		{"cannot be restored", []string{"restore", "half"}},
		{"noise cannot be restored: it is damaged or not a backup of Aitys", []string{"restore", "noise"}},
		{"empty cannot be restored: it is damaged or not a backup of Aitys", []string{"restore", "empty"}},
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

// An erasure survives the restore of an older backup.
func TestRestore_RepeatsErasures(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.addBlog("--data", "data"))
	const ann = "ann@mail.example"
	testkit.Within(t, crossProcessWait, "the site takes comments", func() bool {
		p, err := c.Post(t.Context(), "", blogPage, "Ann", ann, "What Ann has to say about bicycles.")
		if err != nil {
			return false
		}
		_, err = c.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: p.ID, Version: p.Version})
		return err == nil
	})
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	held := func(data string) (lessons, comments int) { return s.storedOf(ann, data) }
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

	// Another machine with the same secret, first without the erasure marks and then with them.
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
	// The same machine has the marks.
	out := s.must("restore", "early", "--data", "data")
	if !strings.Contains(out, "1 comment and 1 lesson were erased again") {
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

// storedOf returns how many lessons and comments of a person a database has.
func (s *shell) storedOf(email, data string) (lessons, comments int) {
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

// A restore does not bring back comments that their author deleted with forget=1. The lessons from them stay.
func TestRestore_RepeatsForgottenComments(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.addBlog("--data", "data"))
	const ann = "ann@mail.example"
	var told, waits testkit.PostResult
	testkit.Within(t, crossProcessWait, "the site takes comments", func() (ok bool) {
		var err error
		told, err = c.Post(t.Context(), "", blogPage, "Ann", ann, "What Ann has to say about bicycles.")
		return err == nil
	})
	_, err := c.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: told.ID, Version: told.Version})
	if err == nil {
		waits, err = c.Post(t.Context(), "", blogPage, "Ann", ann, "The quagga has not been seen.")
	}
	if err != nil {
		t.Fatal(err)
	}
	s.must("backup", "early", "--data", "data")
	for _, p := range []testkit.PostResult{told, waits, waits} { // twice, like a retry after a lost answer
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
	if lessons, comments := s.storedOf(ann, "data"); lessons != 1 || comments != 0 {
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

// An erasure fails if its mark cannot be written, because the next restore would undo it.
func TestErase_FailsWithoutMark(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	if err := os.Mkdir(filepath.Join(s.dir, "data", "erased.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	out, errs, code := s.run("ann@mail.example\n",
		"classifier", "erase", "--site", "blog", "--email-stdin", "--data", "data")
	if code == 0 || out != "" || !strings.Contains(errs, "note the erasure") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
}
