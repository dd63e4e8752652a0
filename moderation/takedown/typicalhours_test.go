package takedown_test

import (
	"context"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/txn"
)

// blockingStore blocks the first View after armed receives a value, until released is closed.
type blockingStore struct {
	txn.Store[store.Tx]
	armed    chan struct{}
	entered  chan struct{}
	released chan struct{}
}

func (h blockingStore) View(ctx context.Context, fn func(store.Tx) error) error {
	select {
	case <-h.armed:
		close(h.entered)
		<-h.released
	default:
	}
	return h.Store.View(ctx, fn)
}

// Computing one site's typical wait does not block another site's readers.
func TestTypicalHours_SlowSiteBlocksNoOther(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	slow, other := w.AddSite("slow"), w.AddSite("other")
	store := blockingStore{w.DB.Store, make(chan struct{}, 1), make(chan struct{}), make(chan struct{})}
	s := w.NewApp(store)
	looked, answered := make(chan struct{}), make(chan struct{})
	store.armed <- struct{}{}
	go func() {
		defer close(looked)
		s.Takedowns.TypicalHours(w.Ctx, slow)
	}()
	<-store.entered
	go func() {
		defer close(answered)
		s.Takedowns.TypicalHours(w.Ctx, other)
	}()
	select {
	case <-answered:
	case <-time.After(10 * time.Second):
		t.Error("one site's computation blocks another site")
	}
	close(store.released)
	<-looked
}
