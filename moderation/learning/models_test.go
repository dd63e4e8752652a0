package learning_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
)

// After any history of decisions, undos and new decisions, the model that followed the log equals the model after a
// restart, and the fold of the decisions in force.
func TestModel_IsFoldOfDecisionsInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	for n := range testkit.Repeats(t, 200) {
		site := w.AddSite(fmt.Sprintf("h%d", n))
		w.randomHistory(site, rnd)
		w.Must(w.App.Learn(w.Ctx, site))
		live, stamp, err := learning.ModelBytes(w.Ctx, w.App.Learning, site)
		w.Must(err)

		fresh := w.NewApp(w.DB.Store)
		rebuilt, again, err := learning.ModelBytes(w.Ctx, fresh.Learning, site)
		w.Must(err)
		if !bytes.Equal(live, rebuilt) || stamp != again {
			t.Fatalf("history %d: the live model has %d bytes at %d, the rebuilt one %d at %d", n, len(live), stamp,
				len(rebuilt), again)
		}
		if want := w.foldOfWhatStands(site); !bytes.Equal(live, want) {
			t.Fatalf("history %d: the model has %d bytes, what stands makes %d", n, len(live), len(want))
		}
	}
}

// randomHistory posts, decides, undoes, edits and withdraws. Now and then the model follows the log.
func (w *world) randomHistory(site site.Site, rnd *rand.Rand) {
	w.T.Helper()
	words := strings.Fields("pills casino cheap order best price tomatoes recipe thank you garden red lovely idiot hate")
	var own []moderation.Submitted
	var batches []string
	for range 8 + rnd.IntN(12) {
		w.Clock.Add(time.Second)
		switch n := rnd.IntN(12); {
		case len(own) < 3 || n < 3:
			var text []string
			for range 4 + rnd.IntN(20) {
				text = append(text, words[rnd.IntN(len(words))])
			}
			out, err := w.App.Submit(w.Ctx, site, moderation.Submission{PageURL: "https://" + site.Key + ".example/",
				Body: strings.Join(text, " ")})
			w.Must(err)
			own = append(own, out)
		case n < 8:
			choice := moderation.Choice{Action: comment.Action(rnd.IntN(4))}
			if choice.Action == comment.Reject {
				choice.Reason = comment.ReasonDuplicate + comment.Reason(rnd.IntN(7))
			}
			out := w.DecideWith(authz.Operator, site, choice, own[rnd.IntN(len(own))].ID, own[rnd.IntN(len(own))].ID)
			if out.Batch != "" {
				batches = append(batches, out.Batch)
			}
		case n < 9 && len(batches) > 0:
			w.Undo(authz.Operator, site, batches[rnd.IntN(len(batches))])
		case n < 10:
			c := own[rnd.IntN(len(own))]
			_, _, err := w.App.Edit(w.Ctx, site, c.ID, c.EditToken, "Edited: "+words[rnd.IntN(len(words))])
			if got := apptest.Code(err); got != "" && got != "comment.unknown" {
				w.T.Fatal(err)
			}
		case n < 11:
			w.Must(w.App.Learn(w.Ctx, site))
		default:
			c := own[rnd.IntN(len(own))]
			w.Must(w.App.Withdraw(w.Ctx, site, c.ID, c.EditToken))
		}
	}
}

// foldOfWhatStands computes the model from the log alone: each comment's last decision that was not undone, if it
// teaches, in order of seq.
func (w *world) foldOfWhatStands(site site.Site) []byte {
	w.T.Helper()
	standing := map[string]auditlog.Entry{} // by comment
	texts := map[uint64]classifier.Lesson{}
	w.View(func(tx store.Tx) error {
		log, err := tx.DecisionsAfter(site.ID, 0, 1000)
		for _, d := range log {
			if d.Undoes == 0 && !d.Undone {
				standing[d.Comment] = d
			}
		}
		w.Must(err)
		return tx.EachLesson(site.ID, 0, func(l classifier.Lesson) error {
			texts[l.Seq] = l
			return nil
		})
	})
	labels := map[comment.Reason]classifier.Label{
		comment.ReasonHateSpeech: classifier.HateSpeech, comment.ReasonObscenity: classifier.Obscenity,
		comment.ReasonPersonalAttack: classifier.PersonalAttack,
	}
	var lessons []classifier.Lesson
	for _, d := range standing {
		label, teaches := labels[d.Reason]
		switch d.Action {
		case comment.Approve:
			label, teaches = classifier.Ham, true
		case comment.MarkSpam:
			label, teaches = classifier.Spam, true
		case comment.Hold:
			teaches = false
		}
		if teaches {
			lessons = append(lessons, classifier.Lesson{Seq: d.Seq, Label: label, Comment: texts[d.Seq].Comment})
		}
	}
	slices.SortFunc(lessons, func(a, b classifier.Lesson) int { return int(a.Seq) - int(b.Seq) })
	return classifier.Fold(slices.Values(lessons)).Bytes()
}

