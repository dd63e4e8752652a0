package main

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
)

// wordPress returns a WordPress export. Every ninth comment replies to the one before.
func wordPress(comments, posts int) string {
	var all strings.Builder
	all.WriteString(`<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" ` +
		`xmlns:wp="http://wordpress.org/export/1.2/"><channel>`)
	words := strings.Fields("plum bean string rope frost soil water seed moth leaf spade rain fence gate jam bread oven")
	rnd := rand.New(rand.NewPCG(3, 5))
	id := 0
	for p := range posts {
		fmt.Fprintf(&all, "<item><title>Post %d</title><link>https://blog.example/post-%d</link>"+
			"<wp:post_date_gmt>2023-01-01 00:00:00</wp:post_date_gmt>", p, p)
		for n := range comments / posts {
			id++
			text := fmt.Sprintf("No. %d:", id)
			for range 6 + rnd.IntN(20) {
				text += " " + words[rnd.IntN(len(words))]
			}
			parent := 0
			if n > 0 && n%9 == 0 {
				parent = id - 1
			}
			all.WriteString("<wp:comment>")
			for _, field := range [][2]string{
				{"id", fmt.Sprint(id)}, {"parent", fmt.Sprint(parent)}, {"author", fmt.Sprint("Reader ", id%50)},
				{"author_email", fmt.Sprintf("r%d@mail.example", id%50)},
				{"date_gmt", time.Date(2023, 1, 2, 0, id, 0, 0, time.UTC).Format(time.DateTime)},
				{"approved", []string{"1", "1", "1", "0", "spam", "trash"}[id%6]}, {"content", "<![CDATA[" + text + "]]>"},
			} {
				fmt.Fprintf(&all, "<wp:comment_%[1]s>%[2]s</wp:comment_%[1]s>", field[0], field[1])
			}
			all.WriteString("</wp:comment>")
		}
		all.WriteString("</item>")
	}
	all.WriteString("</channel></rss>")
	return all.String()
}

func TestImport_ReportsAndShowsComments(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		token := s.addBlog(flags...)
		i := s.serve(flags...)
		c := client(i, "blog", token)
		s.write("export.xml", wordPress(120, 2), 0o600)
		do := func(more ...string) (out transfer.Report) {
			t.Helper()
			args := append([]string{"import", "wordpress", "export.xml", "--site", "blog", "--json"}, flags...)
			unpack(t, s.must(append(args, more...)...), &out)
			return out
		}
		if n := readThread(t, c, "https://blog.example/post-1").Page.Count; n != 0 {
			t.Fatalf("before it there are %d", n)
		}
		said := do("--dry-run")
		done := do()
		if fmt.Sprint(said) != fmt.Sprint(done) || done.Added != 120 || done.Pages != 2 || done.Approved != 60 ||
			done.Pending != 20 || done.Rejected != 20 || done.Spam != 20 ||
			done.Lessons != (transfer.Lessons{Ham: 60, Spam: 20}) {
			t.Errorf("a dry run said %+v, and the import %+v", said, done)
		}
		testkit.Within(t, crossProcessWait, "readers see them", func() bool {
			return readThread(t, c, "https://blog.example/post-1").Page.Count == 30
		})
		if again := do(); again.Added != 0 || again.Lessons != (transfer.Lessons{}) {
			t.Errorf("the second run said %+v", again)
		}
		log := tellLog(t, c)
		if len(log) != 100 || !strings.Contains(log[0], "import:wordpress") {
			t.Errorf("the log has %d entries, the last %q", len(log), log[0])
		}
		var in inspectLine
		unpack(t, s.must(append([]string{"classifier", "inspect", "--json", "--site", "blog"}, flags...)...), &in)
		if in.Lessons["ham"] != 60 || in.Lessons["spam"] != 20 {
			t.Errorf("the filter was taught %v", in.Lessons)
		}
		out := s.must(append([]string{"import", "wordpress", "export.xml", "--site", "blog", "--dry-run"}, flags...)...)
		if !strings.Contains(out, "would be added") || !strings.HasSuffix(out, "Nothing was changed.\n") {
			t.Errorf("the dry run printed %q", out)
		}
	})
}

