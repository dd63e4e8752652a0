package api_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A world is the real service over HTTP on one of the two databases.
type world struct {
	t       testing.TB
	dbURL   string
	redis   string
	db      *store.DB
	service *apptest.App
	front   *api.Server
	url     string
	clock   *testkit.Clock
	client  *http.Client
	log     *testkit.Log
	tokens  map[string]string // API tokens by account name
	n       int               // makes texts unique
	closed  bool              // the test has closed the database
	counted *atomic.Int64     // number of counts of queue views
	mute    *atomic.Bool      // reads of events fail
	logRead *atomic.Int64     // number of reads of log entries
}

// A countedStore counts the counts of queue views and the reads of logs. While it is mute, reads of events fail.
type countedStore struct {
	txn.Store[store.Tx]
	counted *atomic.Int64
	mute    *atomic.Bool
	logRead *atomic.Int64
}

func (s countedStore) View(ctx context.Context, fn func(store.Tx) error) error {
	return s.Store.View(ctx, func(tx store.Tx) error { return fn(countedTx{tx, s}) })
}

type countedTx struct {
	store.Tx
	of countedStore
}

func (tx countedTx) EventsAfter(at event.Position, limit int) ([]event.Event, event.Position, error) {
	if tx.of.mute.Load() {
		return nil, at, errors.New("no events can be read")
	}
	return tx.Tx.EventsAfter(at, limit)
}

func (tx countedTx) DecisionsAfter(site int64, seq uint64, limit int) ([]auditlog.Entry, error) {
	tx.of.logRead.Add(1)
	return tx.Tx.DecisionsAfter(site, seq, limit)
}

func (tx countedTx) CountQueue(sites comment.SiteSet, view comment.View, suspect comment.Threshold, most int) (int, error) {
	if view == comment.Views[0] {
		tx.of.counted.Add(1)
	}
	return tx.Tx.CountQueue(sites, view, suspect, most)
}

// options of a world. The zero value has the defaults.
type options struct {
	limits  bool
	proxy   string
	wait    time.Duration
	silent  bool   // discard the log
	public  string // the public URL; "" for the listen address
	anyHost bool
	damaged bool // the database is damaged: do not wait until ready
	mailing bool // the service is configured to send mail; none is sent
	known   bool // sites and accounts exist already
}

// testSecret is the server secret of every world. Two servers on one database need the same secret.
var testSecret = secret.Secret(strings.Repeat("k", 32))

// The two sites of every world and their pages.
const (
	originA = "https://a.example"
	originB = "https://b.example"
	pageA   = originA + "/post"
)

// onBoth runs a test on each of testkit.Databases, in parallel with other tests. Postgres comes with Redis.
func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	onBothWith(t, options{}, test)
}

func onBothWith(t *testing.T, o options, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		t.Parallel()
		test(t, newWorld(t, d.New(t), d.Redis(t), o))
	})
}

// onBothAlone is onBoth without t.Parallel, for tests that measure the process.
func onBothAlone(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) { test(t, newWorld(t, d.New(t), d.Redis(t), options{})) })
}

func onSQLite(t testing.TB) *world { return newWorld(t, testkit.SQLite(t), "", options{}) }

func newWorld(t testing.TB, dbURL, redis string, o options) *world {
	t.Helper()
	w := &world{t: t, dbURL: dbURL, redis: redis, tokens: map[string]string{}}
	w.clock = testkit.NewClock(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))
	w.open(o, store.Options{Wait: o.wait})
	if o.known {
		w.tokens = nil
		return w
	}
	w.people()
	return w
}

