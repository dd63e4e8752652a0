package transfer_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// post returns a WordPress export of one post with comments.
func post(comments ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><rss xmlns:wp="http://wordpress.org/export/1.1/"><channel><item>` +
		`<title>Post</title><link>https://a.example/p</link>` + strings.Join(comments, "") + `</item></channel></rss>`
}

// said returns a comment for post.
func said(id, parent, text string) string {
	return "<wp:comment><wp:comment_id>" + id + "</wp:comment_id><wp:comment_parent>" + parent + "</wp:comment_parent>" +
		"<wp:comment_author>R" + id + "</wp:comment_author><wp:comment_date_gmt>2024-01-01 00:00:00</wp:comment_date_gmt>" +
		"<wp:comment_content>" + text + "</wp:comment_content><wp:comment_approved>1</wp:comment_approved></wp:comment>"
}

// whyOf returns the skips of a report as lines "count what: why".
func whyOf(out transfer.Report) string {
	var lines []string
	for _, s := range out.Skipped {
		lines = append(lines, fmt.Sprintf("%d %s: %s", s.Count, s.What, s.Why))
	}
	return strings.Join(lines, "\n")
}

// A file that is not of its format is refused with a message, and changes nothing.
func TestImport_RefusesBrokenFile(t *testing.T) {
	t.Parallel()
	whole := post(said("1", "0", "Once"), said("2", "1", "Twice"))
	cut := func(text string, n int) string { return text[:len(text)-n] }
	jsonl, err := os.ReadFile("testdata/remark42.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	commento, err := os.ReadFile("testdata/commento.json")
	if err != nil {
		t.Fatal(err)
	}
	var half bytes.Buffer
	zipped := gzip.NewWriter(&half)
	_, _ = zipped.Write([]byte(whole)) // to memory
	_ = zipped.Close()
	cases := []struct{ name, format, text, want string }{
		{"empty", "wordpress", "", "no XML"},
		{"cut behind a comment", "wordpress", cut(whole, len("</item></channel></rss>")), "ends in the middle"},
		{"cut in a text", "wordpress", whole[:strings.Index(whole, "Twice")+2], "ends in the middle"},
		{"cut in a name", "wordpress", cut(whole, 3), "ends in the middle"},
		{"a cut gzip", "wordpress", half.String()[:half.Len()/2], "ends in the middle"},
		{"another format's", "wordpress", `<disqus xmlns="http://disqus.com"></disqus>`, "no WordPress export"},
		{"a web page", "disqus", "<html><body>Sign in</body></html>", "no Disqus export"},
		{"text", "disqus", "comments, please", "no XML"},
		{"an encoding without a decoder", "wordpress", `<?xml version="1.0" encoding="iso-2022-kr"?><rss>` + "\xc7</rss>",
			"save it as UTF-8"},
		{"a feed", "wordpress", `<rss version="2.0"><channel><title>B</title><item><title>T</title></item></channel></rss>`,
			"it is a feed, and no WordPress export"},
		{"a status behind the comments", "wordpress", strings.Replace(whole, "</item>",
			"<wp:status>draft</wp:status></item>", 1), "comes after its comments"},
		{"half a tag", "wordpress", "<rss><channel><item <link></rss>", "no XML at line 1"},
		{"a cut line", "remark42", cut(string(jsonl), 20), "ends in the middle"},
		{"no JSON", "remark42", "<xml/>", "no JSON at byte"},
		{"JSON of something else", "remark42", `{"name":"a package"}`, "no backup of Remark42"},
		{"a newer version", "remark42", `{"version":7}`, "newer version"},
		{"a cut object", "commento", cut(string(commento), 300), "ends in the middle"},
		{"a list", "commento", `[1]`, "no export of Commento"},
		{"an object of something else", "commento", `{"a":{"b":[1,2]}}`, "no export of Commento"},
		{"version 3", "commento", `{"version":3,"comments":[],"commenters":[]}`, "version 3"},
		{"values in one another", "commento", `{"a":` + strings.Repeat("[", 100_000), "levels deep"},
		{"elements in one another", "disqus", "<disqus>" + strings.Repeat("<a>", 100_000), "levels deep"},
		{"no database", "isso", "This is no database, although it is long enough for its head to be read by somebody.",
			"not a database"},
	}
	onBoth(t, func(w *world) {
		for _, tt := range cases {
			in := transfer.Request{Format: tt.format, Path: w.file(tt.text)}
			for _, in.DryRun = range []bool{true, false} {
				out, err := w.try(in)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					w.t.Errorf("%s: it answers %+v, %v; want an error about %q", tt.name, out, err, tt.want)
				}
			}
			if told := w.told(); told != "" {
				w.t.Errorf("%s: it wrote\n%s", tt.name, told)
			}
		}
	})
}

