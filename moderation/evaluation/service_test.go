package evaluation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/site"
)

func (w *world) quality(site site.Site) evaluation.Report {
	w.T.Helper()
	q, err := w.App.Quality(w.Ctx, authz.Operator, site, evaluation.QualityRequest{})
	w.Must(err)
	return q
}

func TestQuality_MeasuresDecisions(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.AddStaff("Dana", authz.Moderator)
		approved := w.AddScored(w.A, 0.1, 0.2)
		wronged := w.AddScored(w.A, 0.6, 0.95)
		missed := w.AddScored(w.A, 0.4, 0.3)
		caught := w.AddScored(w.A, 0.9, 0.97)
		rude, other := w.AddScored(w.A, 0.7, 0.7), w.AddScored(w.B, 0.99, 0.99)
		cold := w.AddVerdicts(w.A, comment.Verdict{Spam: 0.5, Score: 0.9})[0]
		w.Decide(mod, w.A, comment.Approve, approved, wronged, cold)
		w.Decide(mod, w.A, comment.MarkSpam, missed, caught)
		w.DecideWith(mod, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonHateSpeech}, rude)
		w.Decide(authz.Operator, w.B, comment.Approve, other)

		q := w.quality(w.A)
		if q.Decisions != 6 || q.Refused != 1 || q.Cold != 1 || q.Known+q.Withdrawn+q.Undone != 0 || q.Capped {
			t.Errorf("counts: %+v", q)
		}
		if q.Tally != (evaluation.Tally{Ham: 3, Spam: 2}) || q.Suspect != 0.9 {
			t.Errorf("taught %+v, suspected from %v", q.Tally, q.Suspect)
		}
		// The same four samples as in TestMeasure_HandComputed.
		f := q.Filter
		if f.Spam != 2 || f.Ham != 2 || math.Abs(f.Brier-0.185) > 1e-9 || math.Abs(f.ECE-0.35) > 1e-9 ||
			math.Abs(f.AreaAbove-25) > 1e-9 {
			t.Errorf("measured: %+v", f)
		}
		if len(f.Cuts) != 3 || f.Cuts[0].At != 0.5 || f.Cuts[1].At != 0.9 || f.Cuts[2].At != 0.99 || f.Cuts[1].TruePositives != 1 ||
			f.Cuts[1].FalsePositives != 0 {
			t.Errorf("cuts: %+v", f.Cuts)
		}
		// The queue uses the verdict's score, and suspected the approved comment with 0.95.
		if q.Queue.FalsePositives != 1 || q.Queue.TruePositives != 1 || q.Queue.FalseNegatives != 1 || q.Queue.TrueNegatives != 1 {
			t.Errorf("queue: %+v", q.Queue)
		}
		if len(q.Disagreements) != 2 {
			t.Fatalf("disagreements: %+v", q.Disagreements)
		}
		for i, want := range []struct {
			id     string
			action comment.Action
		}{{missed, comment.MarkSpam}, {wronged, comment.Approve}} {
			if d := q.Disagreements[i]; d.Comment != want.id || d.Action != want.action || d.By != "Dana" || d.Batch == "" ||
				d.At.IsZero() {
				t.Errorf("disagreement %d: %+v, want %+v", i, d, want)
			}
		}
		if len(q.Weeks) != 1 || q.Reasons[comment.ReasonSpam] != 2 || q.Reasons[comment.ReasonHateSpeech] != 1 {
			t.Errorf("weeks %+v, reasons %v", q.Weeks, q.Reasons)
		}
		w.Undo(authz.Operator, w.A, q.Disagreements[0].Batch)
		if after := w.quality(w.A); after.Undone != 2 || after.Filter.Spam != 0 || after.Filter.Ham != 2 ||
			after.Filter.AreaAbove != 0 || after.Tally.Spam != 0 {
			t.Errorf("after the undo: %+v", after)
		}
	})
}

func TestQuality_UsesLastDecisionInEffect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.AddScored(w.A, 0.8, 0.8)
	w.Decide(authz.Operator, w.A, comment.Approve, id)
	second := w.Decide(authz.Operator, w.A, comment.MarkSpam, id)
	if q := w.quality(w.A); q.Decisions != 1 || q.Filter.Spam != 1 || q.Filter.Ham != 0 {
		t.Errorf("decided twice: %+v", q)
	}
	w.Undo(authz.Operator, w.A, second.Batch)
	if q := w.quality(w.A); q.Decisions != 1 || q.Undone != 1 || q.Filter.Ham != 1 || q.Filter.Spam != 0 {
		t.Errorf("the second undone: %+v", q)
	}
	w.Decide(authz.Operator, w.A, comment.Hold, id)
	if q := w.quality(w.A); q.Decisions != 0 {
		t.Errorf("held again: %+v", q)
	}
}

