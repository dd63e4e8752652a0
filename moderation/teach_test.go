package moderation_test

import (
	"bytes"
	"database/sql"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// model returns the bytes of a site's model at the end of its log.
func (w *world) model(site ground.Site) []byte {
	w.t.Helper()
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
	model, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, site)
	w.must(err)
	return model
}

func TestWhatAnAccountTaughtIsWithdrawnAsAWhole(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner, ann, bob := w.person("owner", people.Owner, "a"), w.person("ann", people.Moderator, "a"), w.person("bob", people.Moderator, "a")
		ids := w.waiting(w.a, []string{"Lovely tomatoes.", "Cheap pills.", "A fine recipe.", "Casino bonus now."})
		w.decide(bob, w.a, decision.Approve, ids[0])
		w.decide(bob, w.a, decision.MarkSpam, ids[1])
		byBob := w.model(w.a)
		w.decide(ann, w.a, decision.MarkSpam, ids[2])
		w.decide(ann, w.a, decision.Approve, ids[3])
		before := w.model(w.a)

		teachers, err := w.s.Teachers(w.ctx, owner, w.a)
		w.must(err)
		slices.SortFunc(teachers, func(a, b moderation.Teacher) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
		if len(teachers) != 2 || teachers[0] != (moderation.Teacher{Account: ann.Account.ID, Name: "ann", Lessons: 2}) || teachers[1].Lessons != 2 {
			t.Errorf("teachers: %+v", teachers)
		}
		key := &ground.Key{Site: w.a.ID, Route: "withdraw", Value: "k", Body: []byte("b")}
		out, err := w.s.WithdrawLessons(w.ctx, owner, w.a, ann.Account.ID, key)
		w.must(err)
		again, err := w.s.WithdrawLessons(w.ctx, owner, w.a, ann.Account.ID, key)
		w.must(err)
		if out.Done != 2 || out.Batch == "" || !again.Replayed || again.Batch != out.Batch {
			t.Errorf("withdrawn: %+v, and again %+v", out, again)
		}
		if !bytes.Equal(w.model(w.a), byBob) {
			t.Error("the model still knows what ann taught")
		}
		if a, b := w.comment(w.a, ids[2]), w.comment(w.a, ids[3]); a.State != decision.Spam || b.State != decision.Approved {
			t.Errorf("the comments became %s and %s", a.State, b.State)
		}
		entries, _, err := w.s.Log(w.ctx, bob, w.a, "", 1)
		w.must(err)
		if e := entries[0]; e.Kind != decision.Withdrawal || e.Subject != ann.Account.ID || e.Lessons != 2 || e.Name != "owner" || e.Comment != "" {
			t.Errorf("the log says %+v", e)
		}

		// What is decided about those comments meanwhile brings nothing of it back.
		second := w.decide(bob, w.a, decision.Approve, ids[2])
		w.undo(bob, w.a, second.Batch)
		if !bytes.Equal(w.model(w.a), byBob) {
			t.Error("an undo brought a withdrawn lesson back")
		}
		nothing, err := w.s.WithdrawLessons(w.ctx, owner, w.a, ann.Account.ID, nil)
		w.must(err)
		if nothing.Done != 0 || nothing.Batch != "" {
			t.Errorf("withdrawn twice: %+v", nothing)
		}

		_, err = w.s.Undo(w.ctx, bob, w.a, out.Batch, nil)
		wantCode(t, "a moderator's undo", err, "role.insufficient")
		if undone := w.undo(owner, w.a, out.Batch); undone.Done != 2 {
			t.Errorf("undone: %+v", undone)
		}
		if !bytes.Equal(w.model(w.a), before) {
			t.Error("after the undo the model is not what it was")
		}
		if twice := w.undo(owner, w.a, out.Batch); twice.Done != 0 {
			t.Errorf("undone twice: %+v", twice)
		}
		if bad, err := w.s.VerifyLog(w.ctx, w.a); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
	})
}

func TestASiteStartsFromAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.person("owner", people.Owner, "a", "b")
		w.taught(w.a, 30)
		undone := w.decide(owner, w.a, decision.MarkSpam, w.submit(w.a, "It is undone before it is copied.").ID)
		w.undo(owner, w.a, undone.Batch)
		empty := w.model(w.b)
		out, err := w.s.CopyLessons(w.ctx, owner, w.b, w.a, nil)
		w.must(err)
		if out.Done != 30 || out.Batch == "" {
			t.Errorf("copied: %+v", out)
		}
		copied := w.model(w.b)
		if c := w.submit(w.b, "Cheap pills casino, order now."); !c.Verdict.Warm {
			t.Errorf("after the start: %+v", c.Verdict)
		}
		entries, _, err := w.s.Log(w.ctx, owner, w.b, "", 1)
		w.must(err)
		if e := entries[0]; e.Kind != decision.Copy || e.Subject != "a" || e.Lessons != 30 || e.Name != "owner" {
			t.Errorf("the log says %+v", e)
		}
		if teachers, err := w.s.Teachers(w.ctx, owner, w.b); err != nil || len(teachers) != 0 {
			t.Errorf("nobody decided here, and taught %+v (%v)", teachers, err)
		}
		// The owner's own decisions are withdrawn, not what the owner copied.
		w.decide(owner, w.b, decision.Approve, w.submit(w.b, "Thank you for the recipe.").ID)
		if n, err := w.s.WithdrawLessons(w.ctx, owner, w.b, owner.Account.ID, nil); err != nil || n.Done != 1 {
			t.Errorf("withdrawn: %+v (%v)", n, err)
		}
		if got := w.model(w.b); len(got) != len(copied) {
			t.Errorf("the model has %d bytes, want %d", len(got), len(copied))
		}
		w.decide(people.Operator, w.a, decision.MarkSpam, w.submit(w.a, "Taught on the first site only.").ID)
		if got := w.model(w.b); len(got) != len(copied) {
			t.Error("the sites are not apart")
		}
		if bad, err := w.s.VerifyLog(w.ctx, w.b); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		w.undo(owner, w.b, out.Batch)
		if got := w.model(w.b); !bytes.Equal(got, empty) {
			t.Errorf("after the undo the model has %d bytes, want %d", len(got), len(empty))
		}
	})
}

func TestWhatIsRetiredIsErasedForGood(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner := w.person("owner", people.Owner, "a", "b")
		w.taught(w.a, 130)
		w.taught(w.b, 4)
		if len(w.snapshots(w.a)) == 0 {
			t.Fatal("there is no snapshot")
		}
		copied, err := w.s.CopyLessons(w.ctx, owner, w.a, w.b, nil)
		w.must(err)
		ids := w.waiting(w.a, []string{"The canary sings of old.", "Cheap pills of old.", "A fine new recipe.", "Casino bonus of today."})
		first := w.decide(owner, w.a, decision.Approve, ids[0])
		w.decide(owner, w.a, decision.MarkSpam, ids[1])
		withdrawn, err := w.s.WithdrawLessons(w.ctx, owner, w.a, owner.Account.ID, nil)
		w.must(err)
		w.clock.add(time.Hour)
		between := w.clock.Now()
		w.clock.add(time.Hour)
		w.decide(owner, w.a, decision.Approve, ids[2])
		w.decide(owner, w.a, decision.MarkSpam, ids[3])

		_, err = w.s.RetireLessons(w.ctx, owner, w.a, w.clock.Now().Add(time.Hour), nil)
		wantCode(t, "before a time to come", err, "field.invalid")
		_, err = w.s.RetireLessons(w.ctx, w.person("mod", people.Moderator, "a"), w.a, between, nil)
		wantCode(t, "a moderator's retirement", err, "role.insufficient")
		old, err := w.s.OldLessons(w.ctx, owner, w.a, between)
		w.must(err)
		_, err = w.s.OldLessons(w.ctx, w.person("other", people.Moderator, "a"), w.a, between)
		wantCode(t, "a moderator's look at what is old", err, "role.insufficient")
		out, err := w.s.RetireLessons(w.ctx, owner, w.a, between, nil)
		w.must(err)
		if out.Done != old || out.Done != 136 || out.Batch == "" { // what was withdrawn is erased as well
			t.Errorf("retired: %+v of %d", out, old)
		}
		if left := w.snapshots(w.a); len(left) != 0 {
			t.Errorf("%d snapshots hold words of what was erased", len(left))
		}
		_, err = w.s.Undo(w.ctx, owner, w.a, out.Batch, nil)
		wantCode(t, "its undo", err, "field.invalid")
		w.undo(owner, w.a, withdrawn.Batch)
		w.undo(owner, w.a, copied.Batch)
		w.undo(owner, w.a, first.Batch)
		if !bytes.Equal(w.model(w.a), w.foldOfWhatCounts(w.a)) || bytes.Contains(w.model(w.a), []byte("canary")) {
			t.Error("the model knows what was retired")
		}
		w.view(func(tx storetest.Tx) error {
			lessons, err := tx.Lessons(w.a.ID, 0, 1000)
			for _, l := range lessons {
				if erased := l.Lesson.Comment.Text == "" && len(l.Salt) == 0; erased != (l.Withdrawn != 0) {
					t.Errorf("lesson %d, withdrawn by %d, has text %q", l.Seq, l.Withdrawn, l.Lesson.Comment.Text)
				}
			}
			return err
		})
		if bad, err := w.s.VerifyLog(w.ctx, w.a); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
	})
}

