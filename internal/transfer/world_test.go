package transfer_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

var update = flag.Bool("update", false, "rewrite testdata")

// A world is an apptest.World with helpers for imports.
type world struct {
	*apptest.Env
	t *testing.T
}

// onBoth runs a test on SQLite and on Postgres.
func onBoth(t *testing.T, test func(w *world)) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) { test(&world{w, t}) })
}

// try imports a file into site a.
func (w *world) try(in transfer.Request) (transfer.Report, error) {
	return w.App.Import(w.Ctx, authz.Operator, w.A, in)
}

func (w *world) imports(in transfer.Request) transfer.Report {
	w.t.Helper()
	out, err := w.try(in)
	if err != nil {
		w.t.Fatalf("import %s: %v", in.Path, err)
	}
	if bad, err := w.App.VerifyLog(w.Ctx, w.A); bad != 0 || err != nil {
		w.t.Fatalf("after it the log is wrong from entry %d on, %v", bad, err)
	}
	return out
}

// file writes a file with a text and returns its path.
func (w *world) file(text string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "dump")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// dump returns the path of a file in testdata. For SQL it is a database made by the statements.
func (w *world) dump(name string) string {
	w.t.Helper()
	path := filepath.Join("testdata", name)
	if !strings.HasSuffix(name, ".sql") {
		return path
	}
	text, err := os.ReadFile(path)
	w.Must(err)
	return w.database(string(text))
}

// database makes a SQLite file by statements and returns its path.
func (w *world) database(statements string) string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "comments.db")
	db, err := sql.Open("sqlite", path)
	w.Must(err)
	defer db.Close()
	_, err = db.Exec(statements)
	w.Must(err)
	return path
}

// told returns the content of site a as lines, without IDs and times of the import.
func (w *world) told() string {
	w.t.Helper()
	var out strings.Builder
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
		pages, err := tx.Pages(w.A.ID, "", 1_000)
		if err != nil {
			return err
		}
		for i := len(pages) - 1; i >= 0; i-- {
			p := pages[i]
			fmt.Fprintf(&out, "page %s %q open=%t %s\n", p.URL, p.Title, p.Open, p.CreatedAt.Format("2006-01-02T15:04:05"))
			if err := w.tellPage(tx, p, &out); err != nil {
				return err
			}
		}
		return nil
	}))
	return out.String()
}

func (w *world) tellPage(tx store.Tx, p site.Page, out *strings.Builder) error {
	var all []comment.Comment
	for _, view := range []comment.View{
		comment.ViewPending, comment.ViewApproved, comment.ViewRejected, comment.ViewSpam,
	} {
		list, err := tx.Queue(comment.QueueQuery{Sites: comment.OneSite(w.A.ID), View: view, Order: comment.OldestFirst, Limit: 10_000})
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	known := map[string]bool{}
	for _, c := range all {
		known[c.ID] = true
	}
	for _, c := range all { // placeholders are in no view
		for id := c.Parent; id != "" && !known[id]; {
			parent, err := tx.CommentByID(w.A.ID, id)
			if err != nil {
				return err
			}
			known[id] = true
			all = append(all, parent)
			id = parent.Parent
		}
	}
	byPath(all)
	for _, c := range all {
		if c.Page != p.ID {
			continue
		}
		entries, err := tx.DecisionsOf(w.A.ID, c.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s%s %v v%d shown=%t/%d by %q %q %q\n", strings.Repeat("    ", c.Depth),
			c.CreatedAt.Format("2006-01-02T15:04:05"), c.State, c.Version, c.Shown, c.ShownReplies, c.Name, c.Email, c.Website)
		fmt.Fprintf(out, "%s  %s %s\n", strings.Repeat("    ", c.Depth), c.Lang, c.HTML())
		for _, d := range entries {
			lessons, err := tx.Lessons(w.A.ID, d.Seq-1, d.Seq)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s  decided by %s: %v %v", strings.Repeat("    ", c.Depth), d.By, d.Action, d.Reason)
			for _, l := range lessons {
				fmt.Fprintf(out, ", teaches %v", l.Label)
			}
			out.WriteByte('\n')
		}
	}
	return nil
}

func byPath(all []comment.Comment) {
	for i := range all {
		for k := i; k > 0 && all[k].Path < all[k-1].Path; k-- {
			all[k], all[k-1] = all[k-1], all[k]
		}
	}
}

// golden compares got with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal([]byte(got), want) {
		t.Errorf("%s differs; got\n%s", path, got)
	}
}

// stopAfter returns a context that ends after a number of batches, and the progress function that ends it.
func stopAfter(ctx context.Context, batches int) (context.Context, func(done, of uint64)) {
	ctx, stop := context.WithCancelCause(ctx)
	return ctx, func(uint64, uint64) {
		if batches--; batches <= 0 {
			stop(errors.New("stopped by the test"))
		}
	}
}

// titleOf returns the title of a page as readers see it.
func (w *world) titleOf(url string) string {
	w.t.Helper()
	title := ""
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
		pages, err := tx.Pages(w.A.ID, "", 1_000)
		for _, p := range pages {
			if p.URL == url {
				title = p.Title
			}
		}
		return err
	}))
	return title
}
