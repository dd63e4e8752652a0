package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// crossProcessWait limits the wait until a running server sees changes of other processes. It takes about a second on an idle
// machine.
const crossProcessWait = 30 * time.Second

const (
	blogOrigin = "https://blog.example"
	blogPage   = "https://blog.example/post"
)

// addBlog adds the site "blog" and an owner, and returns a token of the owner.
func (s *shell) addBlog(flags ...string) (token string) {
	s.t.Helper()
	with := func(args ...string) []string { return append(args, flags...) }
	s.must(with("site", "add", "--key", "blog", "--name", "Blog", "--origin", blogOrigin)...)
	s.must(with("account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner")...)
	token = s.must(with("token", "add", "--account", "o@blog.example", "--scope", "admin")...)
	if value, ok := strings.CutSuffix(token, "\n"); ok && !strings.ContainsAny(value, " \n") && value != "" {
		return value
	}
	s.t.Fatalf("`token add` printed %q", token)
	return ""
}

func TestServe_PrintsSetupLink(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve()
	if len(i.Lines) != 2 || !strings.HasPrefix(i.Lines[0], "set-up link: "+i.URL+"/moderate/setup#") {
		t.Fatalf("it printed %q", i.Lines)
	}
	if _, status := get(t, strings.TrimPrefix(i.Lines[0], "set-up link: ")); status != http.StatusOK {
		t.Errorf("the set-up link answers %d", status)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if body, status := get(t, i.URL+path); status != http.StatusOK {
			t.Errorf("%s: status %d, %s", path, status, body)
		}
	}
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	s.must("account", "add", "--data", "data", "--email", "o@blog.example", "--name", "O", "--role", "owner")
	if i := s.serve("--public-url", "https://comments.example"); len(i.Lines) != 1 {
		t.Errorf("with an account it printed %q", i.Lines)
	}
}

func TestServe_SeesChangesOfCommands(t *testing.T) {
	t.Parallel()
	testkit.OnDatabases(t, func(t *testing.T, d testkit.Database) {
		s := newShell(t)
		flags := s.databaseFlags(d)
		i := s.serve(flags...)
		c := client(i, "blog", "")
		if _, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "Before there is a site."); err == nil {
			t.Fatal("a site that was not added takes comments")
		}
		c.Token = s.addBlog(flags...)
		testkit.Within(t, crossProcessWait, "the site takes comments", func() bool {
			_, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "There is a site now, thank you.")
			return err == nil
		})
		testkit.Within(t, crossProcessWait, "the token is good", func() bool {
			items, _, err := c.Queue(t.Context(), "")
			return err == nil && len(items) == 1
		})
		s.must(append([]string{"site", "set", "blog", "moderation=none"}, flags...)...)
		n := 0
		testkit.Within(t, crossProcessWait, "the setting holds", func() bool {
			n++
			p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example",
				fmt.Sprintf("Now everything is published, even number %d.", n))
			return err == nil && p.State == "approved"
		})
		s.must(append([]string{"account", "add", "--email", "p@blog.example", "--name", "P", "--role", "owner"},
			flags...)...)
		s.must(append([]string{"account", "disable", "o@blog.example"}, flags...)...)
		testkit.Within(t, crossProcessWait, "the disabled account's token is refused", func() bool {
			_, _, err := c.Queue(t.Context(), "")
			return err != nil && strings.Contains(err.Error(), "auth.needed")
		})
		s.must(append([]string{"site", "remove", "blog", "--yes", "blog"}, flags...)...)
		testkit.Within(t, crossProcessWait, "the site is gone", func() bool {
			_, status := get(t, i.URL+"/api/v1/sites/blog/comments?page="+blogPage)
			return status == http.StatusNotFound
		})
	})
}

