// Package apptest is the environment of tests: an App over a real database, with two sites, readers who submit comments
// and moderators who decide on them. Tests use it as users of the services; it mocks nothing.
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

// An Env is an App over a database, with two sites.
type Env struct {
	T          testing.TB
	Ctx        context.Context
	Path       string // of the SQLite file, if New created it
	DB         Database
	Clock      *testkit.Clock
	App        *App
	A, B       site.Site
	Commenters int // number of commenters
}

// A Database gives tests access to the store without a service.
type Database struct{ txn.Store[store.Tx] }

func (d Database) Update(ctx context.Context, fn func(store.Tx) error) error {
	_, err := d.Store.Update(ctx, fn)
	return err
}

// Secret is the server's secret in tests.
var Secret = secret.Secret(bytes.Repeat([]byte("k"), 32))

// New returns an Env with two sites on a new SQLite database.
func New(t testing.TB) *Env {
	t.Helper()
	url := testkit.SQLite(t)
	w := NewOn(t, url)
	w.Path = strings.TrimPrefix(url, "sqlite:")
	return w
}

// OnBoth runs a test on a new database of each of testkit.Databases.
func OnBoth(t *testing.T, test func(t *testing.T, w *Env)) {
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

// NewOn is New on the database at url.
func NewOn(t testing.TB, url string) *Env {
	t.Helper()
	w := NewEmpty(t, url)
	w.A, w.B = w.AddSite("a"), w.AddSite("b")
	return w
}

// NewEmpty returns an Env without accounts and sites on the database at url.
func NewEmpty(t testing.TB, url string) *Env {
	t.Helper()
	w := &Env{T: t, Ctx: t.Context()}
	w.Clock = testkit.NewClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))
	w.DB = Database{Open(t, url, store.Options{})}
	w.App = w.AnotherApp(newBell(t, w.Clock))
	return w
}

// Open returns a migrated database that is closed when the test ends.
func Open(t testing.TB, url string, o store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, o)
	if err == nil {
		t.Cleanup(func() { _ = db.Close() }) // the test is over
		err = db.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func (w *Env) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// AddSite adds a site at https://KEY.example.
func (w *Env) AddSite(key string) site.Site {
	w.T.Helper()
	site, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: key, Name: "Site " + key, Origins: []string{"https://" + key + ".example"}}, nil)
	w.Must(err)
	return site
}

// AddStaff adds a staff account and returns its actor in a session.
func (w *Env) AddStaff(name string, role authz.Role, sites ...string) authz.Actor {
	w.T.Helper()
	account, _, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
		Email: name + "@staff.example", Name: name, Role: role, Sites: sites,
	})
	w.Must(err)
	return w.Session(account)
}

// Session returns the actor of a new session of an account. It skips the slow password hash.
func (w *Env) Session(a authz.Account) authz.Actor {
	w.T.Helper()
	value, hash := secret.New("")
	now := w.Clock.Now()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		return tx.InsertSession(authz.Session{Hash: hash, ID: txn.NewID(), Account: a.ID, CreatedAt: now, SeenAt: now,
			ExpiresAt: now.Add(time.Hour)})
	}))
	actor, err := w.App.ActorBySession(w.Ctx, value)
	w.Must(err)
	return actor
}

// AddToken adds an API token to the account with an e-mail address and returns its actor.
func (w *Env) AddToken(email string, scope authz.Scope, sites ...string) authz.Actor {
	w.T.Helper()
	_, value, err := w.App.AddToken(w.Ctx, authz.Operator, identity.NewToken{Account: email, Scope: scope, Sites: sites})
	w.Must(err)
	actor, err := w.App.ActorByToken(w.Ctx, value)
	w.Must(err)
	return actor
}

// CountInFile counts the occurrences of a word in the bytes of the SQLite file and its WAL, after a checkpoint.
func (w *Env) CountInFile(word string) (n int) {
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

// Submit submits a comment by a new commenter on the site's first page.
func (w *Env) Submit(site site.Site, text string) comment.Comment {
	w.T.Helper()
	return w.Reply(site, "", text)
}

// Reply is Submit for a reply to parent.
func (w *Env) Reply(site site.Site, parent, text string) comment.Comment {
	w.T.Helper()
	w.Commenters++
	w.Clock.Add(time.Millisecond)
	in := moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", PageTitle: "A post", Parent: parent,
		Name: fmt.Sprintf("Reader %d", w.Commenters), Email: fmt.Sprintf("reader%d@mail.example", w.Commenters), Body: text,
		Address: netip.AddrFrom4([4]byte{10, 0, byte(w.Commenters >> 8), byte(w.Commenters)}),
	}
	out, err := w.App.Submit(w.Ctx, site, in)
	w.Must(err)
	return w.Comment(site, out.ID)
}

// SubmitWithToken is Submit, but also returns the edit token.
func (w *Env) SubmitWithToken(site site.Site, text string) (comment.Comment, string) {
	w.T.Helper()
	w.Commenters++
	out, err := w.App.Submit(w.Ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", Name: fmt.Sprintf("Reader %d", w.Commenters), Body: text,
		Email: fmt.Sprintf("reader%d@mail.example", w.Commenters),
	})
	w.Must(err)
	return w.Comment(site, out.ID), out.EditToken
}

