package learning_test

import (
	"bytes"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// taughtByBob creates four comments and lets a moderator decide on the first two.
func (w *world) taughtByBob() (owner, ann, bob authz.Actor, ids []string) {
	w.T.Helper()
	owner = w.AddStaff("owner", authz.Owner, "a")
	ann, bob = w.AddStaff("ann", authz.Moderator, "a"), w.AddStaff("bob", authz.Moderator, "a")
	ids = w.AddTexts(w.A, []string{"Lovely tomatoes.", "Cheap pills.", "A fine recipe.", "Casino bonus now."})
	w.Decide(bob, w.A, comment.Approve, ids[0])
	w.Decide(bob, w.A, comment.MarkSpam, ids[1])
	return owner, ann, bob, ids
}

func TestWithdrawLessons_RemovesAccountsLessons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner, ann, bob, ids := w.taughtByBob()
		byBob := w.model(w.A)
		w.Decide(ann, w.A, comment.MarkSpam, ids[2])
		w.Decide(ann, w.A, comment.Approve, ids[3])
		before := w.model(w.A)

		teachers, err := w.App.Teachers(w.Ctx, owner, w.A)
		w.Must(err)
		slices.SortFunc(teachers, func(a, b learning.Teacher) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
		if len(teachers) != 2 || teachers[0] != (learning.Teacher{Account: ann.Account.ID, Name: "ann", Lessons: 2}) ||
			teachers[1].Lessons != 2 {
			t.Errorf("teachers: %+v", teachers)
		}
		key := &txn.IdempotencyKey{Site: w.A.ID, Route: "withdraw", Value: "k", Body: []byte("b")}
		out, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, ann.Account.ID, key)
		w.Must(err)
		again, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, ann.Account.ID, key)
		w.Must(err)
		if out.Lessons != 2 || out.Batch == "" || !again.Replayed || again.Batch != out.Batch {
			t.Errorf("withdrawn: %+v, and again %+v", out, again)
		}
		if !bytes.Equal(w.model(w.A), byBob) {
			t.Error("the model still knows what ann taught")
		}
		if a, b := w.Comment(w.A, ids[2]), w.Comment(w.A, ids[3]); a.State != comment.Spam || b.State != comment.Approved {
			t.Errorf("the comments became %s and %s", a.State, b.State)
		}
		entries, _, err := w.App.Log(w.Ctx, bob, w.A, moderation.LogRequest{Limit: 1})
		w.Must(err)
		if e := entries[0]; e.Kind != auditlog.Withdrawal || e.Subject != ann.Account.ID || e.Lessons != 2 ||
			e.Name != "owner" || e.Comment != "" {
			t.Errorf("the log says %+v", e)
		}

		// Later decisions on those comments do not restore withdrawn lessons.
		second := w.Decide(bob, w.A, comment.Approve, ids[2])
		w.Undo(bob, w.A, second.Batch)
		if !bytes.Equal(w.model(w.A), byBob) {
			t.Error("an undo brought a withdrawn lesson back")
		}
		nothing, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, ann.Account.ID, nil)
		w.Must(err)
		if nothing.Lessons != 0 || nothing.Batch != "" {
			t.Errorf("withdrawn twice: %+v", nothing)
		}

		_, err = w.App.Undo(w.Ctx, bob, w.A, out.Batch, nil)
		apptest.WantCode(t, "a moderator's undo", err, "role.insufficient")
		if undone := w.Undo(owner, w.A, out.Batch); undone.Done != 2 {
			t.Errorf("undone: %+v", undone)
		}
		if !bytes.Equal(w.model(w.A), before) {
			t.Error("after the undo the model is not what it was")
		}
		if twice := w.Undo(owner, w.A, out.Batch); twice.Done != 0 {
			t.Errorf("undone twice: %+v", twice)
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
	})
}

// A later withdrawal stays in force when an earlier one is undone. After both undos all lessons count again.
func TestWithdrawLessons_LaterOneSurvivesUndoOfEarlier(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner, ann, _, ids := w.taughtByBob()
		byBob := w.model(w.A)
		var batches []string
		for _, id := range ids[2:] {
			w.Decide(ann, w.A, comment.MarkSpam, id)
			out, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, ann.Account.ID, nil)
			w.Must(err)
			batches = append(batches, out.Batch)
		}
		if undone := w.Undo(owner, w.A, batches[0]); undone.Done != 0 {
			t.Errorf("the later withdrawal has what the first had, and %d lessons are said to count again", undone.Done)
		}
		if !bytes.Equal(w.model(w.A), byBob) {
			t.Error("what the later withdrawal takes out counts again")
		}
		if undone := w.Undo(owner, w.A, batches[1]); undone.Done != 2 {
			t.Errorf("%d lessons are said to count again after both were taken back", undone.Done)
		}
		if got := w.model(w.A); !bytes.Equal(got, w.foldOfWhatCounts(w.A)) || bytes.Equal(got, byBob) {
			t.Error("after both were taken back the model is not what ann and bob taught")
		}
		var log []auditlog.Entry
		w.View(func(tx store.Tx) (err error) {
			log, err = tx.DecisionsAfter(w.A.ID, 0, 100)
			return err
		})
		if end := log[len(log)-1]; log[2].Comment != ids[2] || end.Lowest != 3 {
			t.Errorf("snapshots from before ann's first lesson are good, says the log's end: %+v", end)
		}
	})
}