// open starts a new server on the world's database.
func (w *world) open(o options, so store.Options) {
	t := w.t
	t.Helper()
	ctx := context.Background()
	w.log = &testkit.Log{}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	if o.silent {
		log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	db, err := store.Open(ctx, w.dbURL, so)
	fatal(t, err)
	fatal(t, db.Migrate(ctx))
	shared, err := coord.Open(ctx, coord.Options{URL: w.redis, Secret: testSecret, Clock: w.clock, Log: log})
	fatal(t, err)
	w.db = db
	w.counted, w.mute, w.logRead = new(atomic.Int64), new(atomic.Bool), new(atomic.Int64)
	all := countedStore{db, w.counted, w.mute, w.logRead}
	// No claims in Redis: they expire by the clock of Redis, and the test's clock stands still or runs ahead.
	c := app.CoordinationOf(shared)
	c.Claims = nil
	t.Cleanup(func() {
		_ = shared.Close()
		if !w.closed {
			_ = db.Close()
		}
	})
	w.url = testkit.Serve(t, func(public *url.URL) *http.Server {
		if o.public != "" {
			public, err = url.Parse(o.public)
			fatal(t, err)
		}
		ao := app.Options{Clock: w.clock, Log: log, Storage: db.Storage, IsNewer: db.IsNewer, PublicURL: public, AnyHost: o.anyHost,
			RateLimited: o.limits, MailedElsewhere: o.mailing}
		if o.proxy != "" {
			ao.Proxies = prefixes(o.proxy)
		}
		w.service, err = apptest.NewApp(ctx, all, c, testSecret, ao)
		fatal(t, err)
		w.front = w.service.Handler()
		return web.NewServer(w.front, log)
	})
	// Do not follow redirects: tests check them.
	w.client = &http.Client{Transport: &checked{t: t, next: &http.Transport{DisableCompression: true}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

	following, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- w.service.Run(following) }()
	t.Cleanup(func() {
		w.client.CloseIdleConnections()
		w.front.Close()
		stop()
		if err := <-done; err != nil {
			t.Errorf("following ended: %v", err)
		}
	})
	testkit.Until(w.t, "the service is ready", func() bool { return w.service.Ready(ctx) == nil || o.damaged })
}

// people adds two sites, each with an owner, a moderator and an author, and a token for each account.
func (w *world) people() {
	t, ctx := w.t, context.Background()
	t.Helper()
	for _, s := range []site.Site{
		{Key: "a", Name: "Site A", Origins: []string{originA, "http://localhost:1313"}},
		{Key: "b", Name: "Site B", Origins: []string{originB}},
	} {
		_, _, err := w.service.AddSite(ctx, authz.Operator, s, nil)
		fatal(t, err)
	}
	w.account("root", authz.Owner)
	for _, site := range []string{"a", "b"} {
		for _, role := range []authz.Role{authz.Author, authz.Moderator, authz.Owner} {
			w.account(role.String()+" "+site, role, site)
		}
	}
	w.tokens["moderator a, read only"] = w.token("moderator a", authz.ScopeRead)
	w.tokens["owner a, deciding"] = w.token("owner a", authz.ScopeDecide)
}

// copied returns the URL of a copy of the world's database on SQLite.
func (w *world) copied() string {
	w.t.Helper()
	path := filepath.Join(testkit.MemoryDir(w.t), "copy.db")
	raw, err := sql.Open("sqlite", strings.TrimPrefix(w.dbURL, "sqlite:"))
	fatal(w.t, err)
	_, err = raw.Exec("VACUUM INTO ?", path)
	fatal(w.t, errors.Join(err, raw.Close()))
	return "sqlite:" + path
}

const password = "correct horse battery staple"

// account adds an account with the name who and a token with scope admin. Only one account has a password, because
// hashing is slow.
func (w *world) account(who string, role authz.Role, sites ...string) {
	w.t.Helper()
	in := identity.NewAccount{Email: email(who), Name: who, Role: role, Sites: sites}
	if who == "owner a" {
		in.Password = password
	}
	_, _, err := w.service.AddAccount(context.Background(), authz.Operator, in)
	fatal(w.t, err)
	w.tokens[who] = w.token(who, authz.ScopeAdmin)
}

func (w *world) token(who string, scope authz.Scope) string {
	w.t.Helper()
	_, value, err := w.service.AddToken(context.Background(), authz.Operator,
		identity.NewToken{Account: email(who), Name: "test", Scope: scope})
	fatal(w.t, err)
	return value
}

func email(who string) string { return strings.ReplaceAll(who, " ", ".") + "@example.org" }

// A call is a request. Body is encoded as JSON unless it is a string or bytes.
type call struct {
	method, path string
	body         any
	header       map[string]string
	host         string // "" for the listen address
	bearer       string
}

// A reply is a response with its whole body.
type reply struct {
	status int
	header http.Header
	raw    []byte
	json   map[string]any
}

func (r reply) code() string { code, _ := r.json["code"].(string); return code }

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.raw) }

// str returns the string at a path of keys in the response.
func (r reply) str(keys ...string) string {
	s, _ := r.at(keys...).(string)
	return s
}

func (r reply) num(keys ...string) int {
	n, _ := r.at(keys...).(float64)
	return int(n)
}

func (r reply) list(key string) []map[string]any {
	var out []map[string]any
	items, _ := r.json[key].([]any)
	for _, i := range items {
		out = append(out, i.(map[string]any))
	}
	return out
}

