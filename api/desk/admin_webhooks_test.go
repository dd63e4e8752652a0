package desk_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/webhook"
)

// A double submit adds one webhook. Its events can be changed, but not to none.
func TestWebhooks_ChangeEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/webhooks")
	form := b.form("Add")
	sent := b.values(form, fields{"url": "http://127.0.0.1:9/a-place-of-mine", "kind": "slack", "event": webhook.Arrived})
	for range 2 {
		b.submit(form, sent).sees("…mine")
	}
	list, err := w.App.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if len(list) != 1 {
		t.Fatalf("a form that was pressed twice made %d webhooks", len(list))
	}
	told := func(events ...string) *browser {
		return b.open("/moderate/blog/webhooks").submit(b.form("Save"), url.Values{"event": events})
	}
	told(webhook.Refused, webhook.Published).sees("Comment published · Comment refused")
	told().sees("Choose at least one event.")
	b.open("/moderate/blog/webhooks").sees("Comment published · Comment refused")
	list, err = w.App.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if got := list[0].Events; !slices.Equal(got, []string{webhook.Published, webhook.Refused}) {
		t.Errorf("it is told %v", got)
	}
	w.as("Dana").open("/moderate/blog/webhooks").misses("Save")
}

func TestWebhooks_AddTestRedeliverRemove(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	came, answer := 0, http.StatusGone
	receiver := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		came++
		res.WriteHeader(answer)
	}))
	t.Cleanup(receiver.Close)
	b := w.as("Olga").open("/moderate/blog/webhooks").sees("None yet.")
	b.press(b.form("Add"), "Add", fields{"url": "ftp://x", "kind": "standard", "event": "comment.arrived"}).
		sees("A webhook's address begins with http:// or https://, without a password in it.")
	b.press(b.form("Add"), "Add", fields{"url": receiver.URL + "/hidden-place-of-mine", "kind": "standard",
		"event": "comment.arrived"}).sees("whsec_").sees("…mine").misses("hidden-place")
	b.open("/moderate/blog/webhooks").misses("whsec_").sees("Comment received").misses("Send again")
	b.press(b.form("Send test message"), "Send test message", nil).
		sees("Test message failed. The server responds with 410.")

	list, err := w.App.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		h := list[0].Endpoint
		h.FailedAt, h.Failure, h.Failures = w.Clock.Now(), "it answered 410", 7
		dead := webhook.Delivery{Site: h.Site, Hook: h.ID, ID: "dead", Event: webhook.Arrived, At: w.Clock.Now(),
			EndedAt: w.Clock.Now(), Outcome: "given up"}
		return errors.Join(tx.PutWebhook(h), tx.PutDeliveries(dead))
	}))
	b.open("/moderate/blog/webhooks").sees("1 message failed after three days of retries").
		sees("The server responds with 410")
	answer = http.StatusOK
	b.press(b.form("Send again"), "Send again", nil).sees("1 message will be sent again.").sees("1 message pending")
	came = 0
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.App.Webhook.Run(ctx) }()
	testkit.Until(t, "it is delivered", func() bool {
		w.Clock.Add(time.Second)
		list, err := w.App.Webhooks(w.Ctx, w.actor("Olga"), w.site)
		w.Must(err)
		return list[0].Pending == 0 && list[0].FailedAt.IsZero()
	})
	stop()
	w.Must(<-ended)
	if came != 1 {
		t.Errorf("it came %d times", came)
	}
	b.open("/moderate/blog/webhooks").misses("failed after").misses("The server responds")
	b.press(b.form("Remove webhook"), "Remove webhook", nil).sees("Webhook removed.").sees("None yet.")
	b.press(b.form("Undo"), "Undo", nil).sees("…mine")
	w.as("Dana").open("/moderate/blog/webhooks").misses("…mine")
}
