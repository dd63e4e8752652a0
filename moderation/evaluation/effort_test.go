package evaluation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

func TestFollowed_Shares(t *testing.T) {
	shares := evaluation.Followed([]evaluation.Case{
		{Suggested: comment.MarkSpam, Action: comment.MarkSpam},
		{Suggested: comment.MarkSpam, Action: comment.Reject},
		{Suggested: comment.Approve, Action: comment.Approve},
		{Action: comment.Approve}, // no suggestion
	})
	if s := shares[comment.MarkSpam]; s.Part != 1 || s.Of != 2 {
		t.Errorf("spam: %d of %d, want 1 of 2", s.Part, s.Of)
	}
	if s := shares[comment.Approve]; s.Part != 1 || s.Of != 1 {
		t.Errorf("approve: %d of %d, want 1 of 1", s.Part, s.Of)
	}
	if s := shares[comment.Reject]; s.Of != 0 || len(shares) != 3 {
		t.Errorf("of what was never suggested: %+v", shares)
	}
}

func TestEffortOf_BatchIsOneAction(t *testing.T) {
	var cases []evaluation.Case
	for _, batch := range "abbcbdd" {
		cases = append(cases, evaluation.Case{Batch: string(batch)})
	}
	e := evaluation.EffortOf(cases)
	if want := (evaluation.Effort{Single: 2, Batched: 5, Batches: 2}); e != want || e.Comments() != 7 || e.Actions() != 4 {
		t.Errorf("got %+v, want %+v", e, want)
	}
}

func TestEffortByWeek_OldestFirst(t *testing.T) {
	monday := time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC)
	got := evaluation.EffortByWeek([]evaluation.Case{
		{Batch: "b", At: monday.Add(time.Hour)}, {Batch: "b", At: monday.Add(time.Hour)}, {Batch: "a", At: monday.Add(-time.Hour)},
	})
	want := []evaluation.Effort{{Single: 1}, {Batched: 2, Batches: 1}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Counting from the histogram, as the script does, gives the same result as applying a threshold.
func TestScoreHistogram_MatchesThreshold(t *testing.T) {
	var cases []evaluation.Case
	for i := range 101 {
		for j, a := range []comment.Action{comment.Approve, comment.MarkSpam, comment.Reject} {
			if i%(j+2) == 0 {
				cases = append(cases, evaluation.Case{Score: float64(i) / 100, Action: a})
			}
		}
	}
	h := evaluation.ScoreHistogramOf(cases)
	for at := 50; at <= 100; at++ {
		want := evaluation.Apply(evaluation.Rule{Threshold: float64(at) / 100}, cases)
		suspected, good, missed := 0, 0, 0
		for i, n := range h {
			if i >= at {
				suspected, good = suspected+n.Good+n.Spam+n.Other, good+n.Good
			} else {
				missed += n.Spam
			}
		}
		if suspected != want.Suspected || good != want.SuspectedHam.N || missed != want.MissedSpam.N {
			t.Errorf("at %d: %d suspected, %d good, %d missed; want %d, %d, %d", at, suspected, good, missed,
				want.Suspected, want.SuspectedHam.N, want.MissedSpam.N)
		}
	}
}
