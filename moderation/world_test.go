package moderation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/e2e/machine"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/thread"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/storetest"
)

// A clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A world is a real service over a real database, with two sites.
type world struct {
	t     testing.TB
	ctx   context.Context
	path  string // of the database, on SQLite
	db    database
	clock *clock
	s     *storetest.Rooms
	a, b  ground.Site
	posts int
}

// A database is what tests read and write past the rooms.
type database struct{ ground.Store[storetest.Tx] }

func (d database) Update(ctx context.Context, fn func(storetest.Tx) error) error {
	_, err := d.Store.Update(ctx, fn)
	return err
}

var testSecret = secret.Secret(bytes.Repeat([]byte("k"), 32))

func newWorld(t testing.TB) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "aitys.db")
	w := newWorldOn(t, "sqlite:"+path)
	w.path = path
	return w
}

// onBoth runs a test on SQLite and on Postgres: for what rests on their locks.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newWorld(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, newWorldOn(t, machine.Postgres(t))) })
}

func newWorldOn(t testing.TB, url string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}}
	db, err := store.Open(w.ctx, url, store.Options{})
	w.must(err)
	t.Cleanup(func() { _ = db.Close() }) // the test has its result by now
	w.must(db.Migrate(w.ctx))
	w.db = database{store.For[storetest.Tx](db)}
	w.s, err = storetest.Furnish(w.ctx, w.db.Store, testSecret, ground.Options{Clock: w.clock})
	w.must(err)
	w.a, w.b = w.site("a"), w.site("b")
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// site adds a site at https://KEY.example.
func (w *world) site(key string) ground.Site {
	w.t.Helper()
	site, _, err := w.s.AddSite(w.ctx, people.Operator,
		ground.Site{Key: key, Name: "Site " + key, Origins: []string{"https://" + key + ".example"}}, nil)
	w.must(err)
	return site
}

// person adds an account and returns it as it acts through a token of full scope.
func (w *world) person(name string, role people.Role, sites ...string) people.Actor {
	w.t.Helper()
	account, _, err := w.s.AddAccount(w.ctx, people.Operator, identity.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites,
	})
	w.must(err)
	return w.token(account.Email, people.ScopeAdmin)
}

func (w *world) token(email string, scope people.Scope, sites ...string) people.Actor {
	w.t.Helper()
	_, value, err := w.s.AddToken(w.ctx, people.Operator, identity.NewToken{Account: email, Scope: scope, Sites: sites})
	w.must(err)
	actor, err := w.s.ActorByToken(w.ctx, value)
	w.must(err)
	return actor
}

// submit posts a comment by a writer of its own, on the site's first page.
func (w *world) submit(site ground.Site, text string) comment.Comment {
	w.t.Helper()
	return w.answer(site, "", text)
}

func (w *world) answer(site ground.Site, parent, text string) comment.Comment {
	w.t.Helper()
	w.posts++
	w.clock.add(time.Millisecond)
	in := moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", PageTitle: "A post", Parent: parent,
		Name: fmt.Sprintf("Reader %d", w.posts), Email: fmt.Sprintf("reader%d@mail.example", w.posts), Body: text,
		Address: netip.AddrFrom4([4]byte{10, 0, byte(w.posts >> 8), byte(w.posts)}),
	}
	out, err := w.s.Submit(w.ctx, site, in)
	w.must(err)
	return w.comment(site, out.ID)
}

// submitOwn is submit with the edit token.
func (w *world) submitOwn(site ground.Site, text string) (comment.Comment, string) {
	w.t.Helper()
	w.posts++
	out, err := w.s.Submit(w.ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", Name: fmt.Sprintf("Reader %d", w.posts), Body: text,
		Email: fmt.Sprintf("reader%d@mail.example", w.posts),
	})
	w.must(err)
	return w.comment(site, out.ID), out.EditToken
}

