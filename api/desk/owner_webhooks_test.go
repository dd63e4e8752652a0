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

// A form that is pressed twice makes one webhook; what it is told is changed, and never nothing.
func TestAnOwnerChangesWhatAReceiverIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/webhooks")
	form := b.form("Add it")
	sent := b.values(form, fields{"url": "http://127.0.0.1:9/a-place-of-mine", "kind": "slack", "event": webhook.Arrived})
	for range 2 {
		b.submit(form, sent).sees("…mine")
	}
	list, err := w.S.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if len(list) != 1 {
		t.Fatalf("a form that was pressed twice made %d webhooks", len(list))
	}
	told := func(events ...string) *browser {
		return b.open("/moderate/blog/webhooks").submit(b.form("Save"), url.Values{"event": events})
	}
	told(webhook.Refused, webhook.Published).sees("a comment is published · a comment is refused")
	told().sees("Choose what it is told.")
	b.open("/moderate/blog/webhooks").sees("a comment is published · a comment is refused")
	list, err = w.S.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	if got := list[0].Events; !slices.Equal(got, []string{webhook.Published, webhook.Refused}) {
		t.Errorf("it is told %v", got)
	}
	w.as("Dana").open("/moderate/blog/webhooks").misses("Save")
}

func TestAnOwnerArrangesWhoIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	came, answer := 0, http.StatusGone
	receiver := httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, _ *http.Request) {
		came++
		res.WriteHeader(answer)
	}))
	t.Cleanup(receiver.Close)
	b := w.as("Olga").open("/moderate/blog/webhooks").sees("Nobody so far.")
	b.press(b.form("Add it"), "Add it", fields{"url": "ftp://x", "kind": "standard", "event": "comment.arrived"}).
		sees("This address cannot be called")
	b.press(b.form("Add it"), "Add it", fields{"url": receiver.URL + "/hidden-place-of-mine", "kind": "standard",
		"event": "comment.arrived"}).sees("whsec_").sees("…mine").misses("hidden-place")
	b.open("/moderate/blog/webhooks").misses("whsec_").sees("a comment arrives").misses("Deliver again")
	b.press(b.form("Send a test message"), "Send a test message", nil).sees("was not taken. It answers 410.")

	list, err := w.S.Webhooks(w.Ctx, w.actor("Olga"), w.site)
	w.Must(err)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		h := list[0].Endpoint
		h.FailedAt, h.Failure, h.Failures = w.Clock.Now(), "it answered 410", 7
		dead := webhook.Delivery{Site: h.Site, Hook: h.ID, ID: "dead", Event: webhook.Arrived, At: w.Clock.Now(),
			EndedAt: w.Clock.Now(), Outcome: "given up"}
		return errors.Join(tx.PutWebhook(h), tx.PutDeliveries(dead))
	}))
	b.open("/moderate/blog/webhooks").sees("1 message was given up").sees("It answers 410")
	answer = http.StatusOK
	b.press(b.form("Deliver again"), "Deliver again", nil).sees("1 message is sent once more.").sees("1 message waits")
	came = 0
	ctx, stop := context.WithCancel(w.Ctx)
	ended := make(chan error, 1)
	go func() { ended <- w.S.Webhook.Run(ctx) }()
	testkit.Until(t, "it is delivered", func() bool {
		w.Clock.Add(time.Second)
		list, err := w.S.Webhooks(w.Ctx, w.actor("Olga"), w.site)
		w.Must(err)
		return list[0].Waiting == 0 && list[0].FailedAt.IsZero()
	})
	stop()
	w.Must(<-ended)
	if came != 1 {
		t.Errorf("it came %d times", came)
	}
	b.open("/moderate/blog/webhooks").misses("given up").misses("It answers")
	b.press(b.form("Remove the webhook"), "Remove the webhook", nil).sees("The webhook is removed.").sees("Nobody so far.")
	b.press(b.form("Undo"), "Undo", nil).sees("…mine")
	w.as("Dana").open("/moderate/blog/webhooks").misses("…mine")
}
