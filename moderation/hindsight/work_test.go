package hindsight_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/hindsight"
)

func TestASuggestionIsFollowedOrNot(t *testing.T) {
	shares := hindsight.Followed([]hindsight.Case{
		{Suggested: comment.MarkSpam, Action: comment.MarkSpam},
		{Suggested: comment.MarkSpam, Action: comment.Reject},
		{Suggested: comment.Approve, Action: comment.Approve},
		{Action: comment.Approve}, // nothing was suggested
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

func TestABatchIsOneAction(t *testing.T) {
	var cases []hindsight.Case
	for _, batch := range "abbcbdd" {
		cases = append(cases, hindsight.Case{Batch: string(batch)})
	}
	e := hindsight.EffortOf(cases)
	if want := (hindsight.Effort{Alone: 2, Together: 5, Batches: 2}); e != want || e.Comments() != 7 || e.Actions() != 4 {
		t.Errorf("got %+v, want %+v", e, want)
	}
}

// What a script counts from hundredths is what a threshold does.
func TestHundredthsAddUpToAThreshold(t *testing.T) {
	var cases []hindsight.Case
	for i := range 101 {
		for j, a := range []comment.Action{comment.Approve, comment.MarkSpam, comment.Reject} {
			if i%(j+2) == 0 {
				cases = append(cases, hindsight.Case{Score: float64(i) / 100, Action: a})
			}
		}
	}
	h := hindsight.HundredthsOf(cases)
	for at := 50; at <= 100; at++ {
		want := hindsight.Apply(hindsight.Rule{Threshold: float64(at) / 100}, cases)
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
