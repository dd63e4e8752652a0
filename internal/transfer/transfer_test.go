package transfer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

// dumps names files in testdata, by format.
var dumps = map[string]string{
	"wordpress": "blog.wxr.xml",
	"disqus":    "disqus.xml",
	"isso":      "isso.sql",
	"remark42":  "remark42.jsonl",
	"commento":  "commento.json",
}

// The site has the content of the dump, as the dry run reported. A second run adds nothing.
func TestImport_EachFormat(t *testing.T) {
	t.Parallel()
	for format, file := range dumps {
		t.Run(format, func(t *testing.T) {
			onBoth(t, func(w *world) {
				in := transfer.Request{Format: format, Path: w.dump(file), Base: "https://a.example", DryRun: true}
				said := w.imports(in)
				if told := w.told(); told != "" {
					w.t.Fatalf("a dry run wrote\n%s", told)
				}
				in.DryRun = false
				done := w.imports(in)
				if a, b := asJSON(w.t, said), asJSON(w.t, done); a != b {
					w.t.Errorf("the dry run said\n%s\nand the import\n%s", a, b)
				}
				told := w.told()
				golden(w.t, format+".golden", asJSON(w.t, done)+"\n"+told)
				for _, dry := range []bool{true, false} {
					in.DryRun = dry
					again := w.imports(in)
					if again.Added != 0 || again.Lessons != (transfer.Lessons{}) || again.Comments != done.Comments {
						w.t.Errorf("the second run, dry %t, said %s", dry, asJSON(w.t, again))
					}
				}
				if now := w.told(); now != told {
					w.t.Errorf("after the second run there is\n%s\nnot\n%s", now, told)
				}
			})
		})
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// Lessons of an import can be withdrawn like those of an account. Its decisions do not count as response times.
func TestImport_LessonsCanBeWithdrawn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"})
		const by = "import:wordpress"
		teachers, err := w.App.Teachers(w.Ctx, authz.Operator, w.A)
		if err != nil || len(teachers) != 1 || teachers[0].Name != by || teachers[0].Lessons != 4 {
			w.t.Errorf("the filter was taught by %+v, %v", teachers, err)
		}
		flow, err := w.App.Flow(w.Ctx, authz.Operator, w.A, 28)
		if err != nil || flow.Wait.Count != 0 || flow.CameIn != 0 {
			w.t.Errorf("%d came in, and %d were waited for, %v", flow.CameIn, flow.Wait.Count, err)
		}
		done, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, by, nil)
		if err != nil || done.Lessons != 4 {
			w.t.Errorf("%d lessons were withdrawn, %v", done.Lessons, err)
		}
		w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"})
		if teachers, err := w.App.Teachers(w.Ctx, authz.Operator, w.A); err != nil || len(teachers) != 0 {
			w.t.Errorf("and after that by %+v, %v", teachers, err)
		}
	})
}

func TestImport_NoLearn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		out := w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml", NoLearn: true})
		if out.Lessons != (transfer.Lessons{}) || out.Approved != 3 {
			w.t.Errorf("it said %s", asJSON(w.t, out))
		}
		if told := w.told(); strings.Contains(told, "teaches") || !strings.Contains(told, "by import:wordpress: approve") {
			w.t.Errorf("there is\n%s", told)
		}
	})
}

// For pages at another address, the report says how to map them. The suggested mapping works.
func TestImport_SuggestsMapping(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.A = w.B
		in := transfer.Request{Format: "wordpress", Path: w.file(post(said("1", "0", "Written before the move")))}
		told := strings.Join(w.imports(in).Notes, "\n")
		_, line, _ := strings.Cut(told, "a file with the line ")
		from, to, ok := strings.Cut(line, ",")
		if from, to = strings.TrimSuffix(from, "*"), strings.TrimSuffix(to, "*"); !ok || from != "https://a.example/" {
			w.t.Fatalf("it said %q", told)
		}
		in.Map = transfer.Map{{Old: from, New: to, Rest: true}}
		if out := w.imports(in); out.Added != 1 || strings.Contains(strings.Join(out.Notes, ""), "--url-map") {
			w.t.Errorf("mapped, it said %+v", out)
		}
	})
}

