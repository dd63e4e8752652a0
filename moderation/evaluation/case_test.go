package evaluation_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

// Nine comments, newest first, with their predictions and decisions.
var nine = []evaluation.Case{
	{Comment: "sure spam", Seq: 9, Action: comment.MarkSpam, Score: 0.99, Spam: 0.98, Warm: true},
	{Comment: "likely spam", Seq: 8, Action: comment.MarkSpam, Score: 0.85, Spam: 0.8, Warm: true},
	{Comment: "hidden spam", Seq: 7, Action: comment.MarkSpam, Score: 0.1, Spam: 0.05, Warm: true},
	{Comment: "wronged ham", Seq: 6, Action: comment.Approve, Score: 0.92, Spam: 0.91, Warm: true},
	{Comment: "ham", Seq: 5, Action: comment.Approve, Score: 0.04, Spam: 0.02, Warm: true},
	{Comment: "insult", Seq: 4, Action: comment.Reject, Score: 0.2, Spam: 0.2, Warm: true,
		Suggested: comment.Reject},
	{Comment: "polite insult", Seq: 3, Action: comment.Reject, Score: 0.2, Spam: 0.2, Warm: true},
	{Comment: "cold ham", Seq: 2, Action: comment.Approve, Score: 0.5, Spam: 0.5},
	{Comment: "cold spam in haste", Seq: 1, Action: comment.MarkSpam, Score: 0.95, Spam: 0.5},
}

func some(ids ...string) evaluation.Group { return evaluation.Group{N: len(ids), IDs: ids} }

func TestApply_CountsResults(t *testing.T) {
	hams := []string{"wronged ham", "ham", "cold ham"}
	refused := []string{"sure spam", "likely spam", "hidden spam", "insult", "polite insult", "cold spam in haste"}
	for _, tt := range []struct {
		name string
		rule evaluation.Rule
		want evaluation.Result
	}{
		{"nobody is trusted, 0.9", evaluation.Rule{Threshold: 0.9}, evaluation.Result{
			Suspected: 3, SuspectedHam: some("wronged ham"), MissedSpam: some("likely spam", "hidden spam"),
			Held: 9, HeldHam: some(hams...),
		}},
		{"nobody is trusted, 0.85 is at the threshold", evaluation.Rule{Threshold: 0.85}, evaluation.Result{
			Suspected: 4, SuspectedHam: some("wronged ham"), MissedSpam: some("hidden spam"),
			Held: 9, HeldHam: some(hams...),
		}},
		{"the unsuspected are trusted", evaluation.Rule{Threshold: 0.9, Trust: evaluation.TrustUnsuspected}, evaluation.Result{
			Suspected: 3, SuspectedHam: some("wronged ham"), MissedSpam: some("likely spam", "hidden spam"),
			Published: 4, PublishedWrong: some("likely spam", "hidden spam", "polite insult"),
			Held: 5, HeldHam: some("wronged ham", "cold ham"),
		}},
		{"all are trusted", evaluation.Rule{Threshold: 1, Trust: evaluation.TrustAll}, evaluation.Result{
			MissedSpam: some("sure spam", "likely spam", "hidden spam", "cold spam in haste"),
			Published:  9, PublishedWrong: some(refused...),
		}},
	} {
		tt.want.Rule = tt.rule
		if got := evaluation.Apply(tt.rule, nine); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%s:\n%+v, want\n%+v", tt.name, got, tt.want)
		}
	}
}

func TestApply_NamesNewestFifty(t *testing.T) {
	cases := make([]evaluation.Case, 300)
	for i := range cases {
		cases[i] = evaluation.Case{Comment: fmt.Sprint(i), Action: comment.MarkSpam}
	}
	missed := evaluation.Apply(evaluation.Rule{Threshold: 0.9}, cases).MissedSpam
	if missed.N != 300 || len(missed.IDs) != 50 || missed.IDs[0] != "0" || missed.IDs[49] != "49" {
		t.Errorf("%d, named %v", missed.N, missed.IDs)
	}
}

func TestSamples_OnlyWarmHamOrSpam(t *testing.T) {
	samples := evaluation.Samples(nine)
	if len(samples) != 5 || samples[0].Predicted != 0.98 || !samples[0].Spam || samples[4].Predicted != 0.02 || samples[4].Spam {
		t.Errorf("samples %v", samples)
	}
	if scores := evaluation.Scores(nine); len(scores) != 5 || scores[0].Predicted != 0.99 {
		t.Errorf("scores %v", scores)
	}
}

func TestDisagreements_LargestErrorFirst(t *testing.T) {
	var got []string
	for _, c := range evaluation.Disagreements(nine, 10) {
		got = append(got, c.Comment)
	}
	if want := []string{"hidden spam", "wronged ham"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if one := evaluation.Disagreements(nine, 1); len(one) != 1 || one[0].Comment != "hidden spam" {
		t.Errorf("of one: %v", one)
	}
	twins := []evaluation.Case{{Seq: 1, Spam: 0.9, Warm: true}, {Seq: 2, Spam: 0.9, Warm: true}}
	if two := evaluation.Disagreements(twins, 10); two[0].Seq != 2 {
		t.Errorf("of equals the newest is first: %v", two)
	}
}

func TestWeeks_StartOnMonday(t *testing.T) {
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC) }
	almaty := time.FixedZone("Almaty", 5*60*60)
	sundayInUTC := time.Date(2026, 11, 16, 3, 0, 0, 0, almaty)
	cases := []evaluation.Case{
		{At: at(23, 0), Action: comment.MarkSpam, Spam: 0.5, Warm: true}, // a Monday
		{At: at(22, 23), Action: comment.Approve, Spam: 1, Warm: true},   // the Sunday before
		{At: at(16, 0), Action: comment.Approve, Spam: 0, Warm: true},    // the Monday before
		{At: sundayInUTC, Action: comment.MarkSpam, Spam: 1, Warm: true},
		{At: at(17, 0), Action: comment.Approve, Spam: 0.5},                                                   // cold
		{At: time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), Action: comment.MarkSpam, Spam: 0.25, Warm: true}, // a Wednesday
	}
	weeks := evaluation.Weeks(cases, 0.9, 10)
	want := []struct {
		from  time.Time
		brier float64
		n     int
	}{
		{time.Date(1969, 12, 29, 0, 0, 0, 0, time.UTC), 0.5625, 1},
		{at(9, 0), 0, 1}, {at(16, 0), 0.5, 2}, {at(23, 0), 0.25, 1},
	}
	if len(weeks) != len(want) {
		t.Fatalf("%d weeks: %+v", len(weeks), weeks)
	}
	for i, w := range weeks {
		n := w.Cut.TruePositives + w.Cut.FalseNegatives + w.Cut.FalsePositives + w.Cut.TrueNegatives
		if !w.From.Equal(want[i].from) || math.Abs(w.Brier-want[i].brier) > 1e-9 || n != want[i].n {
			t.Errorf("week %d: from %v, Brier %v, %d cases; want %+v", i, w.From, w.Brier, n, want[i])
		}
	}
	if lost := weeks[2].Cut.FalsePositives; lost != 1 {
		t.Errorf("%d ham lost in the third week, want 1", lost)
	}
	if last := evaluation.Weeks(cases, 0.9, 2); len(last) != 2 || !last[1].From.Equal(at(23, 0)) {
		t.Errorf("the newest two: %+v", last)
	}
}
