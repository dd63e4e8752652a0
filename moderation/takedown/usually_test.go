package takedown_test

import (
	"context"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/txn"
)

// held is a store that holds the first View up, once it is armed.
type held struct {
	txn.Store[store.Tx]
	armed    chan struct{}
	entered  chan struct{}
	released chan struct{}
}

func (h held) View(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case <-h.armed:
		close(h.entered)
		<-h.released
	default:
	}
	return h.Store.View(ctx, fn)
}

// How long comments wait on one site is nothing that another's readers wait for.
func TestASiteThatIsSlowToLookHoldsNoOtherUp(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	slow, other := w.AddSite("slow"), w.AddSite("other")
	store := held{w.DB.Store, make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
	s := w.NewApp(store)
	looked, answered := make(chan struct{}), make(chan struct{})
	store.armed <- struct{}{}
	go func() {
		defer close(looked)
		s.Takedowns.Usually(w.Ctx, slow)
	}()
	<-store.entered
	go func() {
		defer close(answered)
		s.Takedowns.Usually(w.Ctx, other)
	}()
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Error("one site's readers wait for what another's are told")
	}
	close(store.released)
	<-looked
}
