package webhook_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
)

// A process that is killed while it sends leaves a lease and no result. Another one sends the message again, under the
// same ID, when the lease ends.
func TestRun_KilledProcessesMessageIsSentAgainWithItsID(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		var mu sync.Mutex
		var ids []string
		hang := make(chan struct{})
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			ids = append(ids, r.Header.Get("webhook-id"))
			first := len(ids) == 1
			mu.Unlock()
			if first {
				<-hang // the sender gets no response
			}
		}))
		t.Cleanup(receiver.Close)
		t.Cleanup(func() { close(hang) })
		came := func(n int) func() bool {
			return func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(ids) == n
			}
		}
		ctx, kill := context.WithCancel(w.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- w.App.Webhook.Run(ctx) }()
		in := webhook.Draft{URL: receiver.URL, Events: []string{webhook.Arrived}}
		_, _, _, err := w.App.AddWebhook(w.Ctx, authz.Operator, w.A, in, nil)
		w.Must(err)
		apptest.WaitFollower(w, "webhooks")
		w.Submit(w.A, "A remark that one process took and never settled")
		testkit.Until(t, "it came once", came(1))
		kill()
		w.Must(<-ended)
		w.Clock.Add(31 * time.Second)
		second := w.AnotherApp(nil)
		ctx, stop := context.WithCancel(w.Ctx)
		go func() { ended <- second.Webhook.Run(ctx) }()
		testkit.Until(t, "it came again", came(2))
		stop()
		w.Must(<-ended)
		if ids[0] != ids[1] || ids[0] == "" {
			t.Errorf("it came under %v", ids)
		}
	})
}

// A receiver is a test server that is subscribed to arriving comments, and the process that sends to it.
type receiver struct {
	*apptest.Env
	mu    sync.Mutex
	tries map[string]int // by webhook-id
	taken map[string]bool
}

// newReceiver adds a webhook for arriving comments to site A. answer returns the status for the n-th try of a message.
func newReceiver(w *apptest.Env, answer func(body string, n int) int) *receiver {
	r := &receiver{Env: w, tries: map[string]int{}, taken: map[string]bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body) // a truncated body matches no expected text
		id := req.Header.Get("webhook-id")
		r.mu.Lock()
		r.tries[id]++
		n := r.tries[id]
		r.mu.Unlock()
		status := answer(string(body), n)
		r.mu.Lock()
		r.taken[id] = status == http.StatusOK
		r.mu.Unlock()
		to.WriteHeader(status)
	}))
	w.T.Cleanup(server.Close)
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.App.Webhook.Run(ctx) }()
	w.T.Cleanup(func() {
		stop()
		<-ended
	})
	in := webhook.Draft{URL: server.URL, Events: []string{webhook.Arrived}}
	_, _, _, err := w.App.AddWebhook(w.Ctx, authz.Operator, w.A, in, nil)
	w.Must(err)
	apptest.WaitFollower(w, "webhooks")
	return r
}

// count returns the numbers of delivered messages and of tries.
func (r *receiver) count() (taken, tries int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, n := range r.tries {
		tries += n
		if r.taken[id] {
			taken++
		}
	}
	return taken, tries
}

func (r *receiver) hook() webhook.Summary {
	r.T.Helper()
	list, err := r.App.Webhooks(r.Ctx, authz.Operator, r.A)
	r.Must(err)
	return list[0]
}

func TestRun_FailingMessageDelaysNoOther(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"a failure": 500, "a rejection": 422, "busy": 429, "no answer": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.New(t)
			hang := make(chan struct{})
			r := newReceiver(w, func(body string, n int) int {
				if strings.Contains(body, "unwanted") {
					if status == 0 {
						<-hang
					}
					return cmp.Or(status, http.StatusBadGateway)
				}
				return http.StatusOK
			})
			t.Cleanup(func() { close(hang) })
			w.Submit(w.A, "This is unwanted by the receiver")
			testkit.Until(t, "it is tried", func() bool { _, tries := r.count(); return tries == 1 })
			w.Submit(w.A, "The first of the others")
			testkit.Until(t, "the next one is taken", func() bool { taken, _ := r.count(); return taken == 1 })
			if status == 0 {
				return
			}
			testkit.Until(t, "it is tried again and again", func() bool {
				w.Clock.Add(time.Minute)
				_, tries := r.count()
				return tries >= 5
			})
			for i := range 30 {
				w.Submit(w.A, fmt.Sprintf("Another one, with the number %d", i))
			}
			testkit.Until(t, "all others are taken", func() bool { taken, _ := r.count(); return taken == 31 })
			testkit.Until(t, "the results are recorded", func() bool { return r.hook().Pending == 1 })
			if n := r.hook().Failures; n != 0 {
				t.Errorf("the receiver is down after %d failures", n)
			}
		})
	}
}

func TestRun_FirstRetryIsWithinSeconds(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	r := newReceiver(w, func(body string, n int) int {
		if n == 1 && strings.Contains(body, "every third") {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	for i := range 60 {
		text := fmt.Sprintf("A message with the number %d", i)
		if i%3 == 0 {
			text += ", every third one"
		}
		w.Submit(w.A, text)
	}
	testkit.Until(t, "each is tried once", func() bool { _, tries := r.count(); return tries == 60 })
	testkit.Until(t, "results are recorded", func() bool { return r.hook().Pending == 20 })
	if taken, _ := r.count(); taken != 40 {
		t.Errorf("%d were taken at first", taken)
	}
	w.Clock.Add(5 * time.Second)
	testkit.Until(t, "all are taken", func() bool { taken, _ := r.count(); return taken == 60 })
}

// A receiver that is down gets a few probes instead of all pending messages.
func TestRun_DownReceiverIsProbed(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	var mu sync.Mutex
	up := false
	r := newReceiver(w, func(string, int) int {
		mu.Lock()
		defer mu.Unlock()
		if up {
			return http.StatusOK
		}
		return http.StatusServiceUnavailable
	})
	failures := func(n int) {
		t.Helper()
		testkit.Until(t, fmt.Sprintf("%d rounds failed", n), func() bool { return r.hook().Failures == n })
	}
	const many = 40
	for i := range many {
		w.Submit(w.A, fmt.Sprintf("A message with the number %d", i))
	}
	testkit.Until(t, "the receiver is down", func() bool { return r.hook().Failures > 0 })
	testkit.Until(t, "all wait", func() bool { return r.hook().Pending == many })
	_, before := r.count()
	first := r.hook().Failures
	for n := range 4 {
		w.Clock.Add(10 * time.Second)
		failures(first + n + 1)
	}
	if _, after := r.count(); after-before > 4*4 {
		t.Errorf("in four rounds there were %d tries", after-before)
	}
	mu.Lock()
	up = true
	mu.Unlock()
	w.Clock.Add(10 * time.Second)
	testkit.Until(t, "all are taken", func() bool { taken, _ := r.count(); return taken == many })
	testkit.Until(t, "the receiver is well", func() bool {
		h := r.hook()
		return h.Failures == 0 && h.FailedAt.IsZero() && h.Failure == "" && h.Pending == 0
	})
}
