package moderation_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/e2e/machine"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/verdict"
	"github.com/aitys/aitys/store/storetest"
)

// said puts a waiting comment on a site's page, of which a filter said what is given.
func (w *world) said(site ground.Site, spam, score float64) string {
	w.t.Helper()
	return w.saidAll(site, verdict.Verdict{Spam: spam, Score: score, Warm: true})[0]
}

func (w *world) saidAll(site ground.Site, verdicts ...verdict.Verdict) []string {
	w.t.Helper()
	first := w.submit(site, "A comment that others are like.")
	ids := make([]string, len(verdicts))
	w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
		for i, v := range verdicts {
			c := first
			ids[i] = uuid.NewString()
			c.ID, c.Same, c.Path, c.Verdict = ids[i], nil, fmt.Sprintf("%016d", i), v
			c.Source = fmt.Sprintf("Comment %d of which something was said.", i)
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

func (w *world) quality(site ground.Site) moderation.Quality {
	w.t.Helper()
	q, err := w.s.Quality(w.ctx, people.Operator, site, moderation.QualityRequest{})
	w.must(err)
	return q
}

func TestQualityIsMeasuredOnWhatModeratorsDecided(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.person("Dana", people.Moderator)
		approved := w.said(w.a, 0.1, 0.2)
		wronged := w.said(w.a, 0.6, 0.95)
		missed := w.said(w.a, 0.4, 0.3)
		caught := w.said(w.a, 0.9, 0.97)
		rude, other := w.said(w.a, 0.7, 0.7), w.said(w.b, 0.99, 0.99)
		cold := w.saidAll(w.a, verdict.Verdict{Spam: 0.5, Score: 0.9})[0]
		w.decide(mod, w.a, decision.Approve, approved, wronged, cold)
		w.decide(mod, w.a, decision.MarkSpam, missed, caught)
		w.choose(mod, w.a, moderation.Choice{Action: decision.Reject, Reason: decision.ReasonHateSpeech}, rude)
		w.decide(people.Operator, w.b, decision.Approve, other)

		q := w.quality(w.a)
		if q.Decisions != 6 || q.Refused != 1 || q.Cold != 1 || q.Known+q.Withdrawn+q.Undone != 0 || q.Capped {
			t.Errorf("counts: %+v", q)
		}
		if q.Tally != (hindsight.Tally{Ham: 3, Spam: 2}) || q.Suspect != 0.9 {
			t.Errorf("taught %+v, suspected from %v", q.Tally, q.Suspect)
		}
		// The same four as in the classifier's own test by hand.
		f := q.Filter
		if f.Spam != 2 || f.Ham != 2 || math.Abs(f.Brier-0.185) > 1e-9 || math.Abs(f.ECE-0.35) > 1e-9 || math.Abs(f.Above-25) > 1e-9 {
			t.Errorf("measured: %+v", f)
		}
		if len(f.Cuts) != 3 || f.Cuts[0].At != 0.5 || f.Cuts[1].At != 0.9 || f.Cuts[2].At != 0.99 || f.Cuts[1].Caught != 1 || f.Cuts[1].Lost != 0 {
			t.Errorf("cuts: %+v", f.Cuts)
		}
		// The queue goes by the whole score: there the approved one of 0.95 was suspected.
		if q.Queue.Lost != 1 || q.Queue.Caught != 1 || q.Queue.Missed != 1 || q.Queue.Passed != 1 {
			t.Errorf("queue: %+v", q.Queue)
		}
		if len(q.Disagreements) != 2 {
			t.Fatalf("disagreements: %+v", q.Disagreements)
		}
		for i, want := range []struct {
			id     string
			action decision.Action
		}{{missed, decision.MarkSpam}, {wronged, decision.Approve}} {
			if d := q.Disagreements[i]; d.Comment != want.id || d.Action != want.action || d.By != "Dana" || d.Batch == "" || d.At.IsZero() {
				t.Errorf("disagreement %d: %+v, want %+v", i, d, want)
			}
		}
		if len(q.Weeks) != 1 || q.Reasons[decision.ReasonSpam] != 2 || q.Reasons[decision.ReasonHateSpeech] != 1 {
			t.Errorf("weeks %+v, reasons %v", q.Weeks, q.Reasons)
		}
		w.undo(people.Operator, w.a, q.Disagreements[0].Batch)
		if after := w.quality(w.a); after.Undone != 2 || after.Filter.Spam != 0 || after.Filter.Ham != 2 || after.Filter.Above != 0 || after.Tally.Spam != 0 {
			t.Errorf("after the undo: %+v", after)
		}
	})
}

