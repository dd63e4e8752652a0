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

// A rule is one rule of the contract; says is its name.
type rule struct {
	name  string
	check func(*env)
}

func TestStore_Contract(t *testing.T) {
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

// run checks a store against the whole contract and returns the number of rules checked.
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
			t.Run(r.name, func(t *testing.T) {
				r.check(newEnv(t, kept, fmt.Sprintf("w%d", n)))
				ran = true
			})
			if ran {
				checked++
			}
		}
	}
	return checked
}

// began is the base of all times in these tests.
var began = time.Date(2026, 5, 4, 3, 2, 1, 123456000, time.UTC)

// waitTimeout is the timeout of tests that wait.
const waitTimeout = 30 * time.Second

// An env is a store with a site and a page for one test.
type env struct {
	*testing.T
	store  txn.Store[store.Tx]
	name   string
	site   site.Site
	page   site.Page
	serial atomic.Int64 // number of names generated
}

func newEnv(t *testing.T, store txn.Store[store.Tx], name string) *env {
	w := &env{T: t, store: store, name: name}
	w.site = w.newSite("a")
	w.page = w.newPage(w.site.ID, "https://"+name+".example/post")
	return w
}

func (w *env) ctx() context.Context { return w.Context() }

// id returns a name that is unique in the suite.
func (w *env) id(kind string) string {
	return fmt.Sprintf("%s-%s-%05d", w.name, kind, w.serial.Add(1))
}

func (w *env) update(fn func(store.Tx) error) {
	w.Helper()
	if _, err := w.store.Update(w.ctx(), fn); err != nil {
		w.Fatalf("update: %v", err)
	}
}

func (w *env) view(fn func(store.Tx) error) {
	w.Helper()
	if err := w.store.View(w.ctx(), fn); err != nil {
		w.Fatalf("view: %v", err)
	}
}

// wants fails unless got is want.
func (w *env) wants(what string, got, want error) {
	w.Helper()
	if !errors.Is(got, want) {
		w.Errorf("%s: error is %v, want %v", what, got, want)
	}
}

func (w *env) newSite(key string) site.Site {
	w.Helper()
	s := site.Site{Key: w.name + "-" + key, Name: "Site " + key, CreatedAt: began}
	w.update(func(tx store.Tx) error { return tx.InsertSite(&s) })
	return s
}

func (w *env) newPage(blog int64, url string) (p site.Page) {
	w.Helper()
	fresh := site.Page{ID: w.id("page"), Site: blog, URL: url, Title: "A page", Open: true, CreatedAt: began}
	w.update(func(tx store.Tx) (err error) {
		p, err = tx.EnsurePage(fresh)
		return err
	})
	return p
}

// An edit changes a comment before it is stored.
type edit func(*comment.Comment)

// draft returns a pending root comment on the env's page, with edits applied.
func (w *env) draft(wishes ...edit) comment.Comment {
	n := w.serial.Add(1)
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

func (w *env) comment(wishes ...edit) comment.Comment {
	w.Helper()
	c := w.draft(wishes...)
	w.insert(c)
	return c
}

func (w *env) insert(cs ...comment.Comment) {
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

// stored returns a comment from the store.
func (w *env) stored(id string) (c comment.Comment) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) {
		c, err = tx.CommentByID(w.site.ID, id)
		return err
	})
	return c
}

func at(offset time.Duration) edit {
	return func(c *comment.Comment) { c.CreatedAt = began.Add(offset) }
}

func in(s comment.State) edit {
	return func(c *comment.Comment) {
		c.State = s
		c.Shown = s == comment.Approved
	}
}

func same(key string) edit {
	return func(c *comment.Comment) { c.Same = []byte(key) }
}

func scored(score float64) edit {
	return func(c *comment.Comment) { c.Verdict.Score = score }
}

// runConcurrently runs fn n times concurrently and waits for all.
func runConcurrently(n int, fn func(i int)) {
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

// ids returns the IDs of comments.
func ids(cs []comment.Comment) []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.ID
	}
	return names
}
