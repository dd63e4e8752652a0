package main

import (
	"fmt"
	"html"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
)

// hostileTexts lists texts that often break programs. They must be plain text in names, addresses, titles and comments.
var hostileTexts = []string{
	`<script>alert(1)</script><img src=x onerror=alert(2)>`, `"}` + "\n" + `{"type":"end","lines":0,"sha256":""}`,
	`'); DROP TABLE comments; --`, `\u0000 \\u0000 \n \" \`, "=HYPERLINK(\"https://x.example\")", "{{.}} ${x} %s %d %!",
	"\u202eright to left\u202c \u200bno width\u200b \u2028 line \u2029 paragraph", "🍅👩‍👩‍👧‍👧 Zz̷̢̛̠͈a̶l̵g̸o̷",
	"кириллица қазақша 中文 العربية", strings.Repeat("long ", 1_500),
}

// hostileExport returns a WordPress export with the strange texts in every field.
func hostileExport() string {
	var all strings.Builder
	all.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss xmlns:wp="http://wordpress.org/export/1.2/"><channel>`)
	for i, text := range hostileTexts {
		text = html.EscapeString(text)
		fmt.Fprintf(&all, `<item><title>%[1]s</title><link>https://blog.example/%[2]d?q=%[1]s</link><wp:comment>`+
			`<wp:comment_id>%[2]d</wp:comment_id><wp:comment_author>%[1]s</wp:comment_author>`+
			`<wp:comment_author_email>%[1]s@x.example</wp:comment_author_email>`+
			`<wp:comment_author_url>https://x.example/%[1]s</wp:comment_author_url>`+
			`<wp:comment_date_gmt>2024-01-01 00:00:0%[2]d</wp:comment_date_gmt><wp:comment_approved>%[3]s</wp:comment_approved>`+
			`<wp:comment_content>%[1]s, said number %[2]d.</wp:comment_content></wp:comment></item>`,
			text, i, []string{"1", "0", "spam", "trash"}[i%4])
	}
	return all.String() + "</channel></rss>"
}

// A site is exported and imported into SQLite, Postgres and SQLite again. The export bytes, the model and the log must
// stay the same.
func TestExport_RoundTripIsIdentical(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	s.write("export.xml", wordPress(300, 3), 0o600)
	s.write("strange.xml", hostileExport(), 0o600)
	for _, file := range []string{"export.xml", "strange.xml"} {
		s.must("import", "wordpress", file, "--site", "blog")
	}
	demo, _ := s.startDemo("--data", filepath.Join(s.dir, "demo"))
	if err := demo.Stop(); err != nil {
		t.Fatal(err)
	}
	for site, from := range map[string]string{"blog": "data", "demo": "demo"} {
		t.Run(site, func(t *testing.T) {
			export := func(file string, at ...string) string {
				s.must(append([]string{"export", "--site", site, "--out", file}, at...)...)
				raw, err := os.ReadFile(filepath.Join(s.dir, file))
				if err != nil {
					t.Fatal(err)
				}
				return withoutHeader(t, string(raw))
			}
			filter := func(at ...string) (in inspectLine) {
				unpack(t, s.must(append([]string{"classifier", "inspect", "--json", "--site", site}, at...)...), &in)
				in.Snapshots = nil // a server creates them over time
				return in
			}
			file := site + ".0.jsonl"
			want, learned := export(file, "--data", from), filter("--data", from)
			for i, to := range []string{ // with another secret than the demo
				"sqlite:" + filepath.Join(s.dir, site+"1.db"), testkit.Postgres(t), "sqlite:" + filepath.Join(s.dir, site+"2.db"),
			} {
				if i == 1 {
					s.must("migrate", "up", "--database", to)
				}
				s.must("site", "add", "--key", "first", "--name", "First", "--origin", "https://first.example", "--database", to)
				s.must("site", "add", "--key", site, "--name", "New", "--origin", "https://new.example", "--database", to)
				args := []string{"import", "aitys", file, "--site", site, "--json", "--database", to}
				var before, done transfer.Report
				unpack(t, s.must(append(args, "--dry-run")...), &before)
				unpack(t, s.must(args...), &done)
				if fmt.Sprint(before) != fmt.Sprint(done) || done.Added == 0 || done.Added != done.Comments {
					t.Errorf("a dry run said %+v, the import %+v", before, done)
				}
				file = fmt.Sprintf("%s.%d.jsonl", site, i+1)
				if got := export(file, "--database", to); got != want {
					t.Errorf("at %s it is another site: %s", to, firstDifference(got, want))
				}
				if got := filter("--database", to); fmt.Sprint(got) != fmt.Sprint(learned) {
					t.Errorf("at %s the filter is %+v, and was %+v", to, got, learned)
				}
				said, _, _ := s.run("", "doctor", "--audit", "--database", to) // it may fail, because the test Postgres runs without fsync
				if !regexp.MustCompile(`(?m)^ok +log of ` + site).MatchString(said) {
					t.Errorf("at %s the doctor says %s", to, said)
				}
				s.refused("has something already", args...)
			}
		})
	}
}