func TestOfEachCommentTheLastDecisionThatStandsIsTheTruth(t *testing.T) {
	w := newWorld(t)
	id := w.said(w.a, 0.8, 0.8)
	w.decide(people.Operator, w.a, decision.Approve, id)
	second := w.decide(people.Operator, w.a, decision.MarkSpam, id)
	if q := w.quality(w.a); q.Decisions != 1 || q.Filter.Spam != 1 || q.Filter.Ham != 0 {
		t.Errorf("decided twice: %+v", q)
	}
	w.undo(people.Operator, w.a, second.Batch)
	if q := w.quality(w.a); q.Decisions != 1 || q.Undone != 1 || q.Filter.Ham != 1 || q.Filter.Spam != 0 {
		t.Errorf("the second undone: %+v", q)
	}
	w.decide(people.Operator, w.a, decision.Hold, id)
	if q := w.quality(w.a); q.Decisions != 0 {
		t.Errorf("held again: %+v", q)
	}
}

func TestWhatTheFilterKnewAlreadyIsNoMeasure(t *testing.T) {
	w := newWorld(t)
	w.schooled(w.a, 3, 3)
	before := w.quality(w.a)
	if before.Known != 0 || before.Cold != 6 {
		t.Fatalf("before: %+v", before)
	}
	c, token := w.submitOwn(w.a, "The tomatoes grew well, thank you.")
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	if q := w.quality(w.a); q.Filter.Ham != 1 || q.Known != 0 {
		t.Fatalf("decided once: %+v", q)
	}
	// It is judged again with what its older text taught.
	_, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, "The tomatoes grew well, thank you very much.")
	w.must(err)
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	if q := w.quality(w.a); q.Known != 1 || q.Filter.Ham != 0 {
		t.Errorf("decided after an edit: known %d, measured %d", q.Known, q.Filter.Ham)
	}
	// A decision that is changed is none: what was said is from before both.
	id := w.submit(w.a, "Order cheap pills at our casino now!").ID
	w.decide(people.Operator, w.a, decision.Approve, id)
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	w.decide(people.Operator, w.a, decision.MarkSpam, id)
	if q := w.quality(w.a); q.Known != 1 || q.Filter.Spam != 1 {
		t.Errorf("decided anew: known %d, measured %d", q.Known, q.Filter.Spam)
	}
}

func TestWhatWasTakenBackButNotUnlearnedYetIsNoMeasure(t *testing.T) {
	w := newWorld(t)
	w.schooled(w.a, 3, 3)
	c := w.submit(w.a, "Order cheap pills at our casino now!")
	// judged puts a verdict by the live model on the comment while it waits.
	judged := func() {
		t.Helper()
		now := w.comment(w.a, c.ID)
		_, changed, err := moderation.ModelBytes(w.ctx, w.s.Moderation, w.a)
		w.must(err)
		v := now.Verdict
		v.ModelSeq = changed
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
			set, err := tx.SetVerdict(w.a.ID, c.ID, now.Version, v)
			if !set {
				t.Error("the verdict was not set")
			}
			return err
		}))
	}
	learn := func() { w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a)) }
	spam := func() string { return w.decide(people.Operator, w.a, decision.MarkSpam, c.ID).Batch }
	first := spam()
	learn()
	w.undo(people.Operator, w.a, first)
	judged() // between the undo and the moment in which the model follows it
	second := spam()
	if q := w.quality(w.a); q.Known != 1 || q.Filter.Spam != 0 {
		t.Errorf("known %d, measured %d; want one that is known", q.Known, q.Filter.Spam)
	}
	w.undo(people.Operator, w.a, second)
	learn()
	judged() // by a model that has forgotten it
	spam()
	if q := w.quality(w.a); q.Known != 0 || q.Filter.Spam != 1 {
		t.Errorf("known %d, measured %d; want one that is measured", q.Known, q.Filter.Spam)
	}
}