// A killed import resumes, and ends with the same comments as one that was not killed. It emits one event per page,
// and a server that cached the page meanwhile shows all of its comments.
func TestImport_ResumesAfterKill(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		var want map[string]string
		comments := 600 // half are public
		if testkit.Tier(t) == "full" {
			comments = 3_000
		}
		for kills := 0; kills < testkit.Repeats(t, 50); {
			s := newShell(t)
			flags := s.databaseFlags(d)
			token := s.addBlog(flags...)
			s.write("export.xml", wordPress(comments, 20), 0o600)
			command := append([]string{"import", "wordpress", "export.xml", "--site", "blog"}, flags...)
			here := kills
			i := s.serve(append([]string{"--limits", "off"}, flags...)...)
			shown := func(pages int) (n int) {
				for p := range pages {
					n += readThread(t, client(i, "blog", token), fmt.Sprintf("https://blog.example/post-%d", p)).Page.Count
				}
				return n
			}
			for wait := 20 * time.Millisecond; want != nil && s.killedWithin(command, wait); kills++ {
				shown(1)
				wait += rand.N(60 * time.Millisecond)
			}
			if want == nil { // run, because it may print progress
				if out, errs, code := s.run("", command...); code != 0 {
					t.Fatalf("undisturbed: %q, %q", out, errs)
				}
			} else if kills == here {
				t.Error("it was never killed")
			}
			testkit.Within(t, crossProcessWait, "readers see them all", func() bool { return shown(20) == comments/2 })
			if n := s.pageEvents(flags); n != 20 {
				t.Errorf("after %d kills 20 pages had %d events", kills-here, n)
			}
			if err := i.Stop(); err != nil {
				t.Error(err)
			}
			got := allComments(t, s, token, flags)
			if want == nil {
				want = got
			}
			if len(want) != comments || len(got) != len(want) {
				t.Fatalf("after %d kills there are %d comments, undisturbed %d", kills-here, len(got), len(want))
			}
			for id, line := range want {
				if got[id] != line {
					t.Fatalf("after %d kills comment %s is\n%s\nand undisturbed\n%s", kills-here, id, got[id], line)
				}
			}
			out, _, _ := s.run("", append([]string{"doctor", "--audit"}, flags...)...)
			if !regexp.MustCompile(`(?m)^ok +log of blog`).MatchString(out) {
				t.Errorf("the doctor says %q", out)
			}
			t.Logf("%d kills of one import", kills-here)
		}
	})
}

// pageEvents returns the number of page events in the database of flags.
func (s *shell) pageEvents(flags []string) (n int) {
	s.t.Helper()
	driver, url := "sqlite", "file:"+filepath.Join(s.dir, "data", "aitys.db")
	if i := slices.Index(flags, "--database"); i >= 0 {
		driver, url = "pgx", flags[i+1]
	}
	db, err := sql.Open(driver, url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM events WHERE kind = 'page'").Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// killedWithin kills a command after a time. It returns false if the command succeeded before.
func (s *shell) killedWithin(command []string, wait time.Duration) bool {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.bin, command...)
	cmd.Dir, cmd.Env = s.dir, []string{"PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	late := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil && (!ok || !status.Signaled()) {
		s.t.Fatalf("it ended by itself: %v", err)
	}
	return err != nil
}

// A file with a line or a text of 1 GiB is rejected with one line, in at most 256 MiB of memory, and nothing is imported.
// The test is not parallel, because Maxrss of a new process starts at that of its parent.
func TestImport_EndlessLineLittleMemory(t *testing.T) {
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		token := s.addBlog(flags...)
		whole := wordPress(1, 1)
		xml := strings.SplitAfterN(whole, "CDATA[", 2)[0]
		for format, begins := range map[string]string{
			"wordpress": whole[:strings.Index(whole, "</item>")] + xml[strings.Index(xml, "<wp:comment>"):],
			"disqus": `<disqus xmlns="http://disqus.com" xmlns:dsq="http://disqus.com/disqus-internals"><thread dsq:id="1">` +
				`<link>https://blog.example/p</link></thread><post dsq:id="2"><message><![CDATA[`,
			"remark42": `{"version":1,"users":[],"posts":[]}` + "\n" + `{"id":"1","pid":"","text":"`,
			"commento": `{"version":1,"commenters":[],"comments":[{"commentHex":"1","markdown":"`,
			"aitys": `{"format":"aitys","version":1,"exported_at":"2026-11-20T09:00:00Z","site":"blog"}` + "\n" +
				`{"type":"comment","source":"`,
		} {
			s.write(format, gzipped(t, begins, 1<<30), 0o600)
			cmd := exec.CommandContext(t.Context(), s.bin,
				append([]string{"import", format, format, "--site", "blog"}, flags...)...)
			cmd.Dir, cmd.Env = s.dir, []string{"PATH=" + os.Getenv("PATH")}
			said, err := cmd.CombinedOutput()
			line, one := strings.CutSuffix(progressLines.ReplaceAllString(string(said), ""), "\n")
			most := "longer than 32 MiB"
			if format == "remark42" {
				most = "longer than 4 MiB" // a whole comment is in memory
			}
			if err == nil || !one || strings.Contains(line, "\n") || !strings.Contains(line, most) {
				t.Errorf("%s: %v, said %q", format, err, said)
			}
			used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok || used.Maxrss > 256<<10 {
				t.Errorf("%s: it had %d KiB", format, used.Maxrss)
			}
			t.Logf("%s: %d MiB, %q", format, used.Maxrss>>10, line)
		}
		if there := allComments(t, s, token, flags); len(there) != 0 {
			t.Errorf("there is %v", there)
		}
	})
}