// Two servers on one Postgres see each other's changes within a second: notified through Redis, or by polling if Redis is
// down.
func TestServe_TwoServersSeeChanges(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	redis := testkit.NewRedisServer(t)
	flags := []string{"--database", testkit.Postgres(t), "--redis", redis.URL, "--limits", "off"}
	s.must("migrate", "up", "--data", filepath.Join(s.dir, "data"), flags[0], flags[1])
	token := s.addBlog(append(flags[:4:4], "--data", filepath.Join(s.dir, "data"))...)
	a, b := client(s.serve(flags...), "blog", token), client(s.serve(flags...), "blog", token)

	rings := passComments(t, a, b, "bell", 12)
	if body, _ := get(t, a.URL+"/readyz"); !strings.Contains(body, `"up"`) {
		t.Errorf("with redis readyz says %s", body)
	}
	redis.Stop(t)
	for _, c := range []*testkit.Client{a, b} {
		testkit.Within(t, 30*time.Second, "the loss of redis is known", func() bool {
			body, status := get(t, c.URL+"/readyz")
			return status == http.StatusOK && strings.Contains(body, `"redis":"down"`)
		})
	}
	looks := passComments(t, a, b, "look", 4)
	redis.Start(t)
	for _, c := range []*testkit.Client{a, b} {
		testkit.Within(t, 30*time.Second, "redis is back", func() bool {
			body, _ := get(t, c.URL+"/readyz")
			return strings.Contains(body, `"up"`)
		})
	}
	passComments(t, a, b, "back", 2)
	t.Logf("three of four were seen by the other server within %v with the bell, %v by looking", rings, looks)
	if rings > looks/2 { // polling takes about three quarters of a second
		t.Errorf("with the bell three of four took up to %v, without it %v: the bell is not heard", rings, looks)
	}
}

// passComments posts on one server and decides on the other. It returns the 75th percentile of the time until the other
// server shows the change, on the desk's stream and on readers' pages. Both are updated by events.
func passComments(t *testing.T, a, b *testkit.Client, what string, n int) time.Duration {
	t.Helper()
	var times []time.Duration
	for k := range n {
		from, to := a, b
		if k%2 == 1 {
			from, to = b, a
		}
		page := fmt.Sprintf("%s/%s/%d", blogOrigin, what, k)
		readThread(t, to, page) // so that the server has the page in its cache
		heard := listen(t, to)
		p, err := from.Post(t.Context(), "", page, "R", "r@mail.example",
			fmt.Sprintf("A %s for the other server, number %d.", what, k))
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, testkit.Within(t, crossProcessWait, "the other server's stream tells of the comment",
			func() bool { return heard(p.ID) }))
		if _, err := to.Decide(t.Context(), "approve", "", testkit.CommentRef{ID: p.ID, Version: p.Version}); err != nil {
			t.Fatal(err)
		}
		times = append(times, testkit.Within(t, crossProcessWait, "readers of the first server see it", func() bool {
			th := readThread(t, from, page)
			return th.Page.Count == 1 && len(th.Comments) == 1
		}))
	}
	slices.Sort(times)
	return times[len(times)*3/4]
}

// listen follows a server's moderation stream until the test ends. The returned function reports whether the stream has
// named a comment.
func listen(t *testing.T, c *testkit.Client) (heard func(id string) bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/api/v1/sites/"+c.Site+"/moderation/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("live: %v, %v", res, err)
	}
	var told sync.Map
	go func() {
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			var e struct{ ID string }
			if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok && json.Unmarshal([]byte(data), &e) == nil {
				told.Store(e.ID, true)
			}
		}
	}()
	return func(id string) bool {
		_, ok := told.Load(id)
		return ok
	}
}

