package moderation_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func TestDecide_RaceWithEdit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator, "a")
		approved := 0
		for i := range 40 {
			c, token := w.SubmitWithToken(w.A, fmt.Sprintf("What the moderator read, %d.", i))
			var group sync.WaitGroup
			var decided, replied error
			group.Go(func() {
				if i%2 == 0 {
					_, decided = w.App.Decide(w.Ctx, mod, w.A, moderation.Choice{Action: comment.Approve,
						Comments: []moderation.Ref{{ID: c.ID, Version: 1}}})
				} else if _, replied = w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID, Version: 1}, "Yes.",
					nil); apptest.Code(replied) == "version.stale" {
					replied = nil
				}
			})
			group.Go(func() {
				if _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, fmt.Sprintf("What nobody read, %d.", i)); err != nil {
					t.Errorf("edit: %v", err)
				}
			})
			group.Wait()
			w.Must(decided)
			w.Must(replied)
			got := w.Comment(w.A, c.ID)
			if got.State == comment.Approved {
				t.Fatalf("%q is %v in version %d", got.Source, got.State, got.Version)
			}
			if got.Version == 3 {
				approved++ // before the edit
			}
		}
		t.Logf("of 40 the approval came first %d times", approved)
	})
}

func TestDecide_ConcurrentModeratorsGaplessLog(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("mod", authz.Moderator, "a")
		ids := w.AddComments(w.A, 30)
		actions := []comment.Action{comment.Approve, comment.MarkSpam, comment.Reject, comment.Hold}
		var group sync.WaitGroup
		for seed := range uint64(8) {
			group.Go(func() {
				r := rand.New(rand.NewPCG(seed, 0))
				for range 12 {
					in := moderation.Choice{Action: actions[r.IntN(len(actions))]}
					for _, i := range r.Perm(len(ids))[:10] { // random order, many of them shared
						in.Comments = append(in.Comments, moderation.Ref{ID: ids[i], Version: 1 + r.Int64N(4)})
					}
					out, err := w.App.Decide(w.Ctx, mod, w.A, in)
					if err == nil && out.Batch != "" && r.IntN(3) == 0 {
						_, err = w.App.Undo(w.Ctx, mod, w.A, out.Batch, nil)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		bad, err := w.App.VerifyLog(w.Ctx, w.A)
		w.Must(err)
		if bad != 0 {
			t.Errorf("the log is bad at %d", bad)
		}
		entries, _, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{Limit: 1})
		w.Must(err)
		if len(entries) == 0 || entries[0].Seq < 30 {
			t.Fatalf("too little was decided for this test to say anything: %+v", entries)
		}
		raised := int64(0)
		for _, id := range ids {
			raised += w.Comment(w.A, id).Version - 1
		}
		if raised != int64(entries[0].Seq) {
			t.Errorf("%d entries raised versions %d times", entries[0].Seq, raised)
		}
	})
}

// A long transaction of a moderator must not block submissions, even on a site that publishes without review.
func TestSubmit_NotBlockedByDecision(t *testing.T) {
	t.Parallel()
	w := &world{apptest.NewOn(t, testkit.Postgres(t))} // SQLite has only one writer anyway
	w.Decide(authz.Operator, w.A, comment.Approve, w.Submit(w.A, "The filter was taught something.").ID)
	w.Publish(w.A)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		if _, err := tx.LockLog(w.A.ID); err != nil {
			return err
		}
		if c := w.Submit(w.A, "Published while the log is locked."); c.State != comment.Approved {
			t.Errorf("it is %s, want it published", c.State)
		}
		return nil
	}))
}