func TestImport_RefusesOtherDatabase(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	path := w.database("CREATE TABLE threads (id INTEGER)")
	before, err := os.ReadFile(path)
	w.Must(err)
	if _, err := w.try(transfer.Request{Format: "isso", Path: path}); err == nil ||
		!strings.Contains(err.Error(), "no such table: comments") {
		t.Errorf("it answers %v", err)
	}
	after, err := os.ReadFile(path)
	w.Must(err)
	if !bytes.Equal(before, after) {
		t.Error("it wrote into the file")
	}
}

// A database whose rows take endless time is refused before its rows are read.
func TestImport_RefusesHostileIsso(t *testing.T) {
	t.Parallel()
	const comments = "CREATE TABLE comments (tid INTEGER, id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT, mode INTEGER," +
		" remote_addr VARCHAR, text VARCHAR, author VARCHAR, email VARCHAR, website VARCHAR"
	const threads = "CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR, title VARCHAR"
	const many = "CREATE TABLE n (i INTEGER PRIMARY KEY); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE" +
		" i < 1000) INSERT INTO n SELECT i FROM c;"
	const views = "CREATE VIEW %s AS SELECT 1 AS tid, a.i * 1000000 + b.i * 1000 + c.i AS id, NULL AS parent, 1.6e9 AS created," +
		" 1 AS mode, '' AS remote_addr, 'x' AS text, '' AS author, '' AS email, '' AS website, '/p' AS uri, '' AS title" +
		" FROM n AS a, n AS b, n AS c;"
	w := &world{apptest.New(t), t}
	for name, statements := range map[string]string{
		"a view of comments":     many + threads + ");" + fmt.Sprintf(views, "comments"),
		"a view of threads":      many + comments + ");" + fmt.Sprintf(views, "threads") + "INSERT INTO comments (id, tid) VALUES (1, 1)",
		"a view in capitals":     many + threads + ");" + fmt.Sprintf(views, "Comments"),
		"a virtual table":        threads + "); CREATE VIRTUAL TABLE comments USING fts5(tid, id, parent, text)",
		"a generated column":     threads + ");" + comments + ", x TEXT AS (hex(zeroblob(100000000))));",
		"a generated address":    comments + ");" + threads + ", x TEXT AS (hex(zeroblob(100000000))));",
		"comments without a key": threads + ");" + strings.Replace(comments, "id INTEGER PRIMARY KEY", "id INTEGER", 1) + ");",
		"threads without a key":  comments + ");" + strings.Replace(threads, " PRIMARY KEY", "", 1) + ");",
	} {
		ctx, cancel := context.WithTimeout(w.Ctx, time.Minute) // a view takes hours
		out, err := w.App.Import(ctx, authz.Operator, w.A, transfer.Request{Format: "isso", Path: w.database(statements),
			Base: "https://a.example"})
		cancel()
		if err == nil || !strings.Contains(err.Error(), "is no table as Isso creates it") {
			t.Errorf("%s: it said %+v, %v", name, out, err)
		}
	}
}

// A value that is too long to be imported is not read.
func TestImport_LeavesOversizedIssoValues(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		out := w.imports(transfer.Request{Format: "isso", Base: "https://a.example", Path: w.database(
			issoOf("(1, 1, 1, 'Said.')", "(2, 1, 1, CAST(zeroblob(70000) AS TEXT))", "(3, 1, 1, 'Said by a long name.')",
				"(4, 1, 1, 'An answer.')") + "UPDATE comments SET author = CAST(zeroblob(5000) AS TEXT) WHERE id = 3;" +
				"UPDATE comments SET parent = 2 WHERE id = 4;")})
		want := "1 comment: its name, e-mail, website or address is longer than 4096 bytes\n" +
			"1 comment: its text is longer than 64 KiB"
		if whyOf(out) != want || out.Added != 2 {
			w.t.Errorf("it added %d and said %q, want %q", out.Added, whyOf(out), want)
		}
	})
}