func TestWhatAnUndoMadeTheFilterKnowAgainIsNoMeasure(t *testing.T) {
	w := newWorld(t)
	w.schooled(w.a, 3, 3)
	c, token := w.submitOwn(w.a, "The tomatoes grew well, thank you.")
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	w.undo(people.Operator, w.a, w.decide(people.Operator, w.a, decision.MarkSpam, c.ID).Batch)
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	_, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, "The tomatoes grew well, thank you very much.")
	w.must(err)
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	if q := w.quality(w.a); q.Known != 1 || q.Filter.Ham != 0 {
		t.Errorf("known %d, measured %d; want one that is known", q.Known, q.Filter.Ham)
	}
}

func TestWithdrawnDecisionsAreNoTruth(t *testing.T) {
	w := newWorld(t)
	mallory := w.person("mallory", people.Moderator)
	id, later := w.said(w.a, 0.9, 0.9), w.said(w.a, 0.9, 0.9)
	w.decide(mallory, w.a, decision.Approve, id)
	w.decide(people.Operator, w.a, decision.MarkSpam, w.said(w.a, 0.9, 0.9))
	out, err := w.s.WithdrawLessons(w.ctx, people.Operator, w.a, mallory.Account.ID, nil)
	w.must(err)
	w.decide(mallory, w.a, decision.MarkSpam, later)
	if q := w.quality(w.a); q.Withdrawn != 1 || q.Filter.Ham != 0 || q.Filter.Spam != 2 || q.Tally != (hindsight.Tally{Spam: 2}) {
		t.Errorf("withdrawn: %+v", q)
	}
	w.undo(people.Operator, w.a, out.Batch)
	if q := w.quality(w.a); q.Withdrawn != 0 || q.Filter.Ham != 1 || q.Tally.Ham != 1 {
		t.Errorf("returned: %+v", q)
	}
}

func TestQualitySinceATimeAndByWeek(t *testing.T) {
	w := newWorld(t)
	for range 3 { // the clock stands on a Friday
		w.decide(people.Operator, w.a, decision.MarkSpam, w.said(w.a, 0.9, 0.9))
		w.clock.add(7 * 24 * time.Hour)
	}
	if q := w.quality(w.a); len(q.Weeks) != 3 || q.Weeks[2].From.Sub(q.Weeks[0].From) != 14*24*time.Hour || !q.From.Before(q.To) {
		t.Errorf("by week: %+v", q)
	}
	since := w.clock.Now().Add(-8 * 24 * time.Hour)
	q, err := w.s.Quality(w.ctx, people.Operator, w.a, moderation.QualityRequest{Since: since})
	w.must(err)
	if q.Decisions != 1 || q.From.Before(since) {
		t.Errorf("since %v: %+v", since, q)
	}
}

func TestASiteWithoutDecisionsHasNothingToMeasure(t *testing.T) {
	w := newWorld(t)
	if q := w.quality(w.a); q.Decisions != 0 || q.Filter.Brier != 0 || len(q.Filter.Bins) != 10 || len(q.Weeks) != 0 || !q.From.IsZero() {
		t.Errorf("quality: %+v", q)
	}
	out, err := w.s.WhatIf(w.ctx, people.Operator, w.a, moderation.WhatIfRequest{})
	w.must(err)
	if out.Looked != 0 || out.Then.Held != 0 || out.Now.Policy != ground.PolicyAll {
		t.Errorf("what if: %+v", out)
	}
}