func TestOnlyOwnersTeachAsAWhole(t *testing.T) {
	w := newWorld(t)
	w.taught(w.a, 4)
	ofBoth, ofA, ofB := w.person("both", people.Owner, "a", "b"), w.person("of-a", people.Owner, "a"), w.person("of-b", people.Owner, "b")
	moderator := w.person("mod", people.Moderator, "a", "b")
	decides := w.token("both@staff.example", people.ScopeDecide)
	copies := func(who people.Actor, to, from ground.Site) error {
		_, err := w.s.CopyLessons(w.ctx, who, to, from, nil)
		return err
	}
	wantCode(t, "an owner of neither's copy", copies(moderator, w.b, w.a), "role.insufficient")
	wantCode(t, "an owner of the first's copy", copies(ofA, w.b, w.a), "site.unknown")
	wantCode(t, "an owner of the second's copy", copies(ofB, w.b, w.a), "site.unknown")
	wantCode(t, "a token that decides", copies(decides, w.b, w.a), "role.insufficient")
	wantCode(t, "nobody's copy", copies(people.Actor{}, w.b, w.a), "auth.needed")
	wantCode(t, "a copy of itself", copies(ofBoth, w.a, w.a), "field.invalid")
	wantCode(t, "an owner of both's copy", copies(ofBoth, w.b, w.a), "")
	withdraws := func(who people.Actor) error {
		_, err := w.s.WithdrawLessons(w.ctx, who, w.a, "", nil)
		return err
	}
	wantCode(t, "a moderator's withdrawal", withdraws(moderator), "role.insufficient")
	wantCode(t, "a stranger's withdrawal", withdraws(ofB), "site.unknown")
	wantCode(t, "a deciding token's withdrawal", withdraws(decides), "role.insufficient")
	wantCode(t, "an owner's withdrawal", withdraws(ofA), "")
	_, err := w.s.Teachers(w.ctx, moderator, w.a)
	wantCode(t, "a moderator's look at the teachers", err, "role.insufficient")
}

// What a copy stores is as safe in the log as a decision's lesson.
func TestACopiedLessonTamperedWithIsFound(t *testing.T) {
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
			w.taught(w.a, 10)
			_, err := w.s.CopyLessons(w.ctx, people.Operator, w.b, w.a, nil)
			w.must(err)
			w.decide(people.Operator, w.b, decision.Approve, w.submit(w.b, "Lovely.").ID)
			raw, err := sql.Open("sqlite", w.path)
			w.must(err)
			defer raw.Close()
			done, err := raw.Exec(change)
			w.must(err)
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("nothing was tampered with: %v", err)
			}
			if bad, err := w.s.VerifyLog(w.ctx, w.b); err != nil || bad != 1 {
				t.Errorf("bad at %d (%v), want 1", bad, err)
			}
		})
	}
}
