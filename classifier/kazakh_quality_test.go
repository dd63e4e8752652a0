package classifier_test

import (
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/evaluation"
)

// The thresholds of the tests below are three or more times the values measured when they were set. They catch a broken
// tokeniser for Kazakh, not a change by one comment. One person wrote the fixture, so its figures do not predict the
// quality on real sites.

func TestModel_LearnsKazakhStream(t *testing.T) {
	stream := classifier.KazakhStream(t)
	m := classifier.Fold(slices.Values([]classifier.Lesson(nil)))
	var all, late []evaluation.Sample
	for i, l := range stream {
		if spam := l.Label == classifier.Spam; spam || l.Label == classifier.Ham {
			s := evaluation.Sample{Predicted: m.Judge(classifier.Read(l.Comment)).Spam, Spam: spam}
			all = append(all, s)
			if i >= len(stream)/2 {
				late = append(late, s)
			}
		}
		m.Learn(l)
	}
	if q := measured(t, "prequential", all); q.AreaAbove > 12 {
		t.Errorf("(1-ROCA)%% %.2f from the first comment on, want 12 at most", q.AreaAbove)
	}
	q := measured(t, "prequential, second half", late)
	if half := q.Cuts[0]; q.AreaAbove > 10 || half.Recall.Value < 0.6 || half.HamLost.Value > 0.2 {
		t.Errorf("second half: (1-ROCA)%% %.2f, want 10 at most; at 0.5 %+v", q.AreaAbove, half)
	}
}

func TestModel_KazakhTenFold(t *testing.T) {
	stream := classifier.KazakhStream(t)
	var spam, insults []evaluation.Sample
	for fold := range 10 {
		m := classifier.Fold(func(yield func(classifier.Lesson) bool) {
			for i, l := range stream {
				if i%10 != fold && !yield(l) {
					return
				}
			}
		})
		for i := fold; i < len(stream); i += 10 {
			j, l := m.Judge(classifier.Read(stream[i].Comment)), stream[i].Label
			if l == classifier.Ham || l == classifier.Spam {
				spam = append(spam, evaluation.Sample{Predicted: j.Spam, Spam: l == classifier.Spam})
			}
			if l != classifier.Spam {
				insults = append(insults, evaluation.Sample{Predicted: slices.Max(j.Reasons[:]), Spam: l != classifier.Ham})
			}
		}
	}
	q := measured(t, "ten-fold, spam", spam)
	if held := q.Cuts[1]; q.AreaAbove > 6 || q.Cuts[0].Recall.Value < 0.65 || held.HamLost.Value > 0.05 {
		t.Errorf("spam: (1-ROCA)%% %.2f, want 6 at most; cuts %+v", q.AreaAbove, q.Cuts)
	}
	// There are only twenty insults. Chance would be 50.
	if q := measured(t, "ten-fold, insults of any kind", insults); q.AreaAbove > 32 {
		t.Errorf("insults: (1-ROCA)%% %.2f, want 32 at most", q.AreaAbove)
	}
}

// measured logs and returns the figures that docs/measurements.md quotes.
func measured(t *testing.T, name string, samples []evaluation.Sample) evaluation.Quality {
	t.Helper()
	q := evaluation.Measure(samples, 0.5, 0.9, 0.99)
	t.Logf("%s: (1-ROCA)%% %.2f of %d among %d, Brier %.3f, ECE %.3f", name, q.AreaAbove, q.Spam, q.Spam+q.Ham, q.Brier, q.ECE)
	for _, c := range q.Cuts {
		t.Logf("  at %.2f: caught %d of %d, ham lost %d of %d", c.At, c.TruePositives, c.Recall.Of, c.FalsePositives, c.HamLost.Of)
	}
	return q
}
