package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// The primary becomes read-only for a while and then stops. A synchronous standby replaces it. Readers and commenters
// are active meanwhile.
func TestFailover_StandbyLosesNothing(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	const people = 8
	binary, primary := testkit.Binary(t), testkit.NewDurablePostgres(t)
	primary.Database(t, "ledger")
	standby := primary.NewStandby(t)
	s := service{t, binary, []string{"--data", t.TempDir(), "--database", standby.URL(primary, "ledger")}}
	token := s.addSite("ledger")
	server := s.start()
	defer server.Kill()

	book := testkit.PostLog{Page: "https://ledger.example/post"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var clients sync.WaitGroup
	for range people {
		c := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: &http.Client{Transport: &http.Transport{}}}
		clients.Go(func() { book.PostWithRetries(ctx, c, 5*time.Millisecond) })
	}
	failed := make(chan string, 1)
	clients.Go(func() { readOn(ctx, server.URL, failed) })
	written := func(what string, n int64) {
		t.Helper()
		goal := book.Acknowledged() + n
		testkit.Until(t, what, func() bool { return book.Acknowledged() >= goal })
	}
	ready := func(want int) func() bool {
		return func() bool { return asked(ctx, server.URL+"/readyz").status == want }
	}
	refused := func(what string) {
		t.Helper()
		so := book.Retries() + people // running requests may have failed because of the old primary
		testkit.Until(t, what, func() bool { return book.Retries() > so })
	}

	written("comments are taken", 100)
	primary.SetWritable(t, false)
	refused("a database that takes no writes refuses them")
	testkit.Until(t, "a database that takes no writes is not ready", ready(http.StatusServiceUnavailable))
	primary.SetWritable(t, true)
	written("comments are taken once it takes writes again", 100)
	testkit.Until(t, "it is ready again", ready(http.StatusOK))

	primary.Crash(t)
	refused("a database that is gone refuses them")
	testkit.Until(t, "a database that is gone is not ready", ready(http.StatusServiceUnavailable))
	standby.Promote(t)
	promoted := time.Now()
	written("comments are taken by the other server", 100)
	took := time.Since(promoted)
	testkit.Until(t, "it is ready with the other server", ready(http.StatusOK))
	cancel()
	clients.Wait()

	select {
	case why := <-failed:
		t.Errorf("a reader was told %s", why)
	default:
	}
	if why := book.Unexpected(); len(why) > 0 {
		t.Errorf("%d posts were refused, the first: %s\n%s", len(why), why[0], server.Log())
	}
	reader := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: http.DefaultClient}
	moderator := &testkit.Client{URL: server.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}
	count := book.Verify(t, reader, moderator)
	fmt.Printf("failover: %v; a hundred comments %v after the promotion\n", count, took.Round(time.Millisecond))
	if count.Lost+count.Duplicated > 0 {
		t.Errorf("%d acknowledged comments are lost, %d doubled", count.Lost, count.Duplicated)
	}
}

// readOn reads pages without the cache until ctx ends. It reports an answer that is neither the page nor a retryable
// error.
func readOn(ctx context.Context, url string, failed chan<- string) {
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		a := asked(ctx, fmt.Sprintf("%s/api/v1/sites/ledger/comments?page=https://ledger.example/post/%d", url, n))
		later := a.status == http.StatusServiceUnavailable && a.retryAfter != ""
		if a.status != http.StatusOK && !later && ctx.Err() == nil {
			select {
			case failed <- fmt.Sprintf("%+v", a):
			default: // the first failure is enough
			}
		}
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// An answer has status 0 if the request failed; body is then the error.
type answer struct {
	status           int
	retryAfter, body string
}

func asked(ctx context.Context, url string) answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return answer{body: err.Error()}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{res.StatusCode, res.Header.Get("Retry-After"), string(all)}
}