// firstDifference describes the first line in which two texts differ.
func firstDifference(got, want string) string {
	theirs := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(theirs) || line != theirs[i] {
			return fmt.Sprintf("line %d is\n%s\nand not\n%s", i+2, line, theirs[min(i, len(theirs)-1)])
		}
	}
	return "it is shorter"
}

func TestImport_RefusesDamagedExport(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	s.write("export.xml", wordPress(60, 1), 0o600)
	s.must("import", "wordpress", "export.xml", "--site", "blog")
	all := s.must("export", "--site", "blog")
	s.must("site", "add", "--key", "next", "--name", "Next", "--origin", "https://next.example")
	middle, letter := len(all)/2, strings.LastIndex(all, `"source":"`)+len(`"source":"`)
	for want, text := range map[string]string{
		"ends in the middle":                      all[:middle],
		"it was changed after it was written":     all[:letter] + string(all[letter]^1) + all[letter+1:],
		"it is of version 2; what can be read is": strings.Replace(all, `"version":1`, `"version":2`, 1),
		"it is no export of Aitys":                wordPress(1, 1),
	} {
		s.write("bad.jsonl", text, 0o600)
		s.refused(want, "import", "aitys", "bad.jsonl", "--site", "next")
		s.refused(want, "import", "aitys", "bad.jsonl", "--site", "next", "--dry-run")
	}
	s.write("good.jsonl", all, 0o600)
	s.refused("omit --base, --url-map, --no-learn and --with-private",
		"import", "aitys", "good.jsonl", "--site", "next", "--no-learn")
	s.must("import", "aitys", "good.jsonl", "--site", "next")
}

// A killed import has imported either nothing or everything.
func TestImport_KilledExportImportIsAtomic(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	s.write("export.xml", wordPress(1_000, 10), 0o600)
	s.must("import", "wordpress", "export.xml", "--site", "blog", "--data", "data")
	s.must("export", "--site", "blog", "--out", "blog.jsonl")
	for _, key := range []string{"whole", "next"} {
		s.must("site", "add", "--key", key, "--name", key, "--origin", "https://next.example")
	}
	began := time.Now()
	s.must("import", "aitys", "blog.jsonl", "--site", "whole", "--json", "--data", "data")
	whole := time.Since(began)
	args := []string{"import", "aitys", "blog.jsonl", "--site", "next", "--json", "--data", "data"}
	kills, most := 0, testkit.Repeats(t, 50)
	for {
		wait := time.Duration(rand.Float64() * float64(whole))
		switch kills {
		case 0:
			wait /= 10 // so that the first kill is not too late on a faster machine
		case most:
			wait = time.Hour // let it finish
		}
		cmd := exec.CommandContext(t.Context(), s.bin, args...)
		cmd.Dir, cmd.Env = s.dir, []string{"PATH=" + os.Getenv("PATH")}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		late := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
		err := cmd.Wait()
		late.Stop()
		if err == nil {
			break
		}
		kills++
		if _, _, code := s.run("", append(args, "--dry-run")...); code != 0 {
			break // it was killed after the commit; the export below checks the result
		}
	}
	if kills == 0 {
		t.Error("it was never killed")
	}
	want := withoutHeader(t, s.must("export", "--site", "blog"))
	if got := withoutHeader(t, s.must("export", "--site", "next")); got != want {
		t.Errorf("after %d kills it is another site: %s", kills, firstDifference(got, want))
	}
	s.must("doctor", "--audit")
	t.Logf("%d kills", kills)
}