func TestCopyLessons_StartsSiteFromAnother(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.AddStaff("owner", authz.Owner, "a", "b")
		w.DecideTexts(w.A, 30)
		undone := w.Decide(owner, w.A, comment.MarkSpam, w.Submit(w.A, "It is undone before it is copied.").ID)
		w.Undo(owner, w.A, undone.Batch)
		empty := w.model(w.B)
		out, err := w.App.CopyLessons(w.Ctx, owner, w.B, w.A.Key, nil)
		w.Must(err)
		if out.Lessons != 30 || out.Batch == "" {
			t.Errorf("copied: %+v", out)
		}
		copied := w.model(w.B)
		if c := w.Submit(w.B, "Cheap pills casino, order now."); !c.Verdict.Warm {
			t.Errorf("after the start: %+v", c.Verdict)
		}
		entries, _, err := w.App.Log(w.Ctx, owner, w.B, moderation.LogRequest{Limit: 1})
		w.Must(err)
		if e := entries[0]; e.Kind != auditlog.Copy || e.Subject != "a" || e.Lessons != 30 || e.Name != "owner" {
			t.Errorf("the log says %+v", e)
		}
		if teachers, err := w.App.Teachers(w.Ctx, owner, w.B); err != nil || len(teachers) != 0 {
			t.Errorf("nobody decided here, and taught %+v (%v)", teachers, err)
		}
		// This withdraws the owner's own decisions, not the copied lessons.
		w.Decide(owner, w.B, comment.Approve, w.Submit(w.B, "Thank you for the recipe.").ID)
		if n, err := w.App.WithdrawLessons(w.Ctx, owner, w.B, owner.Account.ID, nil); err != nil || n.Lessons != 1 {
			t.Errorf("withdrawn: %+v (%v)", n, err)
		}
		if got := w.model(w.B); len(got) != len(copied) {
			t.Errorf("the model has %d bytes, want %d", len(got), len(copied))
		}
		w.Decide(authz.Operator, w.A, comment.MarkSpam, w.Submit(w.A, "Taught on the first site only.").ID)
		if got := w.model(w.B); len(got) != len(copied) {
			t.Error("the sites are not apart")
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.B); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		w.Undo(owner, w.B, out.Batch)
		if got := w.model(w.B); !bytes.Equal(got, empty) {
			t.Errorf("after the undo the model has %d bytes, want %d", len(got), len(empty))
		}
	})
}

func TestRetireLessons_ErasesForGood(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.AddStaff("owner", authz.Owner, "a", "b")
		w.DecideTexts(w.A, 130)
		w.DecideTexts(w.B, 4)
		if len(w.snapshots(w.A)) == 0 {
			t.Fatal("there is no snapshot")
		}
		copied, err := w.App.CopyLessons(w.Ctx, owner, w.A, w.B.Key, nil)
		w.Must(err)
		ids := w.AddTexts(w.A, []string{"The canary sings of old.", "Cheap pills of old.", "A fine new recipe.",
			"Casino bonus of today."})
		first := w.Decide(owner, w.A, comment.Approve, ids[0])
		w.Decide(owner, w.A, comment.MarkSpam, ids[1])
		withdrawn, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, owner.Account.ID, nil)
		w.Must(err)
		w.Clock.Add(time.Hour)
		between := w.Clock.Now()
		w.Clock.Add(time.Hour)
		w.Decide(owner, w.A, comment.Approve, ids[2])
		w.Decide(owner, w.A, comment.MarkSpam, ids[3])

		_, err = w.App.RetireLessons(w.Ctx, owner, w.A, w.Clock.Now().Add(time.Hour), nil)
		apptest.WantCode(t, "before a time to come", err, "field.invalid")
		_, err = w.App.RetireLessons(w.Ctx, w.AddStaff("mod", authz.Moderator, "a"), w.A, between, nil)
		apptest.WantCode(t, "a moderator's retirement", err, "role.insufficient")
		old, err := w.App.OldLessons(w.Ctx, owner, w.A, between)
		w.Must(err)
		_, err = w.App.OldLessons(w.Ctx, w.AddStaff("other", authz.Moderator, "a"), w.A, between)
		apptest.WantCode(t, "a moderator's look at what is old", err, "role.insufficient")
		out, err := w.App.RetireLessons(w.Ctx, owner, w.A, between, nil)
		w.Must(err)
		if out.Lessons != old || out.Lessons != 136 || out.Batch == "" { // withdrawn lessons are erased as well
			t.Errorf("retired: %+v of %d", out, old)
		}
		if left := w.snapshots(w.A); len(left) != 0 {
			t.Errorf("%d snapshots hold words of what was erased", len(left))
		}
		_, err = w.App.Undo(w.Ctx, owner, w.A, out.Batch, nil)
		apptest.WantCode(t, "its undo", err, "field.invalid")
		w.Undo(owner, w.A, withdrawn.Batch)
		w.Undo(owner, w.A, copied.Batch)
		w.Undo(owner, w.A, first.Batch)
		if !bytes.Equal(w.model(w.A), w.foldOfWhatCounts(w.A)) || bytes.Contains(w.model(w.A), []byte("canary")) {
			t.Error("the model knows what was retired")
		}
		w.View(func(tx store.Tx) error {
			lessons, err := tx.Lessons(w.A.ID, 0, 1000)
			for _, l := range lessons {
				if erased := l.Comment.Text == "" && len(l.Salt) == 0; erased != (l.Withdrawn != 0) {
					t.Errorf("lesson %d, withdrawn by %d, has text %q", l.Seq, l.Withdrawn, l.Comment.Text)
				}
			}
			return err
		})
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
	})
}