// An import emits one event per page and one per pending comment. In blog.wxr.xml one reply comes before its parent and
// is written in a second batch, which has a lesson, too. A webhook for all events only receives the posted comment.
func TestImport_SendsNoNotifications(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		heard := make(chan string, 1_000)
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body) // a truncated body fails the comparison
			heard <- string(body)
		}))
		w.t.Cleanup(receiver.Close)
		_, _, _, err := w.App.AddWebhook(w.Ctx, authz.Operator, w.A, webhook.Draft{URL: receiver.URL,
			Events: webhook.Events}, nil)
		w.Must(err)
		ctx, stop := context.WithCancel(w.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- w.App.Webhook.Run(ctx) }()
		w.t.Cleanup(func() { stop(); w.Must(<-ended) })
		testkit.Until(w.t, "it is told", func() bool {
			w.Submit(w.A, fmt.Sprint("Somebody posts at first ", time.Now().UnixNano()))
			return len(heard) > 0
		})
		told := map[string]int{}
		w.App.OnEvent(func(e event.Event) {
			told[fmt.Sprintf("%s page=%t comment=%t", e.Kind, e.Page != "", e.Comment != "")]++
		})
		w.imports(transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"})
		want := map[string]int{"page page=true comment=false": 2, "taught page=false comment=false": 2,
			"judged page=true comment=true": 1}
		if !maps.Equal(told, want) {
			w.t.Errorf("told of %v, want %v", told, want)
		}
		clear(told)
		var comments []string
		for i := range 450 { // in three batches
			comments = append(comments, said(fmt.Sprint(1_000+i), "0", fmt.Sprintf("Remark number %d about the weather.", i)))
		}
		w.imports(transfer.Request{Format: "wordpress", Path: w.file(post(comments...)), NoLearn: true})
		if n := told["page page=true comment=false"]; n != 1 {
			w.t.Errorf("of a page with 450 comments it told %d times", n)
		}
		w.Submit(w.A, "What somebody posts afterwards.")
		for last := false; !last; {
			said := <-heard
			last = strings.Contains(said, "somebody posts afterwards")
			if !last && !strings.Contains(said, "Somebody posts at first") {
				w.t.Errorf("a receiver heard %s", said)
			}
		}
	})
}

// An import emits the event of a page with the page's last comment, in any order of comments and after any number of
// failed runs. A failed import emits events for the pages that it changed.
func TestImport_EmitsEventPerPage(t *testing.T) {
	t.Parallel()
	var comments []string
	for i := range 600 { // in three batches, each with some of each page
		comments = append(comments, strings.Replace(post(said(fmt.Sprint(i+1), "0", fmt.Sprintf("Remark number %d.", i))),
			"a.example/p", fmt.Sprintf("a.example/p%d", i%3), 1))
	}
	const item, end = "<item>", "</channel></rss>"
	whole := comments[0][:strings.Index(comments[0], item)]
	for _, c := range comments {
		whole += strings.TrimSuffix(c[strings.Index(c, item):], end)
	}
	onBoth(t, func(w *world) {
		in := transfer.Request{Format: "wordpress", Path: w.file(whole + end)}
		left := 0
		s := w.NewApp(failing{w.DB.Store, &left})
		told := map[string]int{}
		s.OnEvent(func(e event.Event) {
			if e.Kind == event.Page {
				told[e.Page]++
			}
		})
		for _, run := range []struct {
			when         string
			fails        int // number of the failing transaction, or 0
			added, pages int
		}{
			{"it failed at once", 1, 0, 0}, {"it failed at its last batch", 3, 0, 3}, {"it went on", 0, 200, 3},
			{"nothing was left", 0, 0, 0},
		} {
			left = run.fails
			out, err := s.Import(w.Ctx, authz.Operator, w.A, in)
			if errors.Is(err, errOnce) != (run.fails > 0) || out.Added != run.added {
				w.t.Fatalf("%s: added %d, %v", run.when, out.Added, err)
			}
			for _, n := range told {
				if n != 1 {
					w.t.Errorf("%s: one of the pages was told of %d times", run.when, n)
				}
			}
			if len(told) != run.pages {
				w.t.Errorf("%s: told of %d pages, want %d", run.when, len(told), run.pages)
			}
			clear(told)
		}
	})
}

