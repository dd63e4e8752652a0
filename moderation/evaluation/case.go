// Package evaluation measures a site's classifier against its moderators. It compares predictions with later decisions,
// reports how another threshold or policy would have performed, and counts incoming comments.
//
// Service reads the audit log. The rest is arithmetic over cases and uses no clock. The package makes no decisions
// about comments.
package evaluation

import (
	"cmp"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A Case is a decided comment together with its verdict before the decision.
type Case struct {
	Seq       uint64 // log sequence number of the decision in effect
	Comment   string
	Batch     string // batch of that decision
	By        string // account ID; in a Report the account's name
	At        time.Time
	Action    comment.Action // decision in effect: Approve, MarkSpam, or Reject for a reason other than spam
	Score     float64        // the verdict's score, which is compared with thresholds
	Spam      float64        // the classifier's own probability of spam
	Warm      bool           // the classifier had learned enough for a prediction
	Suggested comment.Action // the verdict's suggestion; Hold: none
}

// Measured reports whether the case measures the classifier: it was warm, and the comment was approved or marked as
// spam.
func (c Case) Measured() bool { return c.Warm && c.Action != comment.Reject }

// predictionError returns the distance between prediction and truth, 0 to 1.
func (c Case) predictionError() float64 {
	if c.Action == comment.MarkSpam {
		return 1 - c.Spam
	}
	return c.Spam
}

// Samples returns the classifier's predictions for the cases that measure it.
func Samples(cases []Case) []Sample {
	return samples(cases, func(c Case) float64 { return c.Spam })
}

// Scores returns the same cases as Samples, with the verdict's score as prediction.
func Scores(cases []Case) []Sample {
	return samples(cases, func(c Case) float64 { return c.Score })
}

func samples(cases []Case, said func(Case) float64) []Sample {
	list := make([]Sample, 0, len(cases))
	for _, c := range cases {
		if c.Measured() {
			list = append(list, Sample{Predicted: said(c), Spam: c.Action == comment.MarkSpam})
		}
	}
	return list
}

// Disagreements returns at most n cases in which the classifier was wrong: the largest error first, then the newest.
func Disagreements(cases []Case, n int) []Case {
	var list []Case
	for _, c := range cases {
		if c.Measured() && c.predictionError() > 0.5 {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Case) int {
		return cmp.Or(cmp.Compare(b.predictionError(), a.predictionError()), cmp.Compare(b.Seq, a.Seq))
	})
	return list[:min(n, len(list))]
}

// A Week measures the classifier in the seven days from From, a Monday at midnight UTC. Cut uses the requested
// threshold.
type Week struct {
	From  time.Time
	Brier float64
	Cut   Cut
}

// Weeks returns the classifier's accuracy per week at the threshold at. It returns the newest n weeks with measured
// cases, oldest first.
func Weeks(cases []Case, at float64, n int) []Week {
	byWeek := map[time.Time][]Case{}
	for _, c := range cases {
		if c.Measured() {
			byWeek[monday(c.At)] = append(byWeek[monday(c.At)], c)
		}
	}
	list := make([]Week, 0, len(byWeek))
	for from, some := range byWeek {
		w := Week{From: from, Cut: CutAt(Samples(some), at)}
		for _, c := range some {
			w.Brier += c.predictionError() * c.predictionError() / float64(len(some))
		}
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Week) int { return a.From.Compare(b.From) })
	return list[max(0, len(list)-n):]
}

// monday returns the start of the week of a time.
func monday(at time.Time) time.Time {
	at = at.UTC().Truncate(24 * time.Hour) // Truncate counts from the zero time, so it gives midnight UTC
	return at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
}
