package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/kit"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/roomstest"
	"github.com/aitys/aitys/notify"
)

func TestWhatMayBeCalled(t *testing.T) {
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
	roomstest.OnBoth(t, func(t *testing.T, w *roomstest.World) {
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
		_, _, _, err := w.S.AddWebhook(w.Ctx, people.Operator, w.A, in, nil)
		w.Must(err)
		roomstest.Followed(w, "webhooks")
		w.Submit(w.A, "A remark that one process took and never settled")
		kit.Until(t, "it came once", came(1))
		kill()
		w.Must(<-ended)
		w.Clock.Add(31 * time.Second)
		second := w.Another(nil)
		ctx, stop := context.WithCancel(w.Ctx)
		go func() { ended <- second.Hooks.Run(ctx) }()
		kit.Until(t, "it came again", came(2))
		stop()
		w.Must(<-ended)
		if ids[0] != ids[1] || ids[0] == "" {
			t.Errorf("it came under %v", ids)
		}
	})
}