// Two processes without a bell poll the log. (Planted fault bell-lost.)
func TestRun_FollowsOtherProcessWithoutBell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.AnotherApp(nil)
	w.Run(w.App)
	w.Run(other)
	heard := make(chan event.Event, 1000)
	defer other.OnEvent(func(e event.Event) { heard <- e })()
	start := time.Now()
	ham := w.Submit(w.A, "Lovely tomatoes, thank you.")
	spam := w.Submit(w.A, "Cheap pills, order now.")
	w.Decide(authz.Operator, w.A, comment.Approve, ham.ID)
	batch := w.Decide(authz.Operator, w.A, comment.MarkSpam, spam.ID).Batch
	same := func() bool {
		mine, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)
		its, stamp, err := learning.ModelBytes(w.Ctx, other.Learning, w.A)
		w.Must(err)
		return bytes.Equal(mine, its) && stamp > 0
	}
	testkit.Until(w.T, "the other process learns", same)
	w.Undo(authz.Operator, w.A, batch)
	testkit.Until(w.T, "the other process forgets", func() bool {
		_, stamp, err := learning.ModelBytes(w.Ctx, other.Learning, w.A)
		w.Must(err)
		return same() && stamp == 3
	})
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("following took %v, want about a second each", took)
	}
	var kinds []event.Kind
	testkit.Until(w.T, "the other process is told everything", func() bool {
		for {
			select {
			case e := <-heard:
				if e.Kind != event.Rescored {
					kinds = append(kinds, e.Kind)
				}
				continue
			default:
			}
			return len(kinds) >= 5
		}
	})
	want := []event.Kind{event.Arrived, event.Arrived, event.Decided, event.Decided,
		event.Decided}
	if !slices.Equal(kinds, want) {
		t.Errorf("told %v, want %v", kinds, want)
	}
}

func TestOnEvent_CalledBeforeUseCaseReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var told []event.Kind
	stop := w.App.OnEvent(func(e event.Event) { told = append(told, e.Kind) })
	c := w.Submit(w.A, "Hello.")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	want := []event.Kind{event.Arrived, event.Decided}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	stop()
	w.Submit(w.A, "Hello again.")
	if len(told) != 2 {
		t.Errorf("told %v after the end", told)
	}
}

func TestRun_RescoresPendingWithoutNewVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Run(w.App)
	var waiting []string
	for i := range 700 { // more than are read newest first
		waiting = append(waiting, w.Submit(w.A, fmt.Sprintf("Order cheap pills at our casino, best price, offer %d", i)).ID)
	}
	ham := w.Submit(w.A, "Lovely tomatoes in the garden, thank you.")
	spam := w.Submit(w.A, "Order cheap pills at our casino, best price")
	w.Decide(authz.Operator, w.A, comment.Approve, ham.ID)
	w.Decide(authz.Operator, w.A, comment.MarkSpam, spam.ID)
	start := time.Now()
	judged := func(id string) bool {
		c := w.Comment(w.A, id)
		if c.Version != 1 {
			t.Fatalf("version %d, want 1", c.Version)
		}
		return c.Verdict.Warm && c.Verdict.ModelSeq == 2
	}
	testkit.Until(w.T, "the oldest and newest are judged again",
		func() bool { return judged(waiting[0]) && judged(waiting[699]) })
	t.Logf("oldest and newest after %v", time.Since(start))
	testkit.Until(w.T, "all are judged again",
		func() bool { return !slices.ContainsFunc(waiting, func(id string) bool { return !judged(id) }) })
	t.Logf("all 700 after %v", time.Since(start))
}

func TestJudge_PanicKeepsCommentPending(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"all", "suspicious", "none"} {
		w := newWorld(t)
		w.Train(w.A, 80, 20)
		var err error
		w.A, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"moderation": policy})
		w.Must(err)
		learning.BreakModel(w.App.Learning, w.A)
		c, token := w.SubmitWithToken(w.A, "Posted while the classifier is out of order.")
		if got := w.Comment(w.A, c.ID); got.State != comment.Pending || got.Verdict.Action != comment.Hold ||
			got.Verdict.Warm {
			t.Errorf("%s: got %s with %+v, want pending with no suggestion", policy, got.State, got.Verdict)
		}
		edited, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Edited while the classifier is out of order.")
		w.Must(err)
		if edited.State != comment.Pending {
			t.Errorf("%s: edited: got %s, want pending", policy, edited.State)
		}
		item, _, err := w.App.Item(w.Ctx, authz.Operator, w.A, c.ID)
		w.Must(err)
		if len(item.Evidence) != 0 {
			t.Errorf("%s: evidence %v", policy, item.Evidence)
		}
	}
}
