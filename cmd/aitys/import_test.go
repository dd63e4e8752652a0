package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/transfer"
)

// wordPress is an export with so many comments on so many posts, of which every ninth answers the one before.
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

func TestAnImportIsToldOfTruthfullyAndShownAtOnce(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			s := newShell(t)
			var flags []string
			if database == "postgres" {
				flags = []string{"--database", kit.Postgres(t)}
				s.must(append([]string{"migrate", "up"}, flags...)...)
			}
			token := s.furnish(flags...)
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
			kit.Within(t, soon, "readers see them", func() bool {
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
				t.Errorf("people are told %q", out)
			}
		})
	}
}

// An import that is killed goes on where it was: in the end there is what an undisturbed one brings.
func TestAnImportThatIsKilledAtAnyTimeIsFinishedByAnother(t *testing.T) {
	s := newShell(t)
	token := s.furnish("--data", "data")
	s.write("export.xml", wordPress(4_000, 20), 0o600)
	kills := 0
	for wait := 20 * time.Millisecond; ; wait += time.Duration(rand.IntN(60)) * time.Millisecond {
		cmd := exec.CommandContext(t.Context(), s.bin, "import", "wordpress", "export.xml", "--site", "blog", "--json",
			"--data", "data")
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
	}
	other := newShell(t)
	otherToken := other.furnish("--data", "data")
	other.write("export.xml", wordPress(4_000, 20), 0o600)
	// It may say how far it is.
	out, errs, code := other.run("", "import", "wordpress", "export.xml", "--site", "blog", "--data", "data")
	if code != 0 {
		t.Fatalf("undisturbed: %q, %q", out, errs)
	}
	if kills == 0 {
		t.Error("it was never killed")
	}
	got, want := allComments(t, s, token), allComments(t, other, otherToken)
	if len(want) != 4_000 || len(got) != len(want) {
		t.Fatalf("after %d kills there are %d comments, undisturbed %d", kills, len(got), len(want))
	}
	for id, line := range want {
		if got[id] != line {
			t.Fatalf("after %d kills comment %s is\n%s\nand undisturbed\n%s", kills, id, got[id], line)
		}
	}
	out, _, _ = s.run("", "doctor", "--audit", "--data", "data")
	if !regexp.MustCompile(`(?m)^ok +log of blog`).MatchString(out) {
		t.Errorf("the doctor says %q", out)
	}
	t.Logf("%d kills", kills)
}

// allComments are those of the site "blog", as moderators read them, by their ids.
func allComments(t *testing.T, s *shell, token string) map[string]string {
	t.Helper()
	c := client(s.serve("--limits", "off"), "blog", token)
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