// A comment whose text is too long is skipped, and its replies stay.
func TestImport_LeavesLongTexts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<u></u>", 10_000) + "short"
	field := strings.NewReplacer("<", "\\u003c").Replace(long)
	onBoth(t, func(w *world) {
		for format, text := range map[string]string{
			"wordpress": post(said("1", "0", "<![CDATA["+long+"]]>"), said("2", "1", "An answer.")),
			"disqus":    strings.Replace(disqusFile("", ""), "Said below item 1.", "<![CDATA["+long+"]]>", 1),
			"remark42":  strings.Replace(remark42File("", "", ""), "Said below item 1.", field, 1),
			"commento":  strings.Replace(commentoFile(""), "Said below item 1.", field, 1),
		} {
			w.onAnother()
			out := w.imports(transfer.Request{Format: format, Path: w.file(text)})
			if want := "1 comment: its text is longer than 64 KiB"; whyOf(out) != want {
				w.t.Errorf("%s: it said %q, want %q", format, whyOf(out), want)
			}
		}
	})
}

// Threads with missing, cyclic, duplicate or deep parents are repaired, and the report says how.
func TestImport_RepairsThreads(t *testing.T) {
	t.Parallel()
	deep := []string{said("1", "0", "Level 1")}
	for i := 2; i <= 100; i++ {
		deep = append([]string{said(fmt.Sprint(i), fmt.Sprint(i-1), fmt.Sprint("Level ", i))}, deep...)
	}
	for _, tt := range []struct {
		name, text string
		comments   int
		want       []string // of the report
		told       []string // depth and text
	}{
		{"an orphan", post(said("1", "99", "Whose answer?")), 1,
			[]string{"1 parent: it is not in the file: the reply becomes a top-level comment"}, []string{"0 Whose answer?"}},
		{"its own answer", post(said("1", "1", "Me again.")), 1,
			[]string{"1 parent: comments reply to one another in a cycle: one becomes a top-level comment"}, []string{"0 Me again."}},
		{"a circle of three, and an answer to it",
			post(said("1", "3", "A"), said("2", "1", "B"), said("3", "2", "C"), said("4", "1", "D")), 4,
			[]string{"1 parent: comments reply to one another in a cycle: one becomes a top-level comment"},
			[]string{"0 A", "1 B", "2 C", "1 D"}},
		{"an id twice", post(said("1", "0", "First"), said("1", "0", "Second"), said("2", "1", "To the first")), 2,
			[]string{"1 comment: its ID is a duplicate: the first comment is used"}, []string{"0 First", "1 To the first"}},
		{"no id", post(said("", "0", "Nameless")), 0, []string{"1 comment: it has no id"}, nil},
		{"answers to what has no text", post(said("1", "0", "Top"), said("2", "1", " "), said("3", "2", "Below")), 2,
			[]string{"1 comment: it has no text"}, []string{"0 Top", "1 Below"}},
		{"too long", post(said("1", "0", strings.Repeat("long ", 2_100))), 0,
			[]string{"1 comment: it is longer than 10000 characters"}, nil},
		{"a hundred levels, backwards", post(deep...), 100,
			[]string{"36 parent: replies are nested too deeply"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(w *world) {
				out := w.imports(transfer.Request{Format: "wordpress", Path: w.file(tt.text)})
				if out.Comments != tt.comments || out.Added != tt.comments {
					w.t.Errorf("it has %d comments, %d were added; want %d", out.Comments, out.Added, tt.comments)
				}
				for _, want := range tt.want {
					if !strings.Contains(whyOf(out), want) {
						w.t.Errorf("it said\n%s\nnot %q", whyOf(out), want)
					}
				}
				told := w.told()
				for _, line := range tt.told {
					depth, text, _ := strings.Cut(line, " ")
					indent := strings.Repeat("    ", int(depth[0]-'0'))
					if !strings.Contains(told, "\n"+indent+"  en <p>"+text+"</p>") &&
						!strings.Contains(told, "\n"+indent+"  und <p>"+text+"</p>") {
						w.t.Errorf("%q does not stand at depth %s in\n%s", text, depth, told)
					}
				}
			})
		})
	}
}