func TestWhatIfTriesThresholdsAndPolicies(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		ham, spam, likely := w.said(w.a, 0.1, 0.1), w.said(w.a, 0.99, 0.99), w.said(w.a, 0.8, 0.8)
		w.said(w.a, 0.7, 0.7) // waits
		w.decide(people.Operator, w.a, decision.Approve, ham)
		w.decide(people.Operator, w.a, decision.MarkSpam, spam)
		w.clock.add(time.Minute)
		w.decide(people.Operator, w.a, decision.Approve, likely)
		try := func(in moderation.WhatIfRequest) moderation.WhatIf {
			t.Helper()
			out, err := w.s.WhatIf(w.ctx, people.Operator, w.a, in)
			w.must(err)
			return out
		}
		is := func(what string, got hindsight.Some, want ...string) {
			t.Helper()
			if fmt.Sprint(got.IDs) != fmt.Sprint(want) || got.N != len(want) {
				t.Errorf("%s: got %+v, want %v", what, got, want)
			}
		}
		out := try(moderation.WhatIfRequest{Threshold: new(0.6), Policy: ground.PolicySuspicious})
		if out.Looked != 3 || !out.From.Before(out.To) || out.Shadow != nil || out.Tally.Enough() {
			t.Errorf("looked at: %+v", out)
		}
		if out.Now.Policy != ground.PolicyAll || out.Now.Threshold != 0.9 || out.Now.Suspected != 1 || out.Now.Published != 0 || out.Now.Waiting != 0 {
			t.Errorf("now: %+v", out.Now)
		}
		if out.Then.Policy != ground.PolicySuspicious || out.Then.Suspected != 2 || out.Then.Published != 1 || out.Then.Waiting != 1 {
			t.Errorf("then: %+v", out.Then)
		}
		is("suspected ham", out.Then.SuspectedHam, likely)
		is("held ham", out.Then.HeldHam, likely)
		is("published wrongly", out.Then.PublishedWrong)
		is("everybody published", try(moderation.WhatIfRequest{Policy: ground.PolicyNone}).Then.PublishedWrong, spam)
		if last := try(moderation.WhatIfRequest{Last: new(1)}); last.Looked != 1 || last.Then.HeldHam.IDs[0] != likely {
			t.Errorf("the last one: %+v", last)
		}
		var err error
		w.a, err = w.s.SetSite(w.ctx, people.Operator, "a", ground.SiteChange{Settings: map[string]string{"shadow": "0.75"}})
		w.must(err)
		if out := try(moderation.WhatIfRequest{}); out.Shadow == nil || out.Shadow.Threshold != 0.75 || out.Shadow.Suspected != 2 || out.Now.Suspected != 1 || out.Then.Threshold != 0.9 {
			t.Errorf("with a shadow: %+v", out)
		}
		for _, in := range []moderation.WhatIfRequest{
			{Threshold: new(0.4)}, {Threshold: new(0.0)}, {Threshold: new(1.1)}, {Threshold: new(math.NaN())},
			{Policy: "never"}, {Last: new(-1)}, {Last: new(0)}, {Last: new(10_001)},
		} {
			_, err := w.s.WhatIf(w.ctx, people.Operator, w.a, in)
			wantCode(t, fmt.Sprintf("%+v", in), err, "query.invalid")
		}
	})
}

