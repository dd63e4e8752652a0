// Package apptest is the world of tests: an App over a real database, with two sites, readers who post and moderators who
// decide.
package apptest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A World is an App over a database, with two sites.
type World struct {
	T     testing.TB
	Ctx   context.Context
	Path  string // of the database, on New's
	DB    Database
	Clock *testkit.Clock
	S     *App
	A, B  site.Site
	Posts int // how many readers have written
}

// A Database is what tests read and write without a service.
type Database struct{ txn.Store[store.Tx] }

func (d Database) Update(ctx context.Context, fn func(store.Tx) error) error {
	_, err := d.Store.Update(ctx, fn)
	return err
}

var Secret = secret.Secret(bytes.Repeat([]byte("k"), 32))

// New has two sites, on a SQLite database of its own.
func New(t testing.TB) *World {
	t.Helper()
	url := testkit.SQLite(t)
	w := NewOn(t, url)
	w.Path = strings.TrimPrefix(url, "sqlite:")
	return w
}

// OnBoth runs a test once for each of testkit.Databases.
func OnBoth(t *testing.T, test func(t *testing.T, w *World)) {
	t.Helper()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		url := d.New(t)
		w := NewOn(t, url)
		if path, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
			w.Path = path
		}
		test(t, w)
	})
}

// NewOn is New on another database.
func NewOn(t testing.TB, url string) *World {
	t.Helper()
	w := Empty(t, url)
	w.A, w.B = w.AddSite("a"), w.AddSite("b")
	return w
}

// Empty has nobody and no site yet.
func Empty(t testing.TB, url string) *World {
	t.Helper()
	w := &World{T: t, Ctx: t.Context()}
	w.Clock = testkit.NewClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	w.DB = Database{Open(t, url, store.Options{})}
	w.S = w.Another(newBell(t, w.Clock))
	return w
}

// Open returns a migrated database, which is closed when the test ends.
func Open(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
	if err == nil {
		t.Cleanup(func() { _ = db.Close() }) // the test has its result by now
		err = db.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// AddSite adds a site at https://KEY.example.
func (w *World) AddSite(key string) site.Site {
	w.T.Helper()
	site, _, err := w.S.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: key, Name: "Site " + key, Origins: []string{"https://" + key + ".example"}}, nil)
	w.Must(err)
	return site
}

// AddPerson adds an account and returns its actor in a session.
func (w *World) AddPerson(name string, role authz.Role, sites ...string) authz.Actor {
	w.T.Helper()
	account, _, err := w.S.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites,
	})
	w.Must(err)
	return w.Session(account)
}

// Session returns the actor of a new session of an account, without the cost of hashing a password.
func (w *World) Session(a authz.Account) authz.Actor {
	w.T.Helper()
	value, hash := secret.New("")
	now := w.Clock.Now()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		return tx.InsertSession(authz.Session{Hash: hash, ID: txn.NewID(), Account: a.ID, CreatedAt: now, SeenAt: now,
			ExpiresAt: now.Add(time.Hour)})
	}))
	actor, err := w.S.ActorBySession(w.Ctx, value)
	w.Must(err)
	return actor
}

func (w *World) AddToken(email string, scope authz.Scope, sites ...string) authz.Actor {
	w.T.Helper()
	_, value, err := w.S.AddToken(w.Ctx, authz.Operator, identity.NewToken{Account: email, Scope: scope, Sites: sites})
	w.Must(err)
	actor, err := w.S.ActorByToken(w.Ctx, value)
	w.Must(err)
	return actor
}

// InFile counts how often a word stands in any byte of New's file and its WAL, after a checkpoint.
func (w *World) InFile(word string) (n int) {
	w.T.Helper()
	raw, err := sql.Open("sqlite", w.Path)
	w.Must(err)
	defer raw.Close()
	_, err = raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	w.Must(err)
	for _, name := range []string{w.Path, w.Path + "-wal"} {
		file, err := os.ReadFile(name)
		w.Must(err)
		n += bytes.Count(file, []byte(word))
	}
	return n
}

// Submit Posts a comment by a writer of its own, on the site's first page.
func (w *World) Submit(site site.Site, text string) comment.Comment {
	w.T.Helper()
	return w.Answer(site, "", text)
}

func (w *World) Answer(site site.Site, parent, text string) comment.Comment {
	w.T.Helper()
	w.Posts++
	w.Clock.Add(time.Millisecond)
	in := moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", PageTitle: "A post", Parent: parent,
		Name: fmt.Sprintf("Reader %d", w.Posts), Email: fmt.Sprintf("reader%d@mail.example", w.Posts), Body: text,
		Address: netip.AddrFrom4([4]byte{10, 0, byte(w.Posts >> 8), byte(w.Posts)}),
	}
	out, err := w.S.Submit(w.Ctx, site, in)
	w.Must(err)
	return w.Comment(site, out.ID)
}

// SubmitOwn is submit with the edit token.
func (w *World) SubmitOwn(site site.Site, text string) (comment.Comment, string) {
	w.T.Helper()
	w.Posts++
	out, err := w.S.Submit(w.Ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", Name: fmt.Sprintf("Reader %d", w.Posts), Body: text,
		Email: fmt.Sprintf("reader%d@mail.example", w.Posts),
	})
	w.Must(err)
	return w.Comment(site, out.ID), out.EditToken
}

