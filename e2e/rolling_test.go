package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// Two servers of this release are replaced by two of the next, on one Postgres and under traffic. The next release
// migrates at its start. No request fails, and campaigns and mails go on while both releases run.
func TestUpgrade_RollsWithoutFailedRequest(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	box := testkit.NewMailServer(t)
	flags := []string{"--data", t.TempDir(), "--database", testkit.EmptyPostgres(t), "--redis", testkit.Redis(t)}
	old, next := service{t, testkit.Binary(t), flags}, service{t, testkit.NextBinary(t), flags}
	old.addSite("ledger")
	token := old.run("", "token", "add", "--account", email, "--scope", "admin")
	old.run("", "site", "add", "--key", "garden", "--name", "Garden", "--origin", "https://garden.example") // for mail without a flood
	next.refuses("the database lacks 1 of ", "site", "list")

	var group rotation
	start := func(s service) *testkit.Instance {
		s.common = append(s.common[:len(s.common):len(s.common)], "--smtp", box.URL, "--mail-from", "comments@ledger.example")
		i := s.start()
		t.Cleanup(i.Kill)
		group.add(t, i)
		return i
	}
	outdated := []*testkit.Instance{start(old), start(old)}
	at := func(server *testkit.Instance, site string) *testkit.Client {
		return &testkit.Client{URL: server.URL, Site: site, Token: token, HTTP: http.DefaultClient}
	}
	must(t, at(outdated[0], "garden").Call(t.Context(), http.MethodPatch, "/me", nil, map[string]any{"mail": "each", "mail_from_score": 0},
		nil))

	book := testkit.PostLog{Page: "https://ledger.example/post"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients sync.WaitGroup
	for range 2 {
		clients.Go(func() { book.PostWithRetries(ctx, group.client(""), 50*time.Millisecond) })
	}
	clients.Go(func() { decideOn(ctx, group.client(token)) })
	clients.Go(func() { readThread(ctx, group.client("")) })
	posted := func(what string, n int64) {
		t.Helper()
		goal := book.Acknowledged() + n
		testkit.Until(t, what, func() bool { return book.Acknowledged() >= goal })
	}

	posted("comments arrive before the upgrade", 20)
	updated := []*testkit.Instance{start(next)}
	for _, server := range outdated {
		testkit.Until(t, "a server of this release is outdated", func() bool {
			a := asked(ctx, server.URL+"/readyz")
			return a.status == http.StatusServiceUnavailable && strings.Contains(a.body, "schema.newer")
		})
	}
	testkit.Until(t, "the next release is ready", func() bool {
		return asked(ctx, updated[0].URL+"/readyz").status == http.StatusOK
	})
	posted("comments arrive at both releases", 40)
	for n := range 5 {
		_, err := at(outdated[n%2], "garden").Post(ctx, "", fmt.Sprintf("https://garden.example/%d", n%2), fmt.Sprintf("Reader %d", n), "",
			fmt.Sprintf("Wonderful article, it reminded me of my grandmother's kitchen. I bought my new stone oven with a "+
				"discount of %d percent and it bakes like hers did: https://oven.example/?ref=%d", 20+n, n))
		must(t, err)
	}
	testkit.Until(t, "the next release makes a campaign of comments from this one", func() bool {
		return campaignSize(ctx, at(updated[0], "garden")) == 5
	})
	testkit.Until(t, "a mail tells of a comment that arrived at an outdated server", func() bool {
		for _, m := range box.MailsTo(email) {
			if text, _, err := m.Parts(); err == nil && strings.Contains(text, "stone oven") {
				return true
			}
		}
		return false
	})
	for _, server := range outdated {
		group.remove(server)
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
		var warned []string
		for line := range strings.Lines(server.Log()) {
			if !strings.Contains(line, "level=INFO") && !strings.Contains(line, "--public-url") {
				warned = append(warned, line)
			}
		}
		if len(warned) != 1 || !strings.Contains(warned[0], "newer than this program: background work stops") {
			t.Errorf("an outdated server logged %q, want one warning", warned)
		}
		updated = append(updated, start(next))
		posted("comments arrive after a replacement", 20)
	}
	cancel()
	clients.Wait()

	old.refuses("newer than this program: start the new version", "serve", "--listen", "127.0.0.1:0")
	old.refuses("newer than this program: start the new version", "site", "list")
	for _, why := range append(group.failures(), book.Unexpected()...) {
		t.Errorf("a request failed: %s", why)
	}
	count := book.Verify(t, at(updated[0], "ledger"), at(updated[0], "ledger"))
	fmt.Printf("rolling upgrade: %d requests, %v\n", group.requests, count)
	if count.Lost+count.Duplicated > 0 { // unknown are the posts that cancel interrupted
		t.Errorf("%v", count)
	}
}

// refuses runs a command that must fail with one line that contains want.
func (s service) refuses(want string, args ...string) {
	s.t.Helper()
	_, err := testkit.Run(s.binary, append(args, s.common...)...)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Count(strings.TrimSpace(err.Error()), "\n") > 0 {
		s.t.Errorf("%v: got %v, want %q", args, err, want)
	}
}

// decideOn posts comments and approves each until ctx ends.
func decideOn(ctx context.Context, c *testkit.Client) {
	for n := 0; ctx.Err() == nil; n++ {
		p, err := c.Post(ctx, "", "https://ledger.example/decided", "Decided", "", fmt.Sprintf("Remark %d to decide, %x.", n, n*2654435761))
		if err == nil {
			_, _ = c.Decide(ctx, "approve", "", testkit.CommentRef{ID: p.ID, Version: p.Version}) // the rotation records failures
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// readThread reads pages without the cache until ctx ends.
func readThread(ctx context.Context, c *testkit.Client) {
	for n := 0; ctx.Err() == nil; n++ {
		_ = c.Do(ctx, http.MethodGet, fmt.Sprintf("/comments?page=https://ledger.example/decided%%3F%d", n), nil, nil, nil)
		pause(ctx, 20*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// campaignSize returns the size of the latest campaign, or 0.
func campaignSize(ctx context.Context, c *testkit.Client) int {
	var out struct{ Campaigns []struct{ Size int } }
	if err := c.Do(ctx, http.MethodGet, "/moderation/campaigns", nil, nil, &out); err != nil || len(out.Campaigns) == 0 {
		return 0
	}
	return out.Campaigns[0].Size
}

// A rotation sends each request to the next of some servers, over connections that stay open, as a proxy does. It
// records requests that fail.
type rotation struct {
	mu       sync.Mutex
	backends []*backend
	requests int
	failed   []string
}

type backend struct {
	host    string
	running sync.WaitGroup
	http.Transport
}

func (r *rotation) add(t *testing.T, i *testkit.Instance) {
	t.Helper()
	u, err := url.Parse(i.URL)
	must(t, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.backends = append(r.backends, &backend{host: u.Host})
}

// remove takes a server out and waits until its requests are answered.
func (r *rotation) remove(i *testkit.Instance) {
	r.mu.Lock()
	var left []*backend
	var gone *backend
	for _, b := range r.backends {
		if "http://"+b.host == i.URL {
			gone = b
		} else {
			left = append(left, b)
		}
	}
	r.backends = left
	r.mu.Unlock()
	gone.running.Wait()
	gone.CloseIdleConnections()
}

func (r *rotation) client(token string) *testkit.Client {
	return &testkit.Client{URL: "http://rotation", Site: "ledger", Token: token, HTTP: &http.Client{Transport: r}}
}

// RoundTrip implements http.RoundTripper.
func (r *rotation) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	b := r.backends[r.requests%len(r.backends)]
	r.requests++
	b.running.Add(1)
	r.mu.Unlock()
	defer b.running.Done()
	req = req.Clone(req.Context())
	req.URL.Host, req.Host = b.host, b.host
	res, err := b.Transport.RoundTrip(req)
	why := ""
	switch {
	case err != nil && req.Context().Err() == nil:
		why = err.Error()
	case err == nil && res.StatusCode >= 300:
		why = res.Status
	}
	if why != "" {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.failed = append(r.failed, fmt.Sprintf("%s %s: %s", req.Method, req.URL, why))
	}
	return res, err
}

func (r *rotation) failures() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}