func BenchmarkQuality(b *testing.B) { // over 10,000 decisions, under a second
	for _, on := range []struct {
		name string
		open func(b *testing.B) *world
	}{
		{"sqlite", func(b *testing.B) *world { return newWorld(b) }},
		{"postgres", func(b *testing.B) *world { return newWorldOn(b, machine.Postgres(b)) }},
	} {
		b.Run(on.name, func(b *testing.B) {
			w := on.open(b)
			verdicts := make([]verdict.Verdict, 11_000)
			for i := range verdicts {
				p := float64(i*7919%11_000) / 11_000
				verdicts[i] = verdict.Verdict{Spam: p, Score: p, Warm: true}
			}
			i := 0
			for some := range slices.Chunk(w.saidAll(w.a, verdicts...), 1_000) {
				w.decide(people.Operator, w.a, []decision.Action{decision.Approve, decision.MarkSpam}[i%2], some...)
				i++
			}
			for b.Loop() {
				if q := w.quality(w.a); q.Decisions != 10_000 || !q.Capped {
					b.Fatalf("%+v", q)
				}
			}
			b.StopTimer()
			began := time.Now()
			for range 10 {
				if _, err := w.s.WhatIf(w.ctx, people.Operator, w.a, moderation.WhatIfRequest{Last: new(10_000)}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(time.Since(began).Milliseconds())/10, "ms/whatif")
		})
	}
}

func TestWhatIsMeasuredWasSaidBeforeItWasLearned(t *testing.T) {
	w := newWorld(t)
	var before []classifier.Sample // by a model that learns each comment after it has judged it
	model := classifier.Fold(func(func(classifier.Lesson) bool) {})
	for i, text := range texts(150, rand.New(rand.NewPCG(3, 4))) {
		c := w.submit(w.a, text)
		action, label := decision.Approve, classifier.Ham
		if strings.Contains(text, "pills") || strings.Contains(text, "casino") {
			action, label = decision.MarkSpam, classifier.Spam
		}
		document := classifier.Comment{Text: c.Source, Author: c.Name, Email: c.Email, URL: c.Website}
		if j := model.Judge(classifier.Read(document)); j.Warm {
			before = append(before, classifier.Sample{Said: j.Spam, Spam: label == classifier.Spam})
		}
		model.Learn(classifier.Lesson{Seq: uint64(i + 1), Label: label, Comment: document})
		w.decide(people.Operator, w.a, action, c.ID)
		w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	}
	got, want := w.quality(w.a).Filter, classifier.Measure(before, 0.5, 0.9, 0.99)
	if math.Abs(got.Brier-want.Brier) > 1e-12 || got.Above != want.Above || got.Spam != want.Spam || got.Ham != want.Ham || want.Above == 0 {
		t.Errorf("measured %v, %v%% of %d and %d; want %v, %v%% of %d and %d",
			got.Brier, got.Above, got.Spam, got.Ham, want.Brier, want.Above, want.Spam, want.Ham)
	}
}

// The store names each comment's standing decision, kept up step by step; the walk along the log
// has to come to the same ones by itself.
func TestTheDecisionsMeasuredAreThoseByWhichCommentsStand(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t)
		rnd := rand.New(rand.NewPCG(seed, 5))
		edits := seed%2 == 1
		tokens, batches := map[string]string{}, []string{}
		var ids []string
		for range 12 {
			c, token := w.submitOwn(w.a, fmt.Sprintf("Comment %d of a random history.", len(ids)))
			ids, tokens[c.ID] = append(ids, c.ID), token
		}
		for range 60 {
			id := ids[rnd.IntN(len(ids))]
			switch rnd.IntN(6) {
			case 0:
				if len(batches) > 0 {
					w.undo(people.Operator, w.a, batches[rnd.IntN(len(batches))])
				}
			case 1:
				if edits {
					_, _, err := w.s.Edit(w.ctx, w.a, id, tokens[id], fmt.Sprintf("Text %d of a random history.", rnd.Int()))
					w.must(err)
				}
			case 2:
				w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
			default:
				some := []string{id, ids[rnd.IntN(len(ids))]}
				if out := w.decide(people.Operator, w.a, decision.Action(rnd.IntN(4)), some[:1+rnd.IntN(2)]...); out.Batch != "" {
					batches = append(batches, out.Batch)
				}
			}
		}
		want := map[decision.Action]int{}
		for _, id := range ids {
			if standing := w.comment(w.a, id).Standing; standing != 0 {
				w.view(func(tx storetest.Tx) error {
					found, err := tx.DecisionsAfter(w.a.ID, standing-1, 1)
					w.must(err)
					want[found[0].Action]++
					return nil
				})
			}
		}
		n := want[decision.Approve] + want[decision.MarkSpam] + want[decision.Reject]
		q := w.quality(w.a)
		if q.Decisions+q.Known != n || q.Filter.Ham+q.Filter.Spam+q.Cold+q.Refused != q.Decisions {
			t.Errorf("seed %d: %d decisions and %d known, want %d together: %+v", seed, q.Decisions, q.Known, n, q)
		}
		if q.Tally != (hindsight.Tally{Ham: want[decision.Approve], Spam: want[decision.MarkSpam]}) {
			t.Errorf("seed %d: taught %+v, want %v", seed, q.Tally, want)
		}
		if !edits && (q.Known != 0 || q.Refused != want[decision.Reject] || q.Reasons[decision.ReasonSpam] != want[decision.MarkSpam]) {
			t.Errorf("seed %d: %+v, want %v", seed, q, want)
		}
	}
}