// liveHeap matches the live heap in megabytes after each collection, as Go's gctrace writes it.
var liveHeap = regexp.MustCompile(`(?m)^gc \d+ .* \d+->\d+->(\d+) MB`)

// A record may have many large fields that are not imported. They must not be in memory at the same time.
func TestImport_BoundsHeapPerRecord(t *testing.T) {
	t.Parallel()
	testkit.OnlyIn(t, "ci") // ten seconds of CPU
	s := newShell(t)
	s.addBlog()
	const size = 10 << 20
	large := strings.Repeat("a", size)
	fields := func(pattern string) string {
		var all strings.Builder
		for i := range 8 {
			fmt.Fprintf(&all, pattern, i, large)
		}
		return all.String()
	}
	const end = "</wp:comment>"
	whole := wordPress(1, 1)
	disqus := `<disqus xmlns:dsq="http://disqus.com/disqus-internals"><thread dsq:id="1"><link>https://blog.example/p</link>` +
		`</thread><post dsq:id="2"><message>Said.</message><author><name>R</name>%s</author>%s<thread dsq:id="1"/></post></disqus>`
	for _, tt := range []struct{ name, format, text, refused string }{
		{"of WordPress", "wordpress", strings.Replace(whole, end, fields("<wp:comment_x%d>%s</wp:comment_x%[1]d>")+end, 1), ""},
		{"of a Disqus author", "disqus", fmt.Sprintf(disqus, fields("<x%d>%s</x%[1]d>"), ""), ""},
		{"of Remark42", "remark42", `{"version":1}` + "\n" + `{"id":"1",` + fields(`"x%d":"%s",`) + `"text":"Said."}`,
			"longer than 4 MiB"},
		{"of Commento", "commento", `{"version":1,"commenters":[],"comments":[{` + fields(`"x%d":"%s",`) + `"markdown":"Said."}]}`,
			"longer than 4 MiB"},
		{"of Aitys", "aitys", `{"format":"aitys","version":1,"exported_at":"2026-11-20T09:00:00Z","site":"blog"}` + "\n" +
			`{"type":"comment",` + fields(`"x%d":"%s",`) + `"id":"1"}` + "\n", "longer than 32 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.write("dump", gzipped(t, tt.text, 0), 0o600)
			cmd := exec.CommandContext(t.Context(), s.bin, "import", tt.format, "dump", "--site", "blog", "--dry-run")
			cmd.Dir, cmd.Env = s.dir, []string{"PATH=" + os.Getenv("PATH"), "GODEBUG=gctrace=1"}
			said, err := cmd.CombinedOutput()
			if tt.refused == "" && err != nil || tt.refused != "" && !strings.Contains(string(said), tt.refused) {
				t.Fatalf("it ended with %v, want %q:\n%s", err, tt.refused, said)
			}
			most := 0
			for _, line := range liveHeap.FindAllStringSubmatch(string(said), -1) {
				n, _ := strconv.Atoi(line[1]) // the pattern matches only digits
				most = max(most, n)
			}
			if most == 0 || most > 60 {
				t.Errorf("it held %d MB", most)
			}
			t.Logf("it held %d MB", most)
		})
	}
}

