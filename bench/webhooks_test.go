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

// How W1 is read: posts at half of the highest rate, a short while to each of four servers, which take turns in another
// order each time, so that whatever else the machine does is done to all of them. Two tell nobody, and what lies
// between those is the noise. Of all posts to a server the middle one counts.
const (
	hooksWaiting = 10_000
	hookSlowFor  = 9 * time.Second // a second less than is waited for it
	hookTurns    = 60
	hookTurn     = 2 * time.Second
	hookRest     = time.Second // what follows a turn's posts is done before the next server is asked
)

// BenchmarkWebhooks measures what messages to a slow receiver, and to a quick one, cost those who post.
func BenchmarkWebhooks(b *testing.B) {
	atTheTop(b, func(binary, dir string) error {
		how := fmt.Sprintf("`make bench`: %d turns of %s each, in an order of its own each time; SQLite", hookTurns,
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
	receivers := []string{"", "", at(func() { held.Add(1); time.Sleep(hookSlowFor) }), // that is how slow it is
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
	testkit.Within(b, 10*time.Minute, "who is quick has all", func() bool { return taken.Load() >= hooksWaiting })
	testkit.Within(b, time.Minute, "who is slow is called", func() bool { return held.Load() > 0 })
	spent := func() (sum time.Duration) {
		for _, p := range all {
			sum += used(p.server.PID())
		}
		return sum
	}
	testkit.Within(b, 10*time.Minute, "servers rest", func() bool {
		before := spent()
		time.Sleep(time.Second)
		return spent()-before < 50*time.Millisecond
	})
	err := takeTurns(all, hookTurns, rate, hookTurn, func(*timedPoster) error { time.Sleep(hookRest); return nil })
	if err != nil {
		return nil, err
	}
	if n := held.Load(); n > hooksWaiting/2 {
		return nil, fmt.Errorf("%d messages were handed to a slow receiver: this said nothing", n)
	}
	said := func(p *timedPoster) string {
		return fmt.Sprintf("CPU %.3f×, p50 %.3f× (%d µs)", float64(p.spent)/float64(all[0].spent),
			float64(p.took.At(0.5))/float64(all[0].took.At(0.5)), p.took.At(0.5).Microseconds())
	}
	floor := fmt.Sprintf("the same program twice without receivers, p50 %d µs: ", all[0].took.At(0.5).Microseconds()) +
		said(all[1])
	what := fmt.Sprintf("a post of %.0f a second, ", rate)
	return []row{
		{"W1", what + fmt.Sprintf("%d messages waiting for a receiver that takes %s for each", hooksWaiting, hookSlowFor),
			floor, "≤ 1.05×", "", said(all[2])},
		{"W2", what + "a receiver that takes each message at once", floor, "", "", said(all[3])},
	}, nil
}

// addWebhook adds a webhook in the session of a new owner, because a token must not.
func addWebhook(binary, data string, c *testkit.Client, hook map[string]any) error {
	const email, password = "owner@bench.example", "a kettle on the balcony"
	_, err := testkit.RunWith(password+"\n", binary, "account", "add", "--email", email, "--name", "O", "--role", "owner",
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