func TestQuality_ExcludesLearnedComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 3, 3)
	before := w.quality(w.A)
	if before.Known != 0 || before.Cold != 6 {
		t.Fatalf("before: %+v", before)
	}
	c, token := w.SubmitWithToken(w.A, "The tomatoes grew well, thank you.")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	w.Must(w.App.Learn(w.Ctx, w.A))
	if q := w.quality(w.A); q.Filter.Ham != 1 || q.Known != 0 {
		t.Fatalf("decided once: %+v", q)
	}
	// The comment is rescored by a model that learned its older text.
	_, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "The tomatoes grew well, thank you very much.")
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	if q := w.quality(w.A); q.Known != 1 || q.Filter.Ham != 0 {
		t.Errorf("decided after an edit: known %d, measured %d", q.Known, q.Filter.Ham)
	}
	// A changed decision counts once, with the prediction before both.
	id := w.Submit(w.A, "Order cheap pills at our casino now!").ID
	w.Decide(authz.Operator, w.A, comment.Approve, id)
	w.Must(w.App.Learn(w.Ctx, w.A))
	w.Decide(authz.Operator, w.A, comment.MarkSpam, id)
	if q := w.quality(w.A); q.Known != 1 || q.Filter.Spam != 1 {
		t.Errorf("decided again: known %d, measured %d", q.Known, q.Filter.Spam)
	}
}

func TestQuality_ExcludesUndoneButLearned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 3, 3)
	c := w.Submit(w.A, "Order cheap pills at our casino now!")
	// judged stores a verdict by the current model for the pending comment.
	judged := func() {
		t.Helper()
		now := w.Comment(w.A, c.ID)
		v := now.Verdict
		v.ModelSeq = w.App.Judge(w.Ctx, now).ModelSeq
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			set, err := tx.SetVerdict(now, v)
			if !set {
				t.Error("the verdict was not set")
			}
			return err
		}))
	}
	learn := func() { w.Must(w.App.Learn(w.Ctx, w.A)) }
	spam := func() string { return w.Decide(authz.Operator, w.A, comment.MarkSpam, c.ID).Batch }
	first := spam()
	learn()
	w.Undo(authz.Operator, w.A, first)
	judged() // after the undo, but before the model processes it
	second := spam()
	if q := w.quality(w.A); q.Known != 1 || q.Filter.Spam != 0 {
		t.Errorf("known %d, measured %d; want one that is known", q.Known, q.Filter.Spam)
	}
	w.Undo(authz.Operator, w.A, second)
	learn()
	judged() // by a model without the undone lesson
	spam()
	if q := w.quality(w.A); q.Known != 0 || q.Filter.Spam != 1 {
		t.Errorf("known %d, measured %d; want one that is measured", q.Known, q.Filter.Spam)
	}
}

func TestQuality_ExcludesRelearnedByUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 3, 3)
	c, token := w.SubmitWithToken(w.A, "The tomatoes grew well, thank you.")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	w.Undo(authz.Operator, w.A, w.Decide(authz.Operator, w.A, comment.MarkSpam, c.ID).Batch)
	w.Must(w.App.Learn(w.Ctx, w.A))
	_, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "The tomatoes grew well, thank you very much.")
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	if q := w.quality(w.A); q.Known != 1 || q.Filter.Ham != 0 {
		t.Errorf("known %d, measured %d; want one that is known", q.Known, q.Filter.Ham)
	}
}

func TestQuality_ExcludesWithdrawnDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mallory := w.AddStaff("mallory", authz.Moderator)
	id, later := w.AddScored(w.A, 0.9, 0.9), w.AddScored(w.A, 0.9, 0.9)
	w.Decide(mallory, w.A, comment.Approve, id)
	w.Decide(authz.Operator, w.A, comment.MarkSpam, w.AddScored(w.A, 0.9, 0.9))
	out, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, mallory.Account.ID, nil)
	w.Must(err)
	w.Decide(mallory, w.A, comment.MarkSpam, later)
	if q := w.quality(w.A); q.Withdrawn != 1 || q.Filter.Ham != 0 || q.Filter.Spam != 2 ||
		q.Tally != (evaluation.Tally{Spam: 2}) {
		t.Errorf("withdrawn: %+v", q)
	}
	w.Undo(authz.Operator, w.A, out.Batch)
	if q := w.quality(w.A); q.Withdrawn != 0 || q.Filter.Ham != 1 || q.Tally.Ham != 1 {
		t.Errorf("returned: %+v", q)
	}
}

