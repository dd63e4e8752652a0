package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// withoutHeader returns an export without its header, which has the time of the export.
func withoutHeader(t *testing.T, all string) string {
	t.Helper()
	header, rest, ok := strings.Cut(all, "\n")
	if !ok || !strings.HasPrefix(header, `{"format":"aitys","version":1,"exported_at":"20`) ||
		!strings.HasSuffix(rest, "}\n") {
		t.Fatalf("no export: %.300s", all)
	}
	return rest
}

func TestExport_CommandEqualsAPI(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		token := s.addBlog(flags...)
		s.write("export.xml", wordPress(240, 2), 0o600)
		s.must(append([]string{"import", "wordpress", "export.xml", "--site", "blog"}, flags...)...)
		do := func(more ...string) string {
			t.Helper()
			return s.must(append(append([]string{"export", "--site", "blog"}, flags...), more...)...)
		}
		want := withoutHeader(t, do())
		if said := do("--out", "blog.jsonl"); said != "" {
			t.Errorf("it said %s", said)
		}
		raw, err := os.ReadFile(filepath.Join(s.dir, "blog.jsonl"))
		if err != nil || withoutHeader(t, string(raw)) != want {
			t.Errorf("the file is another one: %.200s, %v", raw, err)
		}
		if info, err := os.Stat(filepath.Join(s.dir, "blog.jsonl")); err != nil || info.Mode() != 0o600 {
			t.Errorf("others may read it: %v, %v", info.Mode(), err)
		}
		if n := strings.Count(want, `"type":"comment"`); n != 240 {
			t.Errorf("it has %d comments", n)
		}
		s.refused("is not overwritten", append([]string{"export", "--site", "blog", "--out", "blog.jsonl"}, flags...)...)
		s.refused("nothing was exported",
			append([]string{"export", "--site", "blog", "--out", "none/blog.jsonl"}, flags...)...)

		i := s.serve(flags...)
		asked := func() (*http.Response, string) {
			t.Helper()
			req, err := http.NewRequest("GET", i.URL+"/api/v1/sites/blog/moderation/export", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+token)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != 200 {
				t.Fatalf("it answered %d %.200s, %v", res.StatusCode, body, err)
			}
			return res, withoutHeader(t, string(body))
		}
		testkit.Until(t, "pending comments are rescored, and the command and the API export the same", func() bool {
			_, got := asked()
			return got == withoutHeader(t, do())
		})
		res, _ := asked()
		if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="blog.jsonl"` {
			t.Errorf("it is called %s", got)
		}
	})
}
