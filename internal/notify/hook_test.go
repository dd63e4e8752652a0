package notify_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/notify"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
)

func TestWhatMayBeCalled(t *testing.T) {
	t.Parallel()
	allowed := notify.Reach{netip.MustParsePrefix("10.7.0.0/16"), netip.MustParsePrefix("fd07::/16")}
	for address, want := range map[string]bool{
		"8.8.8.8": true, "93.184.216.34": true, "2606:2800:220:1::1": true, "::ffff:8.8.8.8": true,
		"10.7.1.2": true, "::ffff:10.7.1.2": true, "fd07::1": true,
		"10.8.1.2": false, "127.0.0.1": false, "::1": false, "::ffff:127.0.0.1": false, "169.254.169.254": false,
		"fe80::1%eth0": false, "fc00::1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false, "2001::1": false,
		"2002:7f00:1::": false, "100.64.1.1": false, "0.0.0.0": false, "255.255.255.255": false, "239.1.1.1": false,
		"ff02::1": false, "2001:db8::1": false, "192.0.0.1": false, "100::1": false, "5f00::1": false,
	} {
		if got := allowed.May(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s may be called: %t, want %t", address, got, want)
		}
	}
	if allowed.May(netip.Addr{}) {
		t.Error("no address may be called")
	}
}

// A process that is killed while it sends has written down that it took the message, and no more: another one sends
// it again under the same id.
func TestAMessageOfAProcessThatEndedIsSentAgainUnderItsId(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		var mu sync.Mutex
		var ids []string
		hang := make(chan struct{})
		receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			mu.Lock()
			ids = append(ids, r.Header.Get("webhook-id"))
			first := len(ids) == 1
			mu.Unlock()
			if first {
				<-hang // it came, and its sender never hears of that
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
		go func() { ended <- w.S.Hooks.Run(ctx) }()
		in := notify.NewHook{URL: receiver.URL, Events: []string{notify.Arrived}}
		_, _, _, err := w.S.AddWebhook(w.Ctx, authz.Operator, w.A, in, nil)
		w.Must(err)
		apptest.Followed(w, "webhooks")
		w.Submit(w.A, "A remark that one process took and never settled")
		testkit.Until(t, "it came once", came(1))
		kill()
		w.Must(<-ended)
		w.Clock.Add(31 * time.Second)
		second := w.Another(nil)
		ctx, stop := context.WithCancel(w.Ctx)
		go func() { ended <- second.Hooks.Run(ctx) }()
		testkit.Until(t, "it came again", came(2))
		stop()
		w.Must(<-ended)
		if ids[0] != ids[1] || ids[0] == "" {
			t.Errorf("it came under %v", ids)
		}
	})
}

// A tested is a receiver of messages about arriving comments, and the process that sends them.
type tested struct {
	*apptest.World
	mu    sync.Mutex
	tries map[string]int // by webhook-id
	taken map[string]bool
}

// testHooks adds a webhook for arriving comments to site A. answer returns the status for the n-th try of a message.
func testHooks(w *apptest.World, answer func(body string, n int) int) *tested {
	r := &tested{World: w, tries: map[string]int{}, taken: map[string]bool{}}
	receiver := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body) // a body that is cut short is like no other
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
	w.T.Cleanup(receiver.Close)
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.S.Hooks.Run(ctx) }()
	w.T.Cleanup(func() {
		stop()
		<-ended
	})
	in := notify.NewHook{URL: receiver.URL, Events: []string{notify.Arrived}}
	_, _, _, err := w.S.AddWebhook(w.Ctx, authz.Operator, w.A, in, nil)
	w.Must(err)
	apptest.Followed(w, "webhooks")
	return r
}

// count returns the numbers of delivered messages and of tries.
func (r *tested) count() (taken, tries int) {
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

func (r *tested) hook() notify.Webhook {
	r.T.Helper()
	list, err := r.S.Webhooks(r.Ctx, authz.Operator, r.A)
	r.Must(err)
	return list[0]
}

func TestHooks_FailingMessageDelaysNoOther(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"a failure": 500, "a rejection": 422, "busy": 429, "no answer": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := apptest.New(t)
			hang := make(chan struct{})
			r := testHooks(w, func(body string, n int) int {
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
			testkit.Until(t, "the results are recorded", func() bool { return r.hook().Waiting == 1 })
			if n := r.hook().Failures; n != 0 {
				t.Errorf("the receiver is down after %d failures", n)
			}
		})
	}
}

func TestHooks_FirstRetryIsWithinSeconds(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	r := testHooks(w, func(body string, n int) int {
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
	testkit.Until(t, "results are recorded", func() bool { return r.hook().Waiting == 20 })
	if taken, _ := r.count(); taken != 40 {
		t.Errorf("%d were taken at first", taken)
	}
	w.Clock.Add(5 * time.Second)
	testkit.Until(t, "all are taken", func() bool { taken, _ := r.count(); return taken == 60 })
}

// A receiver that is down gets a few probes instead of all pending messages.
func TestHooks_DownReceiverIsProbed(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	var mu sync.Mutex
	up := false
	r := testHooks(w, func(string, int) int {
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
	testkit.Until(t, "all wait", func() bool { return r.hook().Waiting == many })
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
		return h.Failures == 0 && h.FailedAt.IsZero() && h.Failure == "" && h.Waiting == 0
	})
}