func (r reply) at(keys ...string) any {
	var v any = r.json
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func (w *world) do(c call) reply {
	w.t.Helper()
	res := w.send(c)
	defer res.Body.Close()
	return readReply(w.t, res)
}

func readReply(t testing.TB, res *http.Response) reply {
	t.Helper()
	raw, err := io.ReadAll(res.Body)
	fatal(t, err)
	r := reply{status: res.StatusCode, header: res.Header, raw: raw}
	_ = json.Unmarshal(raw, &r.json) // some responses are not JSON
	return r
}

func (w *world) send(c call) *http.Response {
	w.t.Helper()
	req := w.request(c)
	res, err := w.client.Do(req)
	fatal(w.t, err)
	return res
}

func (w *world) request(c call) *http.Request {
	w.t.Helper()
	var body io.Reader
	contentType := "application/json"
	switch b := c.body.(type) {
	case nil:
		contentType = ""
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	case url.Values:
		body, contentType = strings.NewReader(b.Encode()), "application/x-www-form-urlencoded"
	default:
		raw, err := json.Marshal(b)
		fatal(w.t, err)
		body = bytes.NewReader(raw)
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	req, err := http.NewRequest(c.method, w.url+c.path, body)
	fatal(w.t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	for k, v := range c.header {
		req.Header.Set(k, v)
	}
	if c.host != "" {
		req.Host = c.host
	}
	return req
}

// as sends a request with the token of the account who.
func (w *world) as(who, method, path string, body any) reply {
	w.t.Helper()
	token, ok := w.tokens[who]
	if !ok {
		w.t.Fatalf("no account %q", who)
	}
	return w.do(call{method: method, path: path, body: body, bearer: token})
}

// inSession is like as, with a session instead of a token.
func (w *world) inSession(who, method, path string, body any) reply {
	w.t.Helper()
	return w.do(call{method: method, path: path, body: body, header: w.session(who)})
}

// session returns the headers of a browser with a new session. It hashes no password.
func (w *world) session(who string) map[string]string {
	w.t.Helper()
	value, hash := secret.New("")
	now := w.clock.Now()
	_, err := w.db.Update(context.Background(), func(tx store.Tx) error {
		account, err := tx.AccountByEmail(email(who))
		if err != nil {
			return err
		}
		return tx.InsertSession(authz.Session{Hash: hash, ID: txn.NewID(), Account: account.ID, CreatedAt: now,
			SeenAt: now, ExpiresAt: now.Add(time.Hour)})
	})
	fatal(w.t, err)
	return map[string]string{"Cookie": "aitys=" + value, "Origin": w.url}
}

// m is a JSON object.
type m map[string]any

// requireBody returns the body of a new comment on site A.
func requireBody(body string) m { return m{"page": m{"url": pageA, "title": "A post"}, "body": body} }

// text returns words that no other comment of the test has, enough that comments are not near-duplicates.
func (w *world) text() string {
	w.n++
	return fmt.Sprintf("A remark of its own, number %d, about apples and the weather.", w.n)
}

// post posts a comment on site A and returns the response, which must be 201.
func (w *world) post(body m) reply {
	w.t.Helper()
	r := w.do(call{method: "POST", path: "/api/v1/sites/a/comments", body: body})
	if r.status != http.StatusCreated {
		w.t.Fatalf("post: got %v, want 201", r)
	}
	return r
}

// decide decides on one comment in the version given.
func (w *world) decide(action, id string, version int) reply {
	w.t.Helper()
	return w.as("moderator a", "POST", "/api/v1/sites/a/moderation/decisions",
		m{"action": action, "comments": []m{{"id": id, "version": version}}})
}

// approved posts a comment and approves it.
func (w *world) approved(body m) (id string) {
	w.t.Helper()
	r := w.post(body)
	id = r.str("id")
	if d := w.decide("approve", id, r.num("version")); d.num("decided") != 1 {
		w.t.Fatalf("approve: %v", d)
	}
	return id
}

// thread returns the comments list of a page of site A.
func (w *world) thread(query ...string) reply {
	w.t.Helper()
	q := url.Values{"page": {pageA}}
	for i := 0; i+1 < len(query); i += 2 {
		q.Set(query[i], query[i+1])
	}
	return w.do(call{path: "/api/v1/sites/a/comments?" + q.Encode()})
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// want checks a status and, for a failure, its code.
func want(t testing.TB, r reply, status int, code string) {
	t.Helper()
	if r.status != status || r.code() != code {
		t.Errorf("got %v, want %d %s", r, status, code)
	}
}
