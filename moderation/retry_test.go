package moderation_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// rollingBack is a store that rolls each transaction back once before it commits it.
type rollingBack struct{ txn.Store[store.Tx] }

var errAgain = errors.New("again")

func (r rollingBack) View(ctx context.Context, fn func(moderation.Tx) error) error {
	return r.Store.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (r rollingBack) Views(ctx context.Context, n int, fn func([]moderation.Tx) error) error {
	return r.Store.Views(ctx, n, func(all []store.Tx) error {
		list := make([]moderation.Tx, len(all))
		for i, tx := range all {
			list[i] = tx
		}
		return fn(list)
	})
}

func (r rollingBack) Update(ctx context.Context, fn func(moderation.Tx) error) ([]event.Event, error) {
	_, err := r.Store.Update(ctx, func(tx store.Tx) error { return errors.Join(fn(tx), errAgain) })
	if err == nil {
		return nil, errors.New("it was not rolled back")
	}
	return r.Store.Update(ctx, func(tx store.Tx) error { return fn(tx) })
}

// effects counts the side effects of a submission.
type effects struct {
	moderation.Campaigns
	arrived []string
	asked   map[string]int
}

func (c *effects) CacheArrival(arrived comment.Comment) { c.arrived = append(c.arrived, arrived.ID) }

func (c *effects) Allow(_ context.Context, _ int64, key string, _, _ int) (bool, time.Duration) {
	c.asked[key]++
	return true, 0
}

func TestSubmit_EffectsHappenOnceIfTheTransactionRetries(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := &effects{Campaigns: w.App.Campaigns, asked: map[string]int{}}
		s := moderation.New(moderation.Options{Process: w.App.Process, Store: rollingBack{w.DB.Store}, Secret: apptest.Secret,
			Judge: w.App.Learning, Rules: w.App.Rules, Campaigns: c, Reports: w.App.Reports, Staff: w.App.Identity.StaffNames,
			Namesake: w.App.ReaderAuth.Impersonates, RecordErasure: w.App.Learning.MarkForgotten})
		in := moderation.Submission{PageURL: "https://a.example/post", Name: "Ann", Body: "Is there a ferry on Sundays?",
			Address: netip.MustParseAddr("192.0.2.7"), Limiter: c}
		out, err := s.Submit(w.Ctx, w.A, in)
		w.Must(err)
		if len(c.arrived) != 1 || c.arrived[0] != out.ID {
			t.Errorf("arrived: %v, want %s once", c.arrived, out.ID)
		}
		if c.asked["pages"] != 1 {
			t.Errorf("the new page was counted %d times", c.asked["pages"])
		}
		again, err := s.Submit(w.Ctx, w.A, in)
		w.Must(err)
		if !again.Duplicate || len(c.arrived) != 1 {
			t.Errorf("a duplicate arrived: %+v, %v", again, c.arrived)
		}
	})
}