// Entity bombs and arbitrary bytes are text, and cost linear time and memory.
func TestImport_HostileBytesAreText(t *testing.T) {
	t.Parallel()
	bomb := `<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">` +
		`<!ENTITY file SYSTEM "file:///etc/passwd">]>`
	for _, tt := range []struct{ name, text, want string }{
		{"entities", strings.Replace(post(said("1", "0", "Lol &b; &file; &nbsp;end")), "?>", "?>"+bomb, 1),
			"Lol &amp;b; &amp;file; end"},
		{"markup", post(said("1", "0", `<![CDATA[<script>alert(1)</script><img src=x onerror=alert(2)> <b>still</b> `+
			`<a href="javascript:alert(3)">here</a> *star*]]>`)), `<p><strong>still</strong> here *star*</p>`},
		{"controls", post(said("1", "0", "bell\x07 and \x0b tab \xff\xfe çà et là")), "<p>bell and  tab \uFFFD\uFFFD çà et là</p>"},
		{"directions", post(said("1", "0", "left \u202e right")), "<p>left  right</p>"},
		{"a NUL by number", post(said("1", "0", "zero <![CDATA[&#0;]]> here")), "<p>zero  here</p>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(w *world) {
				out := w.imports(transfer.Request{Format: "wordpress", Path: w.file(tt.text)})
				if told := w.told(); out.Added != 1 || !strings.Contains(told, tt.want) {
					w.t.Errorf("%d were added, and there is\n%s\nnot %q", out.Added, told, tt.want)
				}
			})
		})
	}
	w := &world{apptest.New(t), t}
	_, err := w.try(transfer.Request{Format: "wordpress",
		Path: w.file(post(said("1", "0", strings.Repeat("x", 33<<20))))})
	if err == nil || !strings.Contains(err.Error(), "longer than 32 MiB") {
		t.Errorf("one element of 33 MiB: %v", err)
	}
}

// An implausible time is replaced with that of the page or of the import.
func TestImport_ReplacesImplausibleTimes(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		text := post(said("1", "0", "From the future"), said("2", "0", "From before the web"), said("3", "0", "From no time"))
		for _, at := range []string{"2190-01-01 00:00:00", "1970-01-01 00:00:00", "yesterday"} {
			text = strings.Replace(text, "2024-01-01 00:00:00", at, 1)
		}
		text = strings.Replace(text, "<title>", "<wp:post_date_gmt>2020-02-02 02:02:02</wp:post_date_gmt><title>", 1)
		in := transfer.Request{Format: "wordpress", Path: w.file(text)}
		out := w.imports(in)
		if n := strings.Count(w.told(), "\n2020-02-02T02:02:02 approved"); out.Added != 3 || n != 3 ||
			!strings.Contains(whyOf(out), "3 time: it is missing, before 1990 or in the future: the page's time is used") {
			w.t.Errorf("it said\n%s\nand there is\n%s", whyOf(out), w.told())
		}
		if out := w.imports(in); out.Added != 0 {
			w.t.Errorf("the second run added %d", out.Added)
		}
	})
}

// An import that is stopped between two batches continues when it is repeated.
func TestImport_ContinuesAfterStop(t *testing.T) {
	t.Parallel()
	var comments []string
	for i := range 330 {
		parent := "0"
		if i%5 > 0 { // some parents come later in the file
			parent = fmt.Sprint((i*37)%330 + 1)
		}
		comments = append(comments, said(fmt.Sprint(i+1), parent, fmt.Sprintf("Remark number %d about the weather.", i)))
	}
	onBoth(t, func(w *world) {
		in := transfer.Request{Format: "wordpress", Path: w.file(post(comments...))}
		in.DryRun = true
		said := w.imports(in)
		in.DryRun = false
		added, runs := 0, 0
		for rnd := rand.New(rand.NewPCG(1, 2)); ; runs++ {
			var ctx context.Context
			ctx, in.Progress = stopAfter(w.Ctx, 1+runs+rnd.IntN(3))
			out, err := w.App.Import(ctx, authz.Operator, w.A, in)
			added = out.Added
			if err == nil {
				break
			}
			if runs > 100 {
				w.t.Fatalf("it does not come to an end: %v", err)
			}
		}
		in.Progress = nil
		if runs == 0 || added == said.Added {
			w.t.Errorf("it was never stopped: %d runs, the last added %d", runs, added)
		}
		mended := w.told()
		w.A = w.B // the same import into another site, without a stop
		in.Path = w.file(strings.ReplaceAll(post(comments...), "https://a.example", "https://b.example"))
		w.imports(in)
		if whole := strings.ReplaceAll(w.told(), "https://b.example", "https://a.example"); whole != mended {
			w.t.Errorf("after %d runs there is another thing than after one", runs)
		}
	})
}

// failing is a store in which one update fails.
type failing struct {
	txn.Store[store.Tx]
	left *int
}

var errOnce = errors.New("the disk is gone for a moment")

func (s failing) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if *s.left--; *s.left == 0 {
		return nil, errOnce
	}
	return s.Store.Update(ctx, fn)
}

