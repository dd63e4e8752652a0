package desk_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A world is the real service with the desk and one site, on SQLite unless a test names another database.
type world struct {
	*apptest.Env
	reads  atomic.Int64 // read-only transactions
	writes writeFault
	log    testkit.Log // of the service
	noLog  atomic.Bool // exports cannot read the log
	url    string
	routes []*echo.Route
	site   site.Site
}

// counting counts the read-only transactions of a world, and fails its others on request. With noLog, reads of the log
// fail in Views.
type counting struct {
	txn.Store[store.Tx]
	reads  *atomic.Int64
	writes *writeFault
	noLog  *atomic.Bool
}

// A writeFault makes transactions that write fail.
type writeFault struct{ on, left atomic.Int64 }

// after lets n more transactions succeed. The next ones fail, until clear.
func (f *writeFault) after(n int64) {
	f.left.Store(n)
	f.on.Store(1)
}

func (f *writeFault) clear() { f.on.Store(0) }

func (c counting) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if c.writes.on.Load() == 1 && c.writes.left.Add(-1) < 0 {
		return nil, errors.New("disk on fire")
	}
	return c.Store.Update(ctx, fn)
}

func (c counting) Views(ctx context.Context, n int, fn func([]store.Tx) error) error {
	return c.Store.Views(ctx, n, func(all []store.Tx) error {
		for i, tx := range all {
			all[i] = logless{tx, c.noLog}
		}
		return fn(all)
	})
}

type logless struct {
	store.Tx
	noLog *atomic.Bool
}

func (tx logless) DecisionsAfter(site int64, seq uint64, limit int) ([]auditlog.Entry, error) {
	if tx.noLog.Load() {
		return nil, errors.New("the disk cannot be read")
	}
	return tx.Tx.DecisionsAfter(site, seq, limit)
}

func (c counting) View(ctx context.Context, fn func(store.Tx) error) error {
	c.reads.Add(1)
	return c.Store.View(ctx, fn)
}

const password = "three odd words"

// emptyWorld returns a world without accounts and sites.
func emptyWorld(t *testing.T) *world {
	t.Helper()
	return emptyWorldOn(t, testkit.SQLite(t))
}

func emptyWorldOn(t *testing.T, database string) *world {
	t.Helper()
	w := &world{Env: apptest.NewEmpty(t, database)}
	w.DB.Store = counting{w.DB.Store, &w.reads, &w.writes, &w.noLog}
	log := slog.New(slog.NewTextHandler(&w.log, nil))
	alone, err := coord.Open(w.Ctx, coord.Options{Secret: apptest.Secret, Clock: w.Clock, Log: log})
	w.Must(err)
	w.url = testkit.Serve(t, func(public *url.URL) *http.Server {
		w.App = w.NewAppWith(w.DB.Store, app.Coordination{OriginRequests: alone, Presences: alone}, app.Options{PublicURL: public, Log: log})
		front := w.App.Handler(func(e *echo.Echo, _ *web.Kit) { w.routes = e.Routes() })
		t.Cleanup(front.Close)
		t.Cleanup(w.App.Uploads.Close)
		return web.NewServer(front, log)
	})
	return w
}

// newWorld returns a world with the site "blog" and its owner Olga.
func newWorld(t *testing.T) *world {
	t.Helper()
	return emptyWorld(t).withBlog()
}

// onBoth runs a test on a world of each database in testkit.Databases.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		t.Parallel()
		test(t, emptyWorldOn(t, d.New(t)).withBlog())
	})
}

func (w *world) withBlog() *world {
	w.T.Helper()
	blog := site.Site{Key: "blog", Name: "The Blog", Origins: []string{"https://blog.example"}}
	var err error
	w.site, _, err = w.App.AddSite(w.Ctx, authz.Operator, blog, nil)
	w.Must(err)
	w.account("Olga", authz.Owner)
	return w
}

func (w *world) account(name string, role authz.Role, sites ...string) {
	w.T.Helper()
	_, _, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
		Email: strings.ToLower(name) + "@staff.example", Name: name, Role: role, Sites: sites, Password: password,
	})
	w.Must(err)
}

// as returns a browser that is signed in as an account.
func (w *world) as(name string) *browser {
	w.T.Helper()
	b := newBrowser(w.T, w.url)
	b.open("/moderate/signin")
	return b.press(b.doc, "Sign in", fields{"email": strings.ToLower(name) + "@staff.example", "password": password})
}

// actor returns an account's actor, for calls without a browser.
func (w *world) actor(name string) authz.Actor {
	w.T.Helper()
	in, err := w.App.SignIn(w.Ctx, strings.ToLower(name)+"@staff.example", password, identity.Browser{Agent: "test"})
	w.Must(err)
	return in.Actor
}

// post posts a comment as a reader.
func (w *world) post(text string) comment.Comment {
	w.T.Helper()
	w.Clock.Add(time.Second)
	return w.submit(moderation.Submission{Name: "Reader", Body: text})
}

func (w *world) submit(in moderation.Submission) comment.Comment {
	w.T.Helper()
	if in.PageURL == "" {
		in.PageURL, in.PageTitle = "https://blog.example/post", "A post"
	}
	return w.submitTo(w.site, in)
}

func (w *world) submitTo(of site.Site, in moderation.Submission) comment.Comment {
	w.T.Helper()
	got, err := w.App.Submit(w.Ctx, of, in)
	w.Must(err)
	return w.now(comment.Comment{Site: of.ID, ID: got.ID})
}

// addSite adds a site at https://KEY.example with a pending comment "Remark on KEY.", and returns both.
func (w *world) addSite(key string) (site.Site, comment.Comment) {
	w.T.Helper()
	of, _, err := w.App.AddSite(w.Ctx, authz.Operator,
		site.Site{Key: key, Name: "On " + key, Origins: []string{"https://" + key + ".example"}}, nil)
	w.Must(err)
	w.Clock.Add(time.Second)
	return of, w.submitTo(of, moderation.Submission{PageURL: "https://" + key + ".example/post", Name: "Reader",
		Body: "Remark on " + key + "."})
}

// now returns the current version of a comment.
func (w *world) now(c comment.Comment) comment.Comment {
	w.T.Helper()
	of := w.site
	if c.Site != 0 {
		of.ID = c.Site
	}
	it, _, err := w.App.Item(w.Ctx, authz.Operator, of, c.ID)
	w.Must(err)
	return it.Comment
}

func (w *world) stands(c comment.Comment, want comment.State) {
	w.T.Helper()
	if got := w.now(c).State; got != want {
		w.T.Fatalf("the comment %q is %v, want %v", c.Source, got, want)
	}
}