func TestCopyLessons_NeedsOwnerOfBothSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DecideTexts(w.A, 4)
	ofBoth := w.AddStaff("both", authz.Owner, "a", "b")
	ofA, ofB := w.AddStaff("of-a", authz.Owner, "a"), w.AddStaff("of-b", authz.Owner, "b")
	moderator := w.AddStaff("mod", authz.Moderator, "a", "b")
	decides := w.AddToken("both@staff.example", authz.ScopeDecide)
	copies := func(who authz.Actor, to, from site.Site) error {
		_, err := w.App.CopyLessons(w.Ctx, who, to, from.Key, nil)
		return err
	}
	apptest.WantCode(t, "an owner of neither's copy", copies(moderator, w.B, w.A), "role.insufficient")
	apptest.WantCode(t, "an owner of the first's copy", copies(ofA, w.B, w.A), "site.unknown")
	apptest.WantCode(t, "an owner of the second's copy", copies(ofB, w.B, w.A), "site.unknown")
	apptest.WantCode(t, "a token that decides", copies(decides, w.B, w.A), "role.insufficient")
	apptest.WantCode(t, "nobody's copy", copies(authz.Actor{}, w.B, w.A), "auth.needed")
	apptest.WantCode(t, "a moderator's copy of a site that there is not",
		copies(moderator, w.B, site.Site{Key: "nowhere"}), "role.insufficient")
	apptest.WantCode(t, "a copy of itself", copies(ofBoth, w.A, w.A), "field.invalid")
	apptest.WantCode(t, "an owner of both's copy", copies(ofBoth, w.B, w.A), "")
	withdraws := func(who authz.Actor) error {
		_, err := w.App.WithdrawLessons(w.Ctx, who, w.A, "", nil)
		return err
	}
	apptest.WantCode(t, "a moderator's withdrawal", withdraws(moderator), "role.insufficient")
	apptest.WantCode(t, "a stranger's withdrawal", withdraws(ofB), "site.unknown")
	apptest.WantCode(t, "a deciding token's withdrawal", withdraws(decides), "role.insufficient")
	apptest.WantCode(t, "an owner's withdrawal", withdraws(ofA), "")
	_, err := w.App.Teachers(w.Ctx, moderator, w.A)
	apptest.WantCode(t, "a moderator's look at the teachers", err, "role.insufficient")
}

// The hash chain protects copied lessons as well as those of decisions.
func TestVerifyLog_FindsTamperedCopy(t *testing.T) {
	t.Parallel()
	const erase = "UPDATE lessons SET body = '', author = '', email = '', url = '', salt = X'' "
	for _, change := range []string{
		erase + "WHERE site_id = 2",
		erase + ", withdrawn = 2 WHERE site_id = 2", // by an entry that is no retirement
		"UPDATE lessons SET body = 'Another text.' WHERE site_id = 2 AND part = 3",
		"UPDATE lessons SET label = 1 - label WHERE site_id = 2 AND part = 9",
		"DELETE FROM lessons WHERE site_id = 2 AND part = 9",
		"UPDATE decisions SET lessons = 9 WHERE site_id = 2",
		"UPDATE decisions SET subject = 'b' WHERE site_id = 2",
		"UPDATE decisions SET kind = 1 WHERE site_id = 2",
	} {
		t.Run(change, func(t *testing.T) {
			w := newWorld(t)
			w.DecideTexts(w.A, 10)
			_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
			w.Must(err)
			w.Decide(authz.Operator, w.B, comment.Approve, w.Submit(w.B, "Lovely.").ID)
			raw, err := sql.Open("sqlite", w.Path)
			w.Must(err)
			defer raw.Close()
			done, err := raw.Exec(change)
			w.Must(err)
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("nothing was tampered with: %v", err)
			}
			if bad, err := w.App.VerifyLog(w.Ctx, w.B); err != nil || bad != 1 {
				t.Errorf("bad at %d (%v), want 1", bad, err)
			}
		})
	}
}

// model returns the bytes of a site's model at the end of its log.
func (w *world) model(site site.Site) []byte {
	w.T.Helper()
	w.Must(w.App.Learn(w.Ctx, site))
	model, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, site)
	w.Must(err)
	return model
}
