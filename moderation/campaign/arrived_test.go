package campaign_test

import (
	"context"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// Comments are decided, edited and withdrawn before the follower processes them.
func TestFollow_ChangesBeforeJoiningCount(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := crowd{Env: w}
		ctx, stop := context.WithCancel(w.Ctx)
		ran := make(chan error, 1)
		go func() { ran <- w.App.Run(ctx) }()
		apptest.WaitFollower(w, "campaigns")
		stop()
		w.Must(<-ran)
		ids := c.posts(0, 3)
		edited, token := w.SubmitWithToken(w.A, advert(3))
		withdrawn, other := w.SubmitWithToken(w.A, advert(4))
		w.Decide(authz.Operator, w.A, comment.MarkSpam, ids[1])
		_, _, err := w.App.Edit(w.Ctx, w.A, edited.ID, token, "I meant to ask how long the dough has to rest in winter.")
		w.Must(err)
		w.Must(w.App.WithdrawAndForget(w.Ctx, w.A, withdrawn.ID, other))
		w.Run(w.App)
		apptest.WaitFollower(w, "campaigns")
		if k := c.known(ids[0]); k.Waiting != 2 || k.Refused != 1 || k.Size() != 3 {
			t.Errorf("of five copies one was refused, one edited and one withdrawn: the campaign is %+v", k)
		}
	})
}

// The follower is stopped, so the membership is as before the undo.
func TestDecide_CampaignDecidedRightAfterUndo(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := crowd{Env: w, dana: w.AddStaff("dana", authz.Owner)}
		run := func(then func()) {
			t.Helper()
			ctx, stop := context.WithCancel(w.Ctx)
			ran := make(chan error, 1)
			go func() { ran <- w.App.Run(ctx) }()
			then()
			apptest.WaitFollower(w, "campaigns")
			stop()
			w.Must(<-ran)
		}
		var ids []string
		run(func() {
			ids = c.posts(0, 6)
			c.until("6 are one", ids[0], sized(6))
		})
		seen := c.known(ids[0])
		var out moderation.Outcome
		run(func() { out = c.decide(comment.MarkSpam, seen) })
		undone, err := w.App.Undo(w.Ctx, c.dana, w.A, out.Batch, nil)
		w.Must(err)
		if out.Done != 6 || undone.Done != 6 {
			t.Fatalf("%d were decided and %d undone, want 6", out.Done, undone.Done)
		}
		if again := c.decide(comment.MarkSpam, seen, ids[2]); again.Done != 5 || len(again.Conflicts) > 0 {
			t.Errorf("decided again: %+v, want 5 of 6, without the one that is excepted", again)
		}
		for n, id := range ids {
			want := comment.Spam
			if n == 2 {
				want = comment.Pending
			}
			if got := w.Comment(w.A, id).State; got != want {
				t.Errorf("copy %d is %v, want %v", n, got, want)
			}
		}
	})
}
