package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// Timeouts of the clients in these tests, for reads and for other requests.
const (
	readIn  = 5 * time.Second
	askedIn = 15 * time.Second
)

// ask sends a request and returns the status, or 0 if there is no response in time.
func (w *world) ask(in time.Duration, c call) int {
	client := http.Client{Timeout: in, Transport: &http.Transport{DisableKeepAlives: true}}
	client.CheckRedirect = w.client.CheckRedirect
	res, err := client.Do(w.request(c))
	if err != nil {
		return 0
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}

// TestFrozenDatabase_CachedPagesAreServed checks that cached pages are served and all other reads are refused in time.
func TestFrozenDatabase_CachedPagesAreServed(t *testing.T) {
	t.Parallel()
	postgres := testkit.NewDurablePostgres(t)
	w := newWorld(t, postgres.Database(t, "frozen"), "", options{})
	read := func(page string) call {
		return call{path: "/api/v1/sites/a/comments?page=" + url.QueryEscape(originA+page)}
	}
	if got := w.ask(readIn, read("/known")); got != http.StatusOK {
		t.Fatalf("a page before: %d", got)
	}

	w.listenTo(followed(originA+"/known")).next("count", hasCount(0))

	thaw := postgres.Freeze(t)
	w.listenTo(followed(originA+"/known")).next("count", hasCount(0)) // followed pages need no read
	const readers = 200
	var unanswered, wrong, stale int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			status := w.ask(readIn, read(fmt.Sprintf("/cold/%d", i%20)))
			kept := w.ask(readIn, read("/known"))
			mu.Lock()
			defer mu.Unlock()
			switch status {
			case 0:
				unanswered++
			case http.StatusServiceUnavailable:
			default:
				wrong++
			}
			if kept == http.StatusOK {
				stale++
			}
		})
	}
	all.Wait()
	if unanswered > 0 || wrong > 0 || stale < readers {
		t.Errorf("of %d readers %d had no answer in %v, %d had another than 503, and %d the page that was in memory",
			readers, unanswered, readIn, wrong, stale)
	}

	w.clock.Add(2 * time.Minute) // without events for so long, the page may be stale
	testkit.Until(t, "the page in memory is believed no more", func() bool {
		return w.ask(readIn, read("/known")) == http.StatusServiceUnavailable
	})
	thaw()
	testkit.Until(t, "pages are read again", func() bool { return w.ask(readIn, read("/cold/1")) == http.StatusOK })
}

// TestFrozenDatabase_EveryRouteEnds requests every route of the router.
func TestFrozenDatabase_EveryRouteEnds(t *testing.T) {
	t.Parallel()
	postgres := testkit.NewDurablePostgres(t)
	w := newWorld(t, postgres.Database(t, "frozen"), "", options{})
	in := w.do(call{method: "POST", path: "/api/v1/session", body: m{"email": email("owner a"), "password": password}})
	cookie := strings.Split(in.header.Get("Set-Cookie"), ";")[0]
	var own []reply
	for range 20 {
		own = append(own, w.post(requireBody(w.text())))
	}
	thaw := postgres.Freeze(t)
	var late []string
	var mu sync.Mutex
	var all sync.WaitGroup
	param := strings.NewReplacer(":site", "a", ":id", "x", ":batch", "x", ":name", "x", "*", "x")
	routes := w.front.Routes()
	for _, route := range routes {
		all.Go(func() {
			c := call{method: route.Method, path: param.Replace(route.Path), bearer: w.tokens["root"]}
			if strings.HasPrefix(route.Path, "/moderate") { // pages need a session
				c.bearer, c.header = "", map[string]string{"Cookie": cookie}
			}
			if route.Method == http.MethodPost || route.Method == http.MethodPatch {
				c.body = map[string]any{}
			}
			if strings.HasPrefix(route.Path, "/api/v1/sites/:site/comments") && route.Method == http.MethodGet {
				c.path += "?page=" + url.QueryEscape(pageA)
			}
			if w.ask(askedIn, c) == 0 {
				mu.Lock()
				defer mu.Unlock()
				late = append(late, route.Method+" "+route.Path)
			}
		})
	}
	for _, r := range own { // writes without a read before them
		all.Go(func() {
			got := w.ask(askedIn, call{
				method: "DELETE", path: "/api/v1/sites/a/comments/" + r.str("id"), bearer: r.str("edit_token"),
			})
			if got != http.StatusServiceUnavailable {
				t.Errorf("a withdrawal answers %d, want 503", got)
			}
		})
	}
	all.Wait()
	slices.Sort(late)
	if len(late) > 0 || len(routes) < 80 {
		t.Errorf("of %d routes %d do not end in %v:\n%s", len(routes), len(late), askedIn, strings.Join(late, "\n"))
	}
	thaw()
	for _, r := range own {
		testkit.Until(t, "a withdrawal that was refused is taken later", func() bool {
			return w.ask(askedIn, call{
				method: "DELETE", path: "/api/v1/sites/a/comments/" + r.str("id"), bearer: r.str("edit_token"),
			}) == http.StatusNoContent
		})
	}
}