// Decide makes one decision about comments in their current versions.
func (w *Env) Decide(who authz.Actor, site site.Site, action comment.Action, ids ...string) moderation.Outcome {
	w.T.Helper()
	return w.DecideWith(who, site, moderation.Choice{Action: action}, ids...)
}

// DecideWith makes the decision in about comments in their current versions.
func (w *Env) DecideWith(who authz.Actor, site site.Site, in moderation.Choice, ids ...string) moderation.Outcome {
	w.T.Helper()
	in.Comments = w.Refs(site, ids...)
	out, err := w.App.Decide(w.Ctx, who, site, in)
	w.Must(err)
	return out
}

// Refs returns references to comments in their current versions.
func (w *Env) Refs(site site.Site, ids ...string) []moderation.Ref {
	w.T.Helper()
	refs := make([]moderation.Ref, len(ids))
	for i, id := range ids {
		refs[i] = moderation.Ref{ID: id, Version: w.Comment(site, id).Version}
	}
	return refs
}

func (w *Env) Undo(who authz.Actor, site site.Site, batch string) moderation.Outcome {
	w.T.Helper()
	out, err := w.App.Undo(w.Ctx, who, site, batch, nil)
	w.Must(err)
	return out
}

// Comment returns a comment from the store.
func (w *Env) Comment(site site.Site, id string) comment.Comment {
	w.T.Helper()
	var c comment.Comment
	w.View(func(tx store.Tx) (err error) {
		c, err = tx.CommentByID(site.ID, id)
		return err
	})
	return c
}

func (w *Env) View(fn func(store.Tx) error) {
	w.T.Helper()
	w.Must(w.DB.View(w.Ctx, fn))
}

// Thread returns the public thread of a site's first page.
func (w *Env) Thread(site site.Site) moderation.Thread {
	w.T.Helper()
	thread, err := w.App.Thread(w.Ctx, site, comment.ThreadRequest{PageURL: "https://" + site.Key + ".example/post",
		Limit: 100})
	w.Must(err)
	return thread
}

// Code returns the code of a problem.Error, the text of another error, or "" for nil.
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

// WantCode fails the test unless err has the code want.
func WantCode(t testing.TB, what string, err error, want string) {
	t.Helper()
	if got := Code(err); got != want {
		t.Errorf("%s: got %q (%v), want %q", what, got, err, want)
	}
}

func AsError(err error, e **problem.Error) bool { return errors.As(err, e) }

// MailedCode returns the code that was mailed to an address.
func (w *Env) MailedCode(site site.Site, email string) (code string) {
	w.T.Helper()
	w.View(func(tx store.Tx) error {
		mailed, err := tx.MailedCode(site.ID, mailbox.AddressHash(Secret, text.AddressOf(email)))
		code = mailbox.CodeOf(Secret, mailed.Letter)
		return err
	})
	return code
}

// Run runs an App until the test ends.
func (w *Env) Run(s *App) {
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

// WaitFollower waits until the named follower has handled all events.
func WaitFollower(w *Env, name string) {
	w.T.Helper()
	testkit.Until(w.T, name+" has followed", func() (followed bool) {
		w.View(func(tx store.Tx) error {
			at, err := tx.Follower(name)
			if errors.Is(err, txn.ErrNotFound) || at.Lost {
				return nil // not started yet
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

// NewApp returns another App over s, for example a second process, or one whose database fails.
func (w *Env) NewApp(s txn.Store[store.Tx]) *App {
	w.T.Helper()
	return w.NewAppWith(s, app.Coordination{}, app.Options{})
}

// NewAppWith is NewApp with a Coordination and Options. It sets the clock to that of w.
func (w *Env) NewAppWith(s txn.Store[store.Tx], c app.Coordination, o app.Options) *App {
	w.T.Helper()
	o.Clock = w.Clock
	a, err := NewApp(w.Ctx, s, c, Secret, o)
	w.Must(err)
	return a
}

// AnotherApp returns another App on the same database.
func (w *Env) AnotherApp(bell txn.Bell) *App {
	w.T.Helper()
	return w.NewAppWith(w.DB.Store, app.Coordination{Bell: bell}, app.Options{})
}

// Publish turns off moderation for a site, so that comments are public immediately, and updates w.A.
func (w *Env) Publish(site site.Site) {
	w.T.Helper()
	var err error
	w.A, err = w.App.SetSite(w.Ctx, authz.Operator, site.Key, map[string]string{"moderation": "none"})
	w.Must(err)
}

// Entries returns the log entries of a batch on site A.
func (w *Env) Entries(batch string) (all []auditlog.Entry) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		all, err = tx.Batch(w.A.ID, batch)
		return err
	})
	return all
}

func (w *Env) Head(site site.Site) (head auditlog.Head) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		head, err = tx.Head(site.ID)
		return err
	})
	return head
}

func (w *Env) Queue(who authz.Actor, req comment.QueueRequest) moderation.QueuePage {
	w.T.Helper()
	q, err := w.App.Queue(w.Ctx, who, w.A, req)
	w.Must(err)
	return q
}

// CountingLessons returns the label and text of each lesson that counts, by seq.
func (w *Env) CountingLessons(site site.Site) map[uint64]string {
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