// After a batch failed, no later batch is written.
func TestImport_StopsAtFailedBatch(t *testing.T) {
	t.Parallel()
	var comments []string
	for i := range 450 {
		comments = append(comments, said(fmt.Sprint(i+1), "0", fmt.Sprintf("Remark number %d about the weather.", i)))
	}
	onBoth(t, func(w *world) {
		in := transfer.Request{Format: "wordpress", Path: w.file(post(comments...))}
		left := 0
		s := w.NewApp(failing{w.DB.Store, &left})
		for _, tt := range []struct{ fails, there int }{{1, 0}, {2, 200}, {2, 400}} {
			left = tt.fails
			if _, err := s.Import(w.Ctx, authz.Operator, w.A, in); !errors.Is(err, errOnce) {
				w.t.Fatalf("it answers %v", err)
			}
			if n := strings.Count(w.told(), "Remark number"); n != tt.there {
				w.t.Errorf("after transaction %d failed there are %d comments, want %d", tt.fails, n, tt.there)
			}
		}
		if out := w.imports(in); out.Added != 50 {
			w.t.Errorf("in the end it added %d, want 50", out.Added)
		}
	})
}

// A file may be compressed, of any version of its format, and begin with a byte-order mark.
func TestImport_CompressedAndAnyVersion(t *testing.T) {
	t.Parallel()
	text := post(said("1", "0", "Packed well."))
	zipped := func(names ...string) string {
		var out bytes.Buffer
		w := zip.NewWriter(&out)
		for _, name := range names {
			f, err := w.Create(name)
			if err == nil {
				_, err = f.Write([]byte(text))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		_ = w.Close() // to memory
		return out.String()
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(text)) // to memory
	_ = w.Close()
	version := func(v string) string { return strings.Replace(text, "export/1.1/", "export/"+v+"/", 1) }
	const remark = `{"version":%d,"users":[],"posts":[]}` + "\n" + `{"id":"r","pid":"","text":"<p>Packed well.</p>",` +
		`"user":{"name":"R"},"locator":{"site":"s","url":"https://a.example/p"},"time":"2024-01-02T03:04:05Z"}` + "\n"
	files := []struct{ name, format, text, refused string }{
		{"gzip", "wordpress", packed.String(), ""}, {"zip", "wordpress", zipped("export.xml"), ""},
		{"a zip of two", "wordpress", zipped("a.xml", "b.xml"), "the zip has 2 files"},
		{"WXR 1.0", "wordpress", version("1.0"), ""}, {"WXR 1.2", "wordpress", version("1.2"), ""},
		{"a marked encoding", "wordpress", "\ufeff" + text, ""},
		{"Remark42's version 0", "remark42", fmt.Sprintf(remark, 0), ""},
		{"Remark42's version 1", "remark42", fmt.Sprintf(remark, 1), ""},
		{"marked JSON", "remark42", "\ufeff" + fmt.Sprintf(remark, 1), ""},
	}
	onBoth(t, func(w *world) {
		for _, tt := range files {
			w.onAnother()
			out, err := w.try(transfer.Request{Format: tt.format, Path: w.file(tt.text)})
			switch {
			case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
				w.t.Errorf("%s: %v, want %q", tt.name, err, tt.refused)
			case tt.refused == "" && (err != nil || out.Added != 1):
				w.t.Errorf("%s: it said %s, %v", tt.name, asJSON(w.t, out), err)
			}
		}
	})
}

// Changed addresses are mapped by the first matching line.
func TestImport_MapsAndResolvesAddresses(t *testing.T) {
	t.Parallel()
	text := func(link string) string {
		return strings.Replace(post(said("1", "0", "Said at "+link)), "https://a.example/p", link, 1)
	}
	moved := transfer.Map{
		{Old: "http://old.example/?p=1", New: "https://a.example/one"},
		{Old: "http://old.example/", New: "https://a.example/", Rest: true},
	}
	cases := []struct{ link, base, want string }{
		{"http://old.example/?p=1", "", "https://a.example/one"},
		{"http://old.example/?p=12", "", "https://a.example/?p=12"},
		{"http://old.example/x/?utm_source=mail#more", "", "https://a.example/x/"},
		{"/x/y?z=1", "https://a.example", "https://a.example/x/y?z=1"},
		{"/x", "http://old.example/", "https://a.example/x"},
		{"//a.example/x", "https://a.example", "https://a.example/x"},
	}
	onBoth(t, func(w *world) {
		for _, tt := range cases {
			w.onAnother()
			w.imports(transfer.Request{Format: "wordpress", Path: w.file(text(tt.link)), Base: tt.base, Map: moved})
			if told := w.told(); !strings.HasPrefix(told, "page "+tt.want+" ") {
				w.t.Errorf("%s with base %q came to\n%s\nnot %s", tt.link, tt.base, told, tt.want)
			}
		}
	})
}
