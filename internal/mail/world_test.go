package mail_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	from   = "comments@service.example"
	public = "https://service.example"
)

// A world is an apptest app with a mail server.
type world struct {
	*apptest.Env
	box   *testkit.MailServer
	log   *logs
	first comment.Comment // the template of other comments; it is approved
}

func newWorld(t testing.TB, in *apptest.Env) *world {
	w := &world{Env: in, box: testkit.NewMailServer(t), log: &logs{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the service logged:\n%s", w.log)
		}
	})
	w.first = w.Submit(w.A, "A remark of which many are made.")
	w.Decide(authz.Operator, w.A, comment.Approve, w.first.ID)
	return w
}

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	apptest.OnBoth(t, func(t *testing.T, in *apptest.Env) { test(t, newWorld(t, in)) })
}

// logs collects log output. It is safe for concurrent use.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var _ io.Writer = (*logs)(nil)

// narrow is the store with the transactions of package mail.
type narrow struct {
	txn.Store[mail.Tx]
	whole txn.Store[store.Tx]
}

func (s narrow) View(ctx context.Context, fn func(mail.Tx) error) error {
	return s.whole.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (s narrow) Update(ctx context.Context, fn func(mail.Tx) error) ([]event.Event, error) {
	return s.whole.Update(ctx, func(tx store.Tx) error { return fn(tx) })
}

type events struct {
	txn.Store[txn.EventTx]
	whole txn.Store[store.Tx]
}

func (s events) View(ctx context.Context, fn func(txn.EventTx) error) error {
	return s.whole.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (s events) Update(ctx context.Context, fn func(txn.EventTx) error) ([]event.Event, error) {
	return s.whole.Update(ctx, func(tx store.Tx) error { return fn(tx) })
}

// often is a txn.Bell that rings every 20 ms, so that tests need not wait for seconds.
type often struct{}

func (often) Ring(context.Context) {}

func (often) Rings(ctx context.Context) <-chan struct{} {
	rings := make(chan struct{})
	go func() {
		defer close(rings)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				select {
				case rings <- struct{}{}:
				case <-ctx.Done():
				}
			}
		}
	}()
	return rings
}

// A delayed store calls before once, just before the next Update.
type delayed struct {
	txn.Store[store.Tx]
	before atomic.Pointer[func()]
}

func (s *delayed) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if before := s.before.Swap(nil); before != nil {
		(*before)()
	}
	return s.Store.Update(ctx, fn)
}

// service returns a mail service that acts as a process of its own.
func (w *world) service() *mail.Service {
	w.T.Helper()
	s, err := serviceOf(w.DB.Store, w.Clock, w.box.URL, w.log)
	w.Must(err)
	return s
}

func serviceOf(
	db txn.Store[store.Tx], clock txn.Clock, server string, log io.Writer,
) (*mail.Service, error) {
	to, err := mail.ParseServer(server)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(public)
	p := txn.NewProcess(txn.Options{
		Store: events{whole: db}, Clock: clock, Log: slog.New(slog.NewTextHandler(log, nil)), Bell: often{},
	})
	return mail.New(mail.Options{
		Process: p, Store: narrow{whole: db}, Secret: apptest.Secret, Server: to,
		From: netmail.Address{Address: from}, Public: address, Zone: time.UTC,
	}).WithPollInterval(20 * time.Millisecond), err
}

// run runs a service until stop is called. When run returns, the service follows events.
func (w *world) run(s *mail.Service) (stop func()) {
	w.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.T.Errorf("run: %v", err)
		}
	})
	w.T.Cleanup(stop)
	apptest.WaitFollower(w.Env, "mail")
	return stop
}

// chooses changes the mail settings of an account.
func (w *world) chooses(who authz.Actor, mail authz.Mail, from float64, lang string) {
	w.T.Helper()
	_, err := w.App.SetAccount(w.Ctx, authz.Operator, who.ID(), identity.AccountChange{
		Mail: &mail, MailFrom: &from, MailLang: lang,
	})
	w.Must(err)
}

// arrives inserts a pending comment with an arrived event. change may set its fields, such as the verdict.
func (w *world) arrives(change func(*comment.Comment)) comment.Comment {
	w.T.Helper()
	w.Clock.Add(time.Millisecond)
	c := w.first
	c.CreatedAt = w.Clock.Now()
	c.ID, c.Same, c.Path = txn.NewID(), nil, txn.NewID()[:16]
	change(&c)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		_, _, err := tx.InsertComment(c)
		e := event.Event{Site: w.A.ID, Kind: event.Arrived, Comment: c.ID, At: c.CreatedAt}
		return errors.Join(err, tx.Emit(e))
	}))
	return c
}

// lastMail returns the newest mail of a kind to an account.
func (w *world) lastMail(who authz.Actor, kind mail.Kind) (m mail.Message, known bool) {
	w.T.Helper()
	w.View(func(tx store.Tx) (err error) {
		m, err = tx.LastMail(w.A.ID, who.ID(), kind)
		known = err == nil
		return nil
	})
	return m, known
}

// ended waits until the last mail of a kind to an account has an outcome, and returns it.
func (w *world) ended(who authz.Actor, kind mail.Kind, what string) mail.Message {
	w.T.Helper()
	testkit.Until(w.T, "the mail is "+what, func() bool {
		m, known := w.lastMail(who, kind)
		return known && m.Outcome == what
	})
	m, _ := w.lastMail(who, kind)
	return m
}

// gathered waits until the pending mail to an account has n comments.
func (w *world) gathered(who authz.Actor, n int) {
	w.T.Helper()
	testkit.Until(w.T, "it is gathered", func() bool {
		m, known := w.lastMail(who, mail.Each)
		return known && m.Outcome == "" && len(m.Comments)+m.More == n
	})
}

var loads = []string{"img", "script", "iframe", "form", "svg", "object", "embed", "style", "link", "base"}

// links returns the links of an HTML part, and everything that it would load.
func links(t testing.TB, part string) (links, pictures []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		for _, a := range n.Attr {
			switch a.Key {
			case "href":
				links = append(links, a.Val)
			case "src", "background", "poster", "data", "action":
				pictures = append(pictures, a.Val)
			}
		}
		if n.Type == html.ElementNode && slices.Contains(loads, n.Data) {
			pictures = append(pictures, n.Data)
		}
	}
	return links, pictures
}

// nameSite sets the name of the site without validation.
func (w *world) nameSite(name string) {
	w.T.Helper()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		site := w.A
		site.Name = name
		return tx.UpdateSite(site)
	}))
}

// titlePage sets the title of the site's first page without validation.
func (w *world) titlePage(title string) {
	w.T.Helper()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		list, err := tx.Pages(w.A.ID, "", 1)
		if err != nil || len(list) == 0 {
			return err
		}
		page := list[0]
		page.Title = title
		return tx.UpdatePage(page)
	}))
}