// Decide makes one decision about comments in their current versions.
func (w *World) Decide(who authz.Actor, site site.Site, action comment.Action, ids ...string) moderation.Outcome {
	w.T.Helper()
	return w.Choose(who, site, moderation.Choice{Action: action}, ids...)
}

func (w *World) Choose(who authz.Actor, site site.Site, in moderation.Choice, ids ...string) moderation.Outcome {
	w.T.Helper()
	in.Comments = w.Refs(site, ids...)
	out, err := w.S.Decide(w.Ctx, who, site, in)
	w.Must(err)
	return out
}

func (w *World) Refs(site site.Site, ids ...string) []moderation.Ref {
	w.T.Helper()
	refs := make([]moderation.Ref, len(ids))
	for i, id := range ids {
		refs[i] = moderation.Ref{ID: id, Version: w.Comment(site, id).Version}
	}
	return refs
}

func (w *World) Undo(who authz.Actor, site site.Site, batch string) moderation.Outcome {
	w.T.Helper()
	out, err := w.S.Undo(w.Ctx, who, site, batch, nil)
	w.Must(err)
	return out
}

// Comment reads a comment as it is stored.
func (w *World) Comment(site site.Site, id string) comment.Comment {
	w.T.Helper()
	var c comment.Comment
	w.View(func(tx store.Tx) (err error) {
		c, err = tx.CommentByID(site.ID, id)
		return err
	})
	return c
}

func (w *World) View(fn func(store.Tx) error) {
	w.T.Helper()
	w.Must(w.DB.View(w.Ctx, fn))
}

// Thread returns what readers see of a site's first page.
func (w *World) Thread(site site.Site) moderation.Thread {
	w.T.Helper()
	thread, err := w.S.Thread(w.Ctx, site, comment.ThreadRequest{PageURL: "https://" + site.Key + ".example/post",
		Limit: 100})
	w.Must(err)
	return thread
}

// Code is the stable Code of an error, "" for none.
func Code(err error) string {
	var e *problem.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

func WantCode(t testing.TB, what string, err error, want string) {
	t.Helper()
	if got := Code(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func AsError(err error, e **problem.Error) bool { return errors.As(err, e) }

// MailedCode is the code that an address would read in its mail.
func (w *World) MailedCode(site site.Site, email string) (code string) {
	w.T.Helper()
	w.View(func(tx store.Tx) error {
		mailed, err := tx.MailedCode(site.ID, mailbox.Box(Secret, text.AddressOf(email)))
		code = mailbox.CodeOf(Secret, mailed.Letter)
		return err
	})
	return code
}

// Run runs an App until the test ends.
func (w *World) Run(s *App) {
	w.T.Helper()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	w.T.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			w.T.Errorf("run: %v", err)
		}
	})
	testkit.Until(w.T, "it is ready", func() bool { return s.Ready(w.Ctx) == nil })
}

// Followed waits until the follower of a name has done what was to be done for all that has happened.
func Followed(w *World, name string) {
	w.T.Helper()
	testkit.Until(w.T, name+" has followed", func() (followed bool) {
		w.View(func(tx store.Tx) error {
			at, err := tx.Follower(name)
			if errors.Is(err, txn.ErrNotFound) || at.Lost {
				return nil // not yet
			}
			if err != nil {
				return err
			}
			left, _, err := tx.EventsAfter(at.At, 1)
			followed = len(left) == 0
			return err
		})
		return followed
	})
}

// NewApp returns another App over s, as of a second process, or of one whose database fails.
func (w *World) NewApp(s txn.Store[store.Tx]) *App {
	w.T.Helper()
	return w.NewAppWith(s, app.Coordination{}, app.Options{})
}

// NewAppWith is NewApp with a Coordination and Options, of which the clock is that of the world.
func (w *World) NewAppWith(s txn.Store[store.Tx], c app.Coordination, o app.Options) *App {
	w.T.Helper()
	o.Clock = w.Clock
	a, err := NewApp(w.Ctx, s, c, Secret, o)
	w.Must(err)
	return a
}

// Another returns another App on the world's database.
func (w *World) Another(bell txn.Bell) *App {
	w.T.Helper()
	return w.NewAppWith(w.DB.Store, app.Coordination{Bell: bell}, app.Options{})
}

// Publish lets a site's comments be public at once.
func (w *World) Publish(site site.Site) {
	w.T.Helper()
	var err error
	w.A, err = w.S.SetSite(w.Ctx, authz.Operator, site.Key, map[string]string{"moderation": "none"})
	w.Must(err)
}

// Entries are those of a batch.
func (w *World) Entries(batch string) (all []auditlog.Entry) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		all, err = tx.Batch(w.A.ID, batch)
		return err
	})
	return all
}

func (w *World) Head(site site.Site) (head auditlog.Head) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		head, err = tx.Head(site.ID)
		return err
	})
	return head
}

func (w *World) Queue(who authz.Actor, req comment.QueueRequest) moderation.QueuePage {
	w.T.Helper()
	q, err := w.S.Queue(w.Ctx, who, w.A, req)
	w.Must(err)
	return q
}

// Standing returns the labels of the lessons that count, by seq.
func (w *World) Standing(site site.Site) map[uint64]string {
	w.T.Helper()
	lessons := map[uint64]string{}
	w.View(func(tx store.Tx) error {
		return tx.EachLesson(site.ID, 0, func(l classifier.Lesson) error {
			lessons[l.Seq] = l.Label.String() + ": " + l.Comment.Text
			return nil
		})
	})
	return lessons
}