// On SIGTERM a server answers the running requests, closes its streams and exits with 0.
func TestServe_SIGTERMFinishesRequests(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve("--limits", "off")
	c := client(i, "blog", s.addBlog("--data", filepath.Join(s.dir, "data")))
	testkit.Within(t, crossProcessWait, "the site is there", func() bool {
		_, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", "The first one.")
		return err == nil
	})
	listen(t, c)
	var taken, cut atomic.Int64
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for k := 0; ; k++ {
				p, err := c.Post(t.Context(), "", blogPage, "R", "r@mail.example", fmt.Sprintf("Comment %d of writer %d.", k, w))
				switch {
				case err == nil && p.ID != "":
					taken.Add(1)
				case strings.Contains(err.Error(), "connection refused"):
					return // the listener is closed
				case strings.Contains(err.Error(), "EOF"), strings.Contains(err.Error(), "reset"),
					strings.Contains(err.Error(), "server closed idle connection"):
					cut.Add(1) // an idle connection that was closed before the request was read
					return
				default:
					t.Errorf("a request was answered with %v", err)
					return
				}
			}
		})
	}
	testkit.Within(t, 10*time.Second, "work is going on", func() bool { return taken.Load() > 100 })
	began := time.Now()
	if err := syscall.Kill(i.PID(), syscall.SIGTERM); err != nil { // a second signal, as some senders send
		t.Fatal(err)
	}
	if err := i.Stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v to end", took)
	}
	all.Wait()
	again := client(s.serve("--limits", "off"), "blog", c.Token)
	var th struct{ Counts map[string]int }
	if err := again.Do(t.Context(), http.MethodGet, "/moderation/queue?limit=1", nil, nil, &th); err != nil {
		t.Fatal(err)
	}
	want := int(taken.Load()) + 1
	if got := th.Counts["pending"]; got < min(want, 1000) || got > want+int(cut.Load()) {
		t.Errorf("%d were taken, %d connections closed; afterwards %d wait", want, cut.Load(), got)
	}
}

const secondServer = "another server uses "

// Servers that start at the same time without a database agree on one schema and one secret. On SQLite one of them starts.
func TestServe_ConcurrentStartsAgree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, database string }{{"sqlite", ""}, {"postgres", testkit.EmptyPostgres(t)}} {
		t.Run(tt.name, func(t *testing.T) {
			s := newShell(t)
			flags := []string{"--limits", "off"}
			if tt.database != "" {
				flags = append(flags, "--database", tt.database)
			}
			var servers []*testkit.Instance
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					i, err := testkit.Start(s.bin,
						append([]string{"serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data")}, flags...)...)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						t.Cleanup(i.Kill)
						servers = append(servers, i)
					case tt.database != "" || !strings.Contains(err.Error(), secondServer):
						t.Error(err)
					}
				})
			}
			all.Wait()
			if want := map[string]int{"sqlite": 1, "postgres": 3}[tt.name]; len(servers) != want {
				t.Fatalf("%d servers started, want %d", len(servers), want)
			}
			token := s.addBlog(append(flags[2:], "--data", filepath.Join(s.dir, "data"))...)
			var edit, id string
			first := client(servers[0], "blog", token)
			testkit.Within(t, crossProcessWait, "the site is there", func() bool {
				p, err := first.Post(t.Context(), "", blogPage, "R", "r@mail.example", "One truth for all of them.")
				id, edit = p.ID, p.EditToken
				return err == nil
			})
			for k, i := range servers {
				testkit.Within(t, crossProcessWait, "each knows the site, the token and the secret", func() bool {
					items, _, err := client(i, "blog", token).Queue(t.Context(), "")
					body, _, own := client(i, "blog", "").Own(t.Context(), id, edit)
					return err == nil && len(items) == 1 && own == nil && body != ""
				})
				if err := i.Stop(); err != nil {
					t.Errorf("server %d: %v", k, err)
				}
			}
		})
	}
}

// Commands work beside a server, and a killed server leaves no lock.
func TestServe_RefusesSecondServerOnSQLite(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	first, err := testkit.Start(s.bin, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.Kill)
	link := filepath.Join(s.dir, "other.db")
	if err := os.Symlink(filepath.Join(s.dir, "data", "aitys.db"), link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--data", "data"}, {"demo", "--data", "data"},
		{"serve", "--database", "sqlite:" + link, "--secret-file", "data/secret"}} {
		s.refused(secondServer, append(args, "--listen", "127.0.0.1:0")...)
	}
	for _, args := range [][]string{{"backup", "copy.db"}, {"site", "list"}, {"site", "stats"}, {"migrate", "up"},
		{"site", "set", "blog", "name=Renamed"}, {"doctor"}} {
		s.must(append(args, "--data", "data")...)
	}
	first.Kill()
	s.serve()
}
