package moderation_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// failing is a store whose transactions all fail, or whose reads fail until it is mended.
type failing struct {
	txn.Store[store.Tx]
	update, view error
	mended       *atomic.Bool
}

func (f failing) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if f.update == nil {
		return f.Store.Update(ctx, fn)
	}
	return f.Store.Update(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return fmt.Errorf("commit: %w", f.update)
	})
}

func (f failing) View(ctx context.Context, fn func(store.Tx) error) error {
	if f.view == nil || f.mended.Load() {
		return f.Store.View(ctx, fn)
	}
	return fmt.Errorf("begin: %w", f.view)
}

func TestUpdate_StoreErrorKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, token := w.SubmitWithToken(w.A, "It stands.")
	for _, tt := range []struct {
		err    error
		kind   problem.Kind
		code   string
		retry  bool
		hidden bool
	}{
		{err: txn.ErrBusy, kind: problem.Busy, code: "busy", retry: true},
		{err: txn.ErrFull, kind: problem.Full, code: "storage.full"},
		{err: errors.New("disk on fire"), hidden: true},
	} {
		s := w.NewApp(failing{Store: w.DB.Store, update: tt.err})
		told := 0
		s.OnEvent(func(event.Event) { told++ })
		_, err1 := s.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Body: "It does not stand."})
		_, _, err2 := s.Edit(w.Ctx, w.A, c.ID, token, "Changed.")
		err3 := s.Withdraw(w.Ctx, w.A, c.ID, token)
		for i, err := range []error{err1, err2, err3} {
			var e *problem.Error
			if known := errors.As(err, &e); err == nil || known == tt.hidden ||
				known && (e.Kind != tt.kind || e.Code != tt.code || e.RetryAfter > 0 != tt.retry) {
				t.Errorf("%v, use case %d: got %v", tt.err, i, err)
			}
		}
		if told > 0 {
			t.Errorf("%v: %d events were told of what was not stored", tt.err, told)
		}
	}
	if got := w.Comment(w.A, c.ID); got.Version != 1 || got.State != comment.Pending {
		t.Errorf("the comment became %+v", got)
	}
}

// A comment stays pending while the model cannot be read, even on a site that publishes without review.
func TestSubmit_StaysPendingWhileTheModelCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Warm(w.A, 2)
	site, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"moderation": string(site.PolicyNone)})
	w.Must(err)
	w.A = site
	broken := failing{Store: w.DB.Store, view: txn.ErrBusy, mended: &atomic.Bool{}}
	broken.mended.Store(true)
	s := w.NewApp(broken)
	broken.mended.Store(false)
	out, err := s.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post",
		Body: "Order cheap pills now."})
	w.Must(err)
	if c := w.Comment(w.A, out.ID); c.State != comment.Pending || c.Verdict.Warm || c.Verdict.Action != comment.Hold {
		t.Errorf("got %s with %+v", c.State, c.Verdict)
	}
	broken.mended.Store(true)
	w.Run(s)
	testkit.Until(w.T, "it is judged after all", func() bool { return w.Comment(w.A, out.ID).Verdict.Warm })
}