func TestQuality_SinceAndByWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 { // the clock is on a Friday
		w.Decide(authz.Operator, w.A, comment.MarkSpam, w.AddScored(w.A, 0.9, 0.9))
		w.Clock.Add(7 * 24 * time.Hour)
	}
	if q := w.quality(w.A); len(q.Weeks) != 3 || q.Weeks[2].From.Sub(q.Weeks[0].From) != 14*24*time.Hour ||
		!q.From.Before(q.To) {
		t.Errorf("by week: %+v", q)
	}
	since := w.Clock.Now().Add(-8 * 24 * time.Hour)
	q, err := w.App.Quality(w.Ctx, authz.Operator, w.A, evaluation.QualityRequest{Since: since})
	w.Must(err)
	if q.Decisions != 1 || q.From.Before(since) {
		t.Errorf("since %v: %+v", since, q)
	}
}

func TestQuality_NoDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if q := w.quality(w.A); q.Decisions != 0 || q.Filter.Brier != 0 || len(q.Filter.Bins) != 10 || len(q.Weeks) != 0 ||
		!q.From.IsZero() {
		t.Errorf("quality: %+v", q)
	}
	out, err := w.App.WhatIf(w.Ctx, authz.Operator, w.A, evaluation.WhatIfRequest{})
	w.Must(err)
	if out.Compared != 0 || out.Then.Held != 0 || out.Now.Policy != site.PolicyAll {
		t.Errorf("what if: %+v", out)
	}
}

func TestWhatIf_ThresholdsAndPolicies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ham, spam, likely := w.AddScored(w.A, 0.1, 0.1), w.AddScored(w.A, 0.99, 0.99), w.AddScored(w.A, 0.8, 0.8)
		w.AddScored(w.A, 0.7, 0.7) // pending
		w.Decide(authz.Operator, w.A, comment.Approve, ham)
		w.Decide(authz.Operator, w.A, comment.MarkSpam, spam)
		w.Clock.Add(time.Minute)
		w.Decide(authz.Operator, w.A, comment.Approve, likely)
		try := func(in evaluation.WhatIfRequest) evaluation.WhatIf {
			t.Helper()
			out, err := w.App.WhatIf(w.Ctx, authz.Operator, w.A, in)
			w.Must(err)
			return out
		}
		is := func(what string, got evaluation.Group, want ...string) {
			t.Helper()
			if fmt.Sprint(got.IDs) != fmt.Sprint(want) || got.N != len(want) {
				t.Errorf("%s: got %+v, want %v", what, got, want)
			}
		}
		out := try(evaluation.WhatIfRequest{Threshold: new(0.6), Policy: site.PolicySuspicious})
		if out.Compared != 3 || !out.From.Before(out.To) || out.Shadow != nil || out.Tally.Enough() {
			t.Errorf("looked at: %+v", out)
		}
		if out.Now.Policy != site.PolicyAll || out.Now.Threshold != 0.9 || out.Now.Suspected != 1 ||
			out.Now.Published != 0 || out.Now.Waiting != 0 {
			t.Errorf("now: %+v", out.Now)
		}
		if out.Then.Policy != site.PolicySuspicious || out.Then.Suspected != 2 || out.Then.Published != 1 ||
			out.Then.Waiting != 1 {
			t.Errorf("then: %+v", out.Then)
		}
		is("suspected ham", out.Then.SuspectedHam, likely)
		is("held ham", out.Then.HeldHam, likely)
		is("published wrongly", out.Then.PublishedWrong)
		is("everybody published", try(evaluation.WhatIfRequest{Policy: site.PolicyNone}).Then.PublishedWrong, spam)
		if last := try(evaluation.WhatIfRequest{Last: new(1)}); last.Compared != 1 || last.Then.HeldHam.IDs[0] != likely {
			t.Errorf("the last one: %+v", last)
		}
		var err error
		w.A, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"shadow": "0.75"})
		w.Must(err)
		if out := try(evaluation.WhatIfRequest{}); out.Shadow == nil || out.Shadow.Threshold != 0.75 ||
			out.Shadow.Suspected != 2 || out.Now.Suspected != 1 || out.Then.Threshold != 0.9 {
			t.Errorf("with a shadow: %+v", out)
		}
		for _, in := range []evaluation.WhatIfRequest{
			{Threshold: new(0.4)}, {Threshold: new(0.0)}, {Threshold: new(1.1)}, {Threshold: new(math.NaN())},
			{Policy: "never"}, {Last: new(-1)}, {Last: new(0)}, {Last: new(10_001)},
		} {
			_, err := w.App.WhatIf(w.Ctx, authz.Operator, w.A, in)
			apptest.WantCode(t, fmt.Sprintf("%+v", in), err, "query.invalid")
		}
	})
}

