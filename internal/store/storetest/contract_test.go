// Package storetest tests the contract of txn.Store[store.Tx]: one suite, run on SQLite and on Postgres. Each test uses
// sites of its own, so that the suite shares one database.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A rule is one sentence of the contract.
type rule struct {
	says  string
	check func(*world)
}

func TestBothDatabasesKeepTheContract(t *testing.T) {
	on := func(t *testing.T, url func(testing.TB) string) (checked int) {
		return run(t, func(t testing.TB) txn.Store[store.Tx] {
			db, err := store.Open(t.Context(), url(t), store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			return db
		})
	}
	var onSQLite, onPostgres int
	t.Run("sqlite", func(t *testing.T) { onSQLite = on(t, testkit.SQLite) })
	t.Run("postgres", func(t *testing.T) { onPostgres = on(t, testkit.Postgres) })
	fmt.Printf("contract: store: sqlite %d, postgres %d\n", onSQLite, onPostgres)
}

// run checks a store against the whole contract and returns how many rules were checked.
func run(t *testing.T, open func(testing.TB) txn.Store[store.Tx]) (checked int) {
	kept := open(t)
	n := 0
	for _, rules := range [][]rule{
		transactionRules, siteRules, commentRules, threadRules, queueRules, logRules, modelRules, eventRules, keyRules,
		peopleRules, rulesRules, campaignRules, mailRules, voteRules, complaintRules, tenantRules,
	} {
		for _, r := range rules {
			n++
			ran := false
			t.Run(r.says, func(t *testing.T) {
				r.check(newWorld(t, kept, fmt.Sprintf("w%d", n)))
				ran = true
			})
			if ran {
				checked++
			}
		}
	}
	return checked
}

// began is when everything in these tests begins.
var began = time.Date(2026, 5, 4, 3, 2, 1, 123456000, time.UTC)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// A world is a store with a site and a page of a test's own.
type world struct {
	*testing.T
	store txn.Store[store.Tx]
	name  string
	site  site.Site
	page  site.Page
	made  atomic.Int64 // how many names were given out
}

func newWorld(t *testing.T, store txn.Store[store.Tx], name string) *world {
	w := &world{T: t, store: store, name: name}
	w.site = w.newSite("a")
	w.page = w.newPage(w.site.ID, "https://"+name+".example/post")
	return w
}

func (w *world) ctx() context.Context { return w.Context() }

// id returns a name that no other row of the suite has.
func (w *world) id(kind string) string {
	return fmt.Sprintf("%s-%s-%05d", w.name, kind, w.made.Add(1))
}

func (w *world) update(fn func(store.Tx) error) {
	w.Helper()
	if _, err := w.store.Update(w.ctx(), fn); err != nil {
		w.Fatalf("update: %v", err)
	}
}

func (w *world) view(fn func(store.Tx) error) {
	w.Helper()
	if err := w.store.View(w.ctx(), fn); err != nil {
		w.Fatalf("view: %v", err)
	}
}

// wants fails unless an error is the one wanted.
func (w *world) wants(what string, got, want error) {
	w.Helper()
	if !errors.Is(got, want) {
		w.Errorf("%s: error is %v, want %v", what, got, want)
	}
}

func (w *world) newSite(key string) site.Site {
	w.Helper()
	s := site.Site{Key: w.name + "-" + key, Name: "Site " + key, CreatedAt: began}
	w.update(func(tx store.Tx) error { return tx.InsertSite(&s) })
	return s
}

func (w *world) newPage(blog int64, url string) (p site.Page) {
	w.Helper()
	fresh := site.Page{ID: w.id("page"), Site: blog, URL: url, Title: "A page", Open: true, CreatedAt: began}
	w.update(func(tx store.Tx) (err error) {
		p, err = tx.EnsurePage(fresh)
		return err
	})
	return p
}

// A wish changes a comment before it is stored.
type wish func(*comment.Comment)

// draft is a waiting root comment on the world's page, with wishes granted.
func (w *world) draft(wishes ...wish) comment.Comment {
	n := w.made.Add(1)
	id := fmt.Sprintf("%s-c-%05d", w.name, n)
	c := comment.Comment{
		ID: id, Site: w.site.ID, Page: w.page.ID, Version: 1, Submissions: 1, FormAge: -1,
		Path: fmt.Sprintf("%016d", n), Source: "text of " + id, Search: "text of " + id,
		Verdict: comment.Verdict{Score: 0.5, Spam: 0.5}, CreatedAt: began, EditUntil: began.Add(time.Hour),
	}
	for _, grant := range wishes {
		grant(&c)
	}
	return c
}

func (w *world) comment(wishes ...wish) comment.Comment {
	w.Helper()
	c := w.draft(wishes...)
	w.insert(c)
	return c
}

func (w *world) insert(cs ...comment.Comment) {
	w.Helper()
	w.update(func(tx store.Tx) error {
		for _, c := range cs {
			if _, fresh, err := tx.InsertComment(c); err != nil || !fresh {
				return fmt.Errorf("insert %s: fresh %v, %w", c.ID, fresh, err)
			}
		}
		return nil
	})
}

// stored reads a comment back.
func (w *world) stored(id string) (c comment.Comment) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) {
		c, err = tx.CommentByID(w.site.ID, id)
		return err
	})
	return c
}

func at(offset time.Duration) wish {
	return func(c *comment.Comment) { c.CreatedAt = began.Add(offset) }
}

func in(s comment.State) wish {
	return func(c *comment.Comment) {
		c.State = s
		c.Shown = s == comment.Approved
	}
}

func same(key string) wish {
	return func(c *comment.Comment) { c.Same = []byte(key) }
}

func scored(score float64) wish {
	return func(c *comment.Comment) { c.Verdict.Score = score }
}

// together runs fn n times at one instant and waits for all.
func together(n int, fn func(i int)) {
	var gate, all sync.WaitGroup
	gate.Add(1)
	for i := range n {
		all.Go(func() {
			gate.Wait()
			fn(i)
		})
	}
	gate.Done()
	all.Wait()
}

// ids names comments, for messages.
func ids(cs []comment.Comment) []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.ID
	}
	return names
}
