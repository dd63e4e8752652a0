package hardening

import (
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/labstack/echo/v4"
	_ "modernc.org/sqlite"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/secret"
	address "github.com/aitys/aitys/moderation/text"
)

// routes returns all routes of the service's router as "METHOD path", sorted.
func routes(t testing.TB) (all []string) {
	t.Helper()
	w := apptest.NewEmpty(t, testkit.SQLite(t))
	var router *echo.Echo
	front := w.App.Handler(func(e *echo.Echo, _ *web.Kit) { router = e })
	defer front.Close()
	for _, r := range router.Routes() {
		if slices.Contains([]string{"GET", "POST", "PATCH", "PUT", "DELETE"}, r.Method) {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	slices.Sort(all)
	return all
}

// A stage is a server with helpers that create objects, and access to its database.
type stage struct {
	*server
	t    testing.TB
	db   *sql.DB
	file bool   // the database is SQLite
	site string // key of the site for new objects
	n    int    // number of the last object

	about string // the route under test, or ""; see follows
}

// newStage starts a server without limits for one figure.
func newStage(t testing.TB, database string) *stage {
	t.Helper()
	return newStageOf(t, testkit.Binary(t), database)
}

// newStageOf starts a server of another binary.
func newStageOf(t testing.TB, binary, database string) *stage {
	t.Helper()
	driver, address := "pgx", database
	path, file := strings.CutPrefix(database, "sqlite:")
	if file {
		driver, address = "sqlite", "file://"+path+"?_pragma=busy_timeout(5000)"
	}
	var mail []string
	if os.Getenv("AITYS_SMTP") == "" { // mails stay pending: no server listens there
		mail = []string{"--smtp", "smtp://127.0.0.1:1", "--mail-from", sender}
	}
	s := &stage{server: newServerOf(t, binary, database, mail...), t: t, site: "a", file: file}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s.db = db
	return s
}

// readersLink returns the path of a mailed link for a reader of the site.
func (s *stage) readersLink(to, email string) string {
	s.t.Helper()
	own, site := s.secret()
	return "/mail/" + mailbox.Link{For: to, Site: site, Email: address.AddressOf(email)}.Token(own)
}

// pressed returns the confirmation token of a form for a text, made twelve seconds ago.
func (s *stage) pressed(body string) string {
	s.t.Helper()
	own, site := s.secret()
	return own.ConfirmToken(site, body, time.Now().Add(-12*time.Second))
}

// secret returns the secret of the server, and the ID of the stage's site.
func (s *stage) secret() (own secret.Secret, site int64) {
	s.t.Helper()
	said, err := os.ReadFile(filepath.Join(s.common[1], "secret"))
	if err == nil {
		err = s.db.QueryRow("SELECT id FROM sites WHERE key = '" + s.site + "'").Scan(&site)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return secret.Secret(strings.TrimSpace(string(said))), site
}

// page returns the URL of a page that is open for comments.
func (s *stage) page() string {
	return fmt.Sprintf("%s/post-%d", map[string]string{"a": blog, "b": other}[s.site], s.n)
}

type values = map[string]any

// written returns the JSON of a new, unique comment.
func (s *stage) written() values {
	s.n++
	return values{
		"page": values{"url": s.page(), "title": "A post"}, "author": values{"name": "N"},
		"body": fmt.Sprintf("A remark of its own, number %d, about apples and the weather.", s.n),
	}
}

// make sends a request as the owner of both sites and returns the response. It ends the test if the request fails.
func (s *stage) make(method, path string, in values) values {
	s.t.Helper()
	var body []byte
	if in != nil {
		body = act{json: in}.body()
	}
	got := s.ask(s.t, method, path, s.inSession(), body)
	var out values
	if err := json.Unmarshal(got.body, &out); err != nil || got.status >= 300 {
		s.t.Fatalf("%s %s: %d %s %v", method, path, got.status, got.body, got.err)
	}
	return out
}

func (s *stage) post(in values) testkit.PostResult {
	s.t.Helper()
	got := s.ask(s.t, "POST", "/api/v1/sites/"+s.site+"/comments", nil, act{json: in}.body())
	var out struct {
		ID        string
		EditToken string `json:"edit_token"`
	}
	if err := json.Unmarshal(got.body, &out); err != nil || got.status != 201 {
		s.t.Fatalf("post: %d %s %v", got.status, got.body, got.err)
	}
	return testkit.PostResult{ID: out.ID, EditToken: out.EditToken}
}

// approved posts and approves a comment, and returns its ID and the batch of the decision.
func (s *stage) approved() (id, batch string) {
	s.t.Helper()
	return s.approve(s.written())
}

func (s *stage) approve(in values) (id, batch string) {
	s.t.Helper()
	id = s.post(in).ID
	out := s.make("POST", "/api/v1/sites/"+s.site+"/moderation/decisions",
		values{"action": "approve", "comments": []values{{"id": id, "version": 1}}})
	return id, out["batch"].(string)
}

// refused posts and rejects a comment, whose commenter may appeal.
func (s *stage) refused() testkit.PostResult {
	s.t.Helper()
	c := s.post(s.written())
	s.make("POST", "/api/v1/sites/"+s.site+"/moderation/decisions",
		values{"action": "reject", "comments": []values{{"id": c.ID, "version": 1}}})
	return c
}

// campaign creates a campaign of two comments. It returns the ID, and the body of a request that splits one comment
// off.
func (s *stage) campaign(fresh string) (id string, in values) {
	s.t.Helper()
	var comment string
	for i := range 2 {
		c := s.written()
		c["body"] = fmt.Sprintf("The %s offer of stone ovens for everybody who bakes at home, for %d days only.", fresh, 20+i)
		comment = s.post(c).ID
	}
	testkit.Until(s.t, "the comments are a campaign", func() bool {
		found, _ := s.make("GET", "/api/v1/sites/"+s.site+"/moderation/comments/"+comment, nil)["campaign"].(values)
		id, _ = found["id"].(string)
		return id != ""
	})
	return id, values{"comments": []string{comment}}
}

func (s *stage) taughtBy(email string) string {
	s.t.Helper()
	in := s.written()
	in["author"] = values{"name": "N", "email": email}
	s.approve(in)
	return email
}

func (s *stage) taughtElsewhere() {
	here := s.site
	s.site = "b"
	s.approved()
	s.site = here
}

// signIn returns the cookie of a new session of the owner.
func (s *stage) signIn() string {
	s.t.Helper()
	return s.signInAs(boss)
}

func (s *stage) signInAs(email string) string {
	s.t.Helper()
	got := s.ask(s.t, "POST", "/api/v1/session", nil, act{json: values{"email": email, "password": password}}.body())
	for _, c := range (&http.Response{Header: got.header}).Cookies() {
		if c.Name == "aitys" {
			return c.Name + "=" + c.Value
		}
	}
	s.t.Fatalf("sign in: %d %s %v", got.status, got.body, got.err)
	return ""
}

// session creates a session of the owner and returns its ID.
func (s *stage) session() (id string) {
	s.t.Helper()
	s.signIn()
	if err := s.db.QueryRow("SELECT id FROM sessions ORDER BY created_at DESC").Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// soon returns the current time: everything so far ended before it.
func (s *stage) soon() string { return time.Now().UTC().Format(time.RFC3339Nano) }

func (s *stage) me() string {
	s.t.Helper()
	var id string
	if err := s.db.QueryRow("SELECT id FROM accounts WHERE email = '" + boss + "'").Scan(&id); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// derived lists tables and columns that change in the background: times of last use, positions of followers, data
// derived from the log, vote counts, verdicts, and the state of spam lists with their signing keys. Events repeat the
// content of other tables.
var derived = []string{
	"followers", "model_snapshots", "model_pieces", "goose_db_version", "events", "sessions.seen_at",
	"sessions.expires_at", "accounts.seen_at",
	"comments.score", "comments.suggested", "comments.suggested_reason", "comments.signals", "comments.spam",
	"comments.warm", "comments.model_seq", "comments.votes", "neighbours.tried_at", "neighbours.failure",
	"neighbour_lists", "signets",
}

// content returns a digest of every table that does not change in the background.
func (s *stage) content() map[string]string {
	s.t.Helper()
	names := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	if s.file {
		names = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	out := map[string]string{}
	for _, table := range s.texts(names) {
		if !slices.Contains(derived, table) && !s.follows(table) {
			out[table] = s.digest(table)
		}
	}
	return out
}

// follows reports whether a table changes in the background and not by the route under test.
func (s *stage) follows(table string) bool {
	campaign := strings.HasPrefix(table, "campaign") && !strings.Contains(s.about, "campaigns")
	message := table == "deliveries" && !strings.HasSuffix(s.about, "/test") && !strings.HasSuffix(s.about, "/again")
	return s.about != "" && (campaign || message || table == "mails")
}

// lookAt sets the route under test, for content.
func (s *stage) lookAt(route string) {
	s.t.Helper()
	s.about = route
	if !strings.Contains(route, "webhooks") {
		s.clearHooks() // so that no deliveries are written
	}
}

// digest returns the number of rows and the XOR of their hashes, which does not depend on their order.
func (s *stage) digest(table string) string {
	s.t.Helper()
	rows, err := s.db.Query("SELECT * FROM " + table)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err is checked
	names, err := rows.Columns()
	if err != nil {
		s.t.Fatal(err)
	}
	var sum [32]byte
	n := 0
	for ; rows.Next(); n++ {
		row := make([]any, len(names))
		for i := range row {
			row[i] = new(any)
		}
		if err := rows.Scan(row...); err != nil {
			s.t.Fatal(err)
		}
		h := sha256.New()
		for i, name := range names {
			if !slices.Contains(derived, table+"."+name) {
				_, _ = fmt.Fprintf(h, "%s %v\n", name, *row[i].(*any)) // a hash never fails
			}
		}
		for i, b := range h.Sum(nil) {
			sum[i] ^= b
		}
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("%d rows, %x", n, sum[:8])
}

func (s *stage) texts(query string) (all []string) {
	s.t.Helper()
	rows, err := s.db.Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }() // Err is checked
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// changed returns the names of the tables whose digests differ, sorted.
func changed(before, after map[string]string) (tables []string) {
	for _, table := range slices.Sorted(maps.Keys(after)) {
		if before[table] != after[table] {
			tables = append(tables, table)
		}
	}
	return tables
}