func TestQuality_UsesPredictionBeforeLearning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var before []evaluation.Sample // predictions by a model that learns each comment afterwards
	model := classifier.Fold(func(func(classifier.Lesson) bool) {})
	for i, text := range apptest.RandomTexts(150, rand.New(rand.NewPCG(3, 4))) {
		c := w.Submit(w.A, text)
		action, label := comment.Approve, classifier.Ham
		if strings.Contains(text, "pills") || strings.Contains(text, "casino") {
			action, label = comment.MarkSpam, classifier.Spam
		}
		document := classifier.Comment{Text: c.Source, Author: c.Name, Email: c.Email, URL: c.Website}
		if j := model.Judge(classifier.Read(document)); j.Warm {
			before = append(before, evaluation.Sample{Predicted: j.Spam, Spam: label == classifier.Spam})
		}
		model.Learn(classifier.Lesson{Seq: uint64(i + 1), Label: label, Comment: document})
		w.Decide(authz.Operator, w.A, action, c.ID)
		w.Must(w.App.Learn(w.Ctx, w.A))
	}
	got, want := w.quality(w.A).Filter, evaluation.Measure(before, 0.5, 0.9, 0.99)
	if math.Abs(got.Brier-want.Brier) > 1e-12 || got.AreaAbove != want.AreaAbove || got.Spam != want.Spam || got.Ham != want.Ham ||
		want.AreaAbove == 0 {
		t.Errorf("measured %v, %v%% of %d and %d; want %v, %v%% of %d and %d",
			got.Brier, got.AreaAbove, got.Spam, got.Ham, want.Brier, want.AreaAbove, want.Spam, want.Ham)
	}
}

// The store maintains each comment's decision in effect incrementally. Walking the log must give the same decisions.
func TestDecisionsOf_AgreesWithStore(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		w := newWorld(t)
		rnd := rand.New(rand.NewPCG(seed, 5))
		edits := seed%2 == 1
		tokens, batches := map[string]string{}, []string{}
		var ids []string
		for range 12 {
			c, token := w.SubmitWithToken(w.A, fmt.Sprintf("Comment %d of a random history.", len(ids)))
			ids, tokens[c.ID] = append(ids, c.ID), token
		}
		for range 60 {
			id := ids[rnd.IntN(len(ids))]
			switch rnd.IntN(6) {
			case 0:
				if len(batches) > 0 {
					w.Undo(authz.Operator, w.A, batches[rnd.IntN(len(batches))])
				}
			case 1:
				if edits {
					_, _, err := w.App.Edit(w.Ctx, w.A, id, tokens[id], fmt.Sprintf("Text %d of a random history.", rnd.Int()))
					w.Must(err)
				}
			case 2:
				w.Must(w.App.Learn(w.Ctx, w.A))
			default:
				some := []string{id, ids[rnd.IntN(len(ids))]}
				if out := w.Decide(authz.Operator, w.A, comment.Action(rnd.IntN(4)), some[:1+rnd.IntN(2)]...); out.Batch != "" {
					batches = append(batches, out.Batch)
				}
			}
		}
		want := map[comment.Action]int{}
		for _, id := range ids {
			if standing := w.Comment(w.A, id).Standing; standing != 0 {
				w.View(func(tx store.Tx) error {
					found, err := tx.DecisionsAfter(w.A.ID, standing-1, 1)
					w.Must(err)
					want[found[0].Action]++
					return nil
				})
			}
		}
		n := want[comment.Approve] + want[comment.MarkSpam] + want[comment.Reject]
		q := w.quality(w.A)
		if q.Decisions+q.Known != n || q.Filter.Ham+q.Filter.Spam+q.Cold+q.Refused != q.Decisions {
			t.Errorf("seed %d: %d decisions and %d known, want %d together: %+v", seed, q.Decisions, q.Known, n, q)
		}
		if q.Tally != (evaluation.Tally{Ham: want[comment.Approve], Spam: want[comment.MarkSpam]}) {
			t.Errorf("seed %d: taught %+v, want %v", seed, q.Tally, want)
		}
		if !edits && (q.Known != 0 || q.Refused != want[comment.Reject] ||
			q.Reasons[comment.ReasonSpam] != want[comment.MarkSpam]) {
			t.Errorf("seed %d: %+v, want %v", seed, q, want)
		}
	}
}
