package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

// What was acknowledged before a backup began is in it, however much is written meanwhile.
func TestABackupUnderLoadHoldsWhatWasAcknowledged(t *testing.T) {
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.furnish("--data", "data"))
	kit.Within(t, soon, "the site is there", func() bool {
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
		kit.Until(t, "more is written", func() bool { return len(acknowledged()) > 50*(n+1) })
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
	s.must("doctor", "--data", "data")
}

func TestBackupsThatCannotBeAreRefusedInOneLine(t *testing.T) {
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