// Decisions of an import can be undone, and stay undone when the import is repeated.
func TestImport_DecisionsCanBeUndone(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		in := transfer.Request{Format: "wordpress", Path: "testdata/blog.wxr.xml"}
		w.imports(in)
		var batch string
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
			last, err := tx.DecisionsBefore(w.A.ID, 0, 1)
			batch = last[0].Batch
			return err
		}))
		out, err := w.App.Undo(w.Ctx, authz.Operator, w.A, batch, nil)
		if err != nil || out.Done != 3 || len(out.Conflicts) != 0 {
			w.t.Fatalf("undone: %+v, %v", out, err)
		}
		w.imports(in)
		told := w.told()
		if n := strings.Count(told, " pending v3 shown=false/0 "); n != 3 {
			w.t.Errorf("%d of 3 wait again:\n%s", n, told)
		}
	})
}

// Two concurrent imports of one file add each comment once.
func TestImport_ConcurrentAddsOnce(t *testing.T) {
	t.Parallel()
	var comments []string
	for i := range 400 {
		comments = append(comments, said(fmt.Sprint(i+1), fmt.Sprint(i/3), fmt.Sprintf("Word number %d of many.", i)))
	}
	onBoth(t, func(w *world) {
		in := transfer.Request{Format: "wordpress", Path: w.file(post(comments...))}
		var both sync.WaitGroup
		outs, errs := make([]transfer.Report, 2), make([]error, 2)
		for n := range outs {
			both.Go(func() { outs[n], errs[n] = w.try(in) })
		}
		both.Wait()
		if err := errors.Join(errs...); err != nil || outs[0].Added+outs[1].Added != 400 {
			w.t.Errorf("they added %d and %d, %v", outs[0].Added, outs[1].Added, err)
		}
		w.imports(in) // a third run; it also verifies the log
		if n := strings.Count(w.told(), "decided by"); n != 400 {
			w.t.Errorf("%d decisions", n)
		}
	})
}

// The verdict of a pending comment uses its author's history: comments on the site, and written ones of the file.
func TestImport_UsesHistoryOfAuthor(t *testing.T) {
	t.Parallel()
	by := func(id int, text, state string) string {
		c := strings.ReplaceAll(said(fmt.Sprint(id), "0", text), fmt.Sprintf("<wp:comment_author>R%d<", id),
			"<wp:comment_author>Aigul<")
		return strings.Replace(c, "<wp:comment_approved>1<", "<wp:comment_approved>"+state+"<", 1)
	}
	onBoth(t, func(w *world) {
		var comments []string
		for i := range 403 { // two batches of 200, and one with three and the pending comment
			comments = append(comments, by(i+1, fmt.Sprintf("Remark number %d about the weather.", i), "1"))
		}
		w.imports(transfer.Request{Format: "wordpress", Path: w.file(post(comments[:3]...))})
		comments = append(comments, by(1_000, "Does anybody read this?", "0"))
		w.imports(transfer.Request{Format: "wordpress", Path: w.file(post(comments...))})
		waits := w.Queue(authz.Operator, comment.QueueRequest{View: comment.ViewPending, Limit: 10}).Items
		if len(waits) != 1 {
			w.t.Fatalf("%d wait, want 1", len(waits))
		}
		if !slices.ContainsFunc(waits[0].Comment.Verdict.Signals, func(s comment.Signal) bool {
			return s.Code == "writer.history" && fmt.Sprint(s.Args) == "map[approved:400 refused:0]"
		}) {
			w.t.Errorf("its signals are %+v", waits[0].Comment.Verdict.Signals)
		}
	})
}