// fill puts n waiting comments on a page in one transaction, and returns their ids.
func (w *world) fill(site ground.Site, n int) []string {
	w.t.Helper()
	first := w.submit(site, "The first of very many.")
	ids := make([]string, n)
	w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
		for i := range ids {
			c := first
			ids[i] = uuid.NewString()
			c.ID, c.Same, c.Path = ids[i], nil, fmt.Sprintf("%016d", i)
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// chatter is different for each i: copies of one text would teach the filter once.
func chatter(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	var words []string
	for range 8 {
		word := make([]byte, 4+r.IntN(4))
		for n := range word {
			word[n] = "bcdfghklmnprstvz"[r.IntN(16)]
			if n%2 == 1 {
				word[n] = "aeiou"[r.IntN(5)]
			}
		}
		words = append(words, string(word))
	}
	return strings.Join(words, " ")
}

// schooled decides comments of a page of their own, and has the filter learn them: what a site
// needs before its filter may act.
func (w *world) schooled(site ground.Site, ham, spam int) {
	w.t.Helper()
	w.posts++
	out, err := w.s.Submit(w.ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/school", Name: "Teacher", Body: fmt.Sprintf("The first of class %d.", w.posts),
	})
	w.must(err)
	first := w.comment(site, out.ID)
	ids := make([]string, ham+spam)
	ids[0] = first.ID
	w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
		for i := 1; i < len(ids); i++ {
			c := first
			ids[i] = uuid.NewString()
			c.ID, c.Same, c.Path = ids[i], nil, fmt.Sprintf("%016d", i)
			c.State, c.Shown = decision.Pending, false
			if c.Source = fmt.Sprintf("The tomatoes grew well, thank you: %s.", chatter(i)); i >= ham {
				c.Source = fmt.Sprintf("Cheap pills, order now at our casino, %s!", chatter(i))
			}
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	for some := range slices.Chunk(ids[:ham], 1_000) {
		w.decide(people.Operator, site, decision.Approve, some...)
	}
	for some := range slices.Chunk(ids[ham:], 1_000) {
		w.decide(people.Operator, site, decision.MarkSpam, some...)
	}
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
}

// decide makes one decision about comments in their current versions.
func (w *world) decide(who people.Actor, site ground.Site, action decision.Action, ids ...string) moderation.Outcome {
	w.t.Helper()
	return w.choose(who, site, moderation.Choice{Action: action}, ids...)
}

func (w *world) choose(who people.Actor, site ground.Site, in moderation.Choice, ids ...string) moderation.Outcome {
	w.t.Helper()
	in.Comments = w.refs(site, ids...)
	out, err := w.s.Decide(w.ctx, who, site, in)
	w.must(err)
	return out
}

func (w *world) refs(site ground.Site, ids ...string) []moderation.Ref {
	w.t.Helper()
	refs := make([]moderation.Ref, len(ids))
	for i, id := range ids {
		refs[i] = moderation.Ref{ID: id, Version: w.comment(site, id).Version}
	}
	return refs
}

func (w *world) undo(who people.Actor, site ground.Site, batch string) moderation.Outcome {
	w.t.Helper()
	out, err := w.s.Undo(w.ctx, who, site, batch, nil)
	w.must(err)
	return out
}

// comment reads a comment as it is stored.
func (w *world) comment(site ground.Site, id string) comment.Comment {
	w.t.Helper()
	var c comment.Comment
	w.view(func(tx storetest.Tx) (err error) {
		c, err = tx.CommentByID(site.ID, id)
		return err
	})
	return c
}

func (w *world) view(fn func(storetest.Tx) error) {
	w.t.Helper()
	w.must(w.db.View(w.ctx, fn))
}

// thread returns what readers see of a site's first page.
func (w *world) thread(site ground.Site) moderation.Thread {
	w.t.Helper()
	thread, err := w.s.Thread(w.ctx, site, thread.Request{PageURL: "https://" + site.Key + ".example/post", Limit: 100})
	w.must(err)
	return thread
}

// code is the stable code of an error, "" for none.
func code(err error) string {
	var e *problem.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

func wantCode(t testing.TB, what string, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func asError(err error, e **problem.Error) bool { return errors.As(err, e) }

// eventually waits for what another goroutine or process brings about.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick, end := time.NewTicker(5*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("after 30 s still not so: %s", what)
		}
	}
}
