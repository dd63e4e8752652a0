package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// Four servers get posts at half of the highest rate, in turns and in a random order, so that other load on the machine
// affects all of them. Two have no webhook; the difference between those two is the noise. The latency is the median of
// all posts to a server.
const (
	hooksWaiting = 10_000          // pending messages at the start
	hookSlowFor  = 9 * time.Second // one second below the timeout of a message
	hookTurns    = 60
	hookTurn     = 2 * time.Second
	hookRest     = time.Second // pause for background work of a turn before the next server gets posts
)

// BenchmarkWebhooks measures how messages to a slow and to a fast receiver affect posts.
func BenchmarkWebhooks(b *testing.B) {
	inModuleRoot(b, func(binary, dir string) error {
		how := fmt.Sprintf("`make bench`: %d turns of %s, in a random order each time; SQLite", hookTurns,
			hookTurn)
		return measure("webhooks", how, []func() ([]row, error){
			func() ([]row, error) { return hooksCost(b, binary, dir) },
		})
	})
}

func hooksCost(b *testing.B, binary, dir string) ([]row, error) {
	var taken, held atomic.Int64
	at := func(do func()) string {
		receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { do() }))
		b.Cleanup(receiver.CloseClientConnections)
		return receiver.URL
	}
	receivers := []string{"", "", at(func() { held.Add(1); time.Sleep(hookSlowFor) }),
		at(func() { taken.Add(1) })}
	all, rate := make([]*timedPoster, len(receivers)), 0.0
	for i, address := range receivers {
		p, err := newPoster(binary, filepath.Join(dir, fmt.Sprint("hooks", i)), "--reach", "127.0.0.0/8")
		if err != nil {
			return nil, err
		}
		defer p.server.Kill()
		all[i] = &timedPoster{poster: p}
		if address != "" {
			hook := map[string]any{"url": address, "events": []string{"comment.arrived"}}
			err = addWebhook(binary, filepath.Join(dir, fmt.Sprint("hooks", i)), p.client, hook)
		}
		began := time.Now()
		if err != nil {
			return nil, err
		}
		if _, err := load.Closed(b.Context(), joinClients, hooksWaiting, p.post); err != nil {
			return nil, err
		}
		if p.posted = hooksWaiting; i == 0 {
			rate = hooksWaiting / time.Since(began).Seconds() / 2
		}
	}
	testkit.Within(b, 10*time.Minute, "the fast receiver has all", func() bool { return taken.Load() >= hooksWaiting })
	testkit.Within(b, time.Minute, "the slow receiver is called", func() bool { return held.Load() > 0 })
	spent := func() (sum time.Duration) {
		for _, p := range all {
			sum += used(p.server.PID())
		}
		return sum
	}
	testkit.Within(b, 10*time.Minute, "the servers are idle", func() bool {
		before := spent()
		time.Sleep(time.Second)
		return spent()-before < 50*time.Millisecond
	})
	err := takeTurns(all, hookTurns, rate, hookTurn, func(*timedPoster) error { time.Sleep(hookRest); return nil })
	if err != nil {
		return nil, err
	}
	if n := held.Load(); n > hooksWaiting/2 {
		return nil, fmt.Errorf("%d messages were sent to the slow receiver: the benchmark is not valid", n)
	}
	said := func(p *timedPoster) string {
		return fmt.Sprintf("CPU %.3f×, p50 %.3f× (%d µs)", float64(p.spent)/float64(all[0].spent),
			float64(p.took.At(0.5))/float64(all[0].took.At(0.5)), p.took.At(0.5).Microseconds())
	}
	floor := fmt.Sprintf("two processes without webhooks, compared, p50 %d µs: ", all[0].took.At(0.5).Microseconds()) +
		said(all[1])
	what := fmt.Sprintf("posts at %.0f/s, ", rate)
	return []row{
		{what + fmt.Sprintf("%d messages pending for a receiver that takes %s per message", hooksWaiting, hookSlowFor),
			floor, "≤ 1.05×", said(all[2])},
		{what + "a receiver that accepts each message at once", floor, "", said(all[3])},
	}, nil
}

// addWebhook adds a webhook in the session of a new owner, because a token must not add webhooks.
func addWebhook(binary, data string, c *testkit.Client, hook map[string]any) error {
	const email, password = "owner@bench.example", "a kettle on the balcony"
	_, err := testkit.RunWithInput(password+"\n", binary, "account", "add", "--email", email, "--name", "O", "--role", "owner",
		"--password-stdin", "--data", data)
	if err != nil {
		return err
	}
	owner, err := c.SignIn(context.Background(), email, password)
	if err != nil {
		return err
	}
	return owner.Do(context.Background(), http.MethodPost, "/moderation/webhooks", nil, hook, nil)
}