// An import without usable comments fails with one line. An import of comments that exist already succeeds.
func TestImport_FailsWithoutComments(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog()
	good := wordPress(3, 1)
	empty := strings.Join(strings.Split(good, "<wp:comment>")[:1], "") + "</item></channel></rss>"
	for name, tt := range map[string]struct{ format, text, says string }{
		"no comments":      {"wordpress", empty, "dump has no comments"},
		"unknown comments": {"wordpress", strings.ReplaceAll(good, "wp:comment>", "wp:remark>"), "(unknown elements: 3). Is it an export of wordpress?"},
		"a feed":           {"wordpress", "<rss><channel><item><link>https://blog.example/</link></item></channel></rss>", "it is a feed"},
		"an empty Disqus":  {"disqus", `<disqus xmlns="http://disqus.com"></disqus>`, "dump has no comments"},
		"an empty Commento": {"commento", `{"version":1,"comments":[],"commenters":[]}`,
			"dump has no comments"},
		"an empty Remark42": {"remark42", `{"version":1,"users":[],"posts":[]}`, "dump has no comments"},
		"another blog":      {"wordpress", strings.ReplaceAll(good, "blog.example", "other.example"), "0 of 3 comments in dump"},
		"drafts":            {"wordpress", strings.ReplaceAll(good, "<title>", "<wp:status>draft</wp:status><title>"), "0 of 3"},
		"an empty file":     {"wordpress", "", "there is no XML in it"},
	} {
		s.write("dump", tt.text, 0o600)
		for _, flags := range [][]string{nil, {"--dry-run"}, {"--json"}} {
			out, errs, code := s.run("", append([]string{"import", tt.format, "dump", "--site", "blog"}, flags...)...)
			line := progressLines.ReplaceAllString(errs, "")
			if code != 1 || strings.Count(line, "\n") != 1 || !strings.Contains(line, tt.says) {
				t.Errorf("%s %v: exit %d, %q, %q", name, flags, code, out, line)
			}
		}
	}
	s.write("dump", good, 0o600)
	for range 2 {
		s.must("import", "wordpress", "dump", "--site", "blog")
	}
	s.write("dump", strings.ReplaceAll(good, "<title>", "<wp:status>draft</wp:status><title>"), 0o600)
	out := s.must("import", "wordpress", "dump", "--site", "blog", "--with-private")
	if !strings.Contains(out, "Comments that were not public there: 3.") || !strings.Contains(out, "An earlier import made") {
		t.Errorf("it said %q", out)
	}
}

// gzipped returns begins followed by letters times "a", as gzip.
func gzipped(t *testing.T, begins string, letters int) string {
	t.Helper()
	const some = 1 << 24
	pack := func(text string) string {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	return pack(begins) + strings.Repeat(pack(strings.Repeat("a", some)), letters/some)
}

// allComments returns the comments of the site "blog" as moderators see them, by ID.
func allComments(t *testing.T, s *shell, token string, flags []string) map[string]string {
	t.Helper()
	c := client(s.serve(append([]string{"--limits", "off"}, flags...)...), "blog", token)
	all := map[string]string{}
	for _, view := range []string{"pending", "approved", "rejected", "spam"} {
		for after := ""; ; {
			var page struct {
				Items []struct {
					Comment struct {
						ID, State, HTML, Body, Email string
						Parent                       *string
						Depth, Replies               int
						Version                      int64
						CreatedAt                    string `json:"created_at"`
					}
					Page struct{ URL, Title string }
				}
				Next *string
			}
			path := "/moderation/queue?sort=oldest&limit=100&state=" + view + "&after=" + after
			if err := c.Do(t.Context(), "GET", path, nil, nil, &page); err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				parent := ""
				if item.Comment.Parent != nil {
					parent = *item.Comment.Parent
				}
				item.Comment.Parent = nil
				all[item.Comment.ID] = fmt.Sprintf("%+v below %s", item, parent)
			}
			if page.Next == nil {
				break
			}
			after = *page.Next
		}
	}
	return all
}
