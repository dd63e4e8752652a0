package desk_test

import (
	"context"
	"log/slog"
	"net"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/roomstest"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/storetest"
)

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

// A world is the real service over SQLite with the desk before it, and one site.
type world struct {
	t     *testing.T
	ctx   context.Context
	s     *roomstest.Rooms
	clock *clock
	url   string
	site  ground.Site
}

const password = "three odd words"

// emptyWorld has no account and no site.
func emptyWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}}
	db, err := store.Open(w.ctx, "sqlite:"+filepath.Join(t.TempDir(), "aitys.db"), store.Options{})
	w.must(err)
	t.Cleanup(func() { _ = db.Close() }) // the test is over
	w.must(db.Migrate(w.ctx))
	log := slog.New(slog.DiscardHandler)
	w.s, err = roomstest.Furnish(w.ctx, store.For[storetest.Tx](db), secret.Secret(strings.Repeat("k", 32)), ground.Options{Clock: w.clock, Log: log})
	w.must(err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	kit := web.New(web.Options{Process: w.s.Process, Identity: w.s.Identity, Learning: w.s.Learning, Service: w.s.Moderation, Clock: w.clock, Log: log, PublicURL: &url.URL{Scheme: "http", Host: listener.Addr().String()}})
	e := kit.NewEcho()
	desk.Register(e, kit)
	server := &httptest.Server{Listener: listener, Config: web.NewServer(e, log)}
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// newWorld has the site "blog" with an owner.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := emptyWorld(t)
	site, _, err := w.s.AddSite(w.ctx, people.Operator, ground.Site{Key: "blog", Name: "The Blog", Origins: []string{"https://blog.example"}}, nil)
	w.must(err)
	w.site = site
	w.account("Olga", people.Owner)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) account(name string, role people.Role, sites ...string) {
	w.t.Helper()
	_, _, err := w.s.AddAccount(w.ctx, people.Operator, identity.NewAccount{
		Email: strings.ToLower(name) + "@staff.example", Name: name, Role: role, Sites: sites, Password: password,
	})
	w.must(err)
}

// as signs in as somebody.
func (w *world) as(name string) *browser {
	w.t.Helper()
	b := newBrowser(w.t, w.url)
	b.open("/moderate/signin")
	return b.press(b.doc, "Sign in", fields{"email": strings.ToLower(name) + "@staff.example", "password": password})
}

// actor is somebody without a browser.
func (w *world) actor(name string) people.Actor {
	w.t.Helper()
	in, err := w.s.SignIn(w.ctx, strings.ToLower(name)+"@staff.example", password, "test")
	w.must(err)
	return in.Actor
}

// post posts a comment as a reader.
func (w *world) post(text string) comment.Comment {
	w.t.Helper()
	w.clock.add(time.Second)
	return w.submit(moderation.Submission{Name: "Reader", Body: text})
}

func (w *world) submit(in moderation.Submission) comment.Comment {
	w.t.Helper()
	if in.PageURL == "" {
		in.PageURL, in.PageTitle = "https://blog.example/post", "A post"
	}
	got, err := w.s.Submit(w.ctx, w.site, in)
	w.must(err)
	return w.now(comment.Comment{ID: got.ID})
}

// now is a comment as it stands.
func (w *world) now(c comment.Comment) comment.Comment {
	w.t.Helper()
	it, _, err := w.s.Item(w.ctx, people.Operator, w.site, c.ID)
	w.must(err)
	return it.Comment
}

func (w *world) stands(c comment.Comment, want comment.State) {
	w.t.Helper()
	if got := w.now(c).State; got != want {
		w.t.Fatalf("the comment %q is %v, want %v", c.Source, got, want)
	}
}
