package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A server that is killed during webhook deliveries still delivers an event for each comment. Repeated deliveries have the
// same ID.
func TestWebhook_SurvivesKill(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	for name, database := range map[string]func(testing.TB) string{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // without a lane, because it waits half a minute for a lease to expire
			killWhileTelling(t, database(t))
		})
	}
}

func killWhileTelling(t *testing.T, database string) {
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir(), "--database", database}}
	s.addSite("ledger")
	token := s.run("", "token", "add", "--account", email, "--scope", "admin")

	var mu sync.Mutex
	ids := map[string]map[string]bool{} // message IDs by comment
	came, now := 0, 0                   // total, and currently running
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var in struct {
			Type string
			Data struct{ Comment struct{ ID string } }
		}
		bad := json.NewDecoder(r.Body).Decode(&in)
		mu.Lock()
		now++
		defer func() { now--; mu.Unlock() }()
		if bad == nil && in.Type == "comment.arrived" {
			if ids[in.Data.Comment.ID] == nil {
				ids[in.Data.Comment.ID] = map[string]bool{}
			}
			ids[in.Data.Comment.ID][r.Header.Get("webhook-id")] = true
			came++
		}
		mu.Unlock()
		time.Sleep(2 * time.Millisecond) // work of the receiver, during which the server may be killed
		mu.Lock()
	}))
	t.Cleanup(receiver.Close)
	locked := func(is func() bool) func() bool {
		return func() bool { mu.Lock(); defer mu.Unlock(); return is() }
	}

	server := s.start()
	defer func() { server.Kill() }()
	c := &testkit.Client{URL: server.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}
	owner, err := c.SignIn(t.Context(), email, password)
	must(t, err)
	if err := owner.Do(t.Context(), http.MethodPost, "/moderation/webhooks", nil,
		map[string]any{"url": receiver.URL, "events": []string{"comment.arrived"}}, nil); err != nil {
		t.Fatal(err)
	}
	testkit.Within(t, reportWait, "webhooks are followed", func() bool {
		_, err := c.Post(t.Context(), "", "https://ledger.example/first", "Writer", "", fmt.Sprintf("First %d", rand.Int()))
		return err == nil && locked(func() bool { return came > 0 })()
	})
	book := testkit.PostLog{Page: "https://ledger.example/post"}
	kills := testkit.EnvInt(t, "TEST_KILLS", 5)
	for kill := range kills {
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		for range writers {
			c := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: &http.Client{Transport: &http.Transport{}}}
			clients.Go(func() { book.PostUntilError(ctx, c) })
		}
		mu.Lock()
		before := came
		mu.Unlock()
		until(t, fmt.Sprintf("kill %d", kill), locked(func() bool {
			return now > 0 && came >= before+20+rand.IntN(40)
		}))
		server.Kill()
		cancel()
		clients.Wait()
		if why := book.Unexpected(); len(why) > 0 {
			t.Fatalf("a post failed before the kill: %s\n%s", why[0], server.Log())
		}
		server = s.start()
	}

	// The lease of a killed process expires after half a minute.
	reader := &testkit.Client{URL: server.URL, Site: "ledger", HTTP: http.DefaultClient}
	moderator := &testkit.Client{URL: server.URL, Site: "ledger", Token: token, HTTP: http.DefaultClient}
	count := book.Verify(t, reader, moderator)
	if count.Lost+count.Duplicated > 0 {
		t.Errorf("comments: %v", count)
	}
	testkit.Within(t, 2*time.Minute, "all is told", func() bool {
		var out struct{ Webhooks []struct{ Waiting int } }
		err := moderator.Do(t.Context(), http.MethodGet, "/moderation/webhooks", nil, nil, &out)
		return err == nil && out.Webhooks[0].Waiting == 0 && locked(func() bool { return now == 0 })()
	})
	mu.Lock()
	defer mu.Unlock()
	untold, many, again := 0, 0, came
	for after, more := "", true; more; more = after != "" {
		var items []testkit.QueueItem
		var err error
		if items, after, err = moderator.Queue(t.Context(), "limit=200&after="+after); err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			switch again--; len(ids[item.Comment.ID]) {
			case 0:
				untold++
			case 1:
			default:
				many++
			}
		}
	}
	t.Logf("%d kills: %v; %d messages, %d of them again", kills, count, came, again)
	if untold+many > 0 {
		t.Errorf("of %d comments nobody was told, %d were told of under several ids", untold, many)
	}
}
