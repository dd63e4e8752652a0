// Package evaluation measures a site's filter against its moderators: it compares what the filter said about comments
// with what moderators decided later, reports how another threshold or policy would have done, and counts what came in.
//
// Service reads the audit log. The rest is arithmetic over cases, without a clock. Nothing here decides about a comment.
package evaluation

import (
	"cmp"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A Case is a comment that was decided, and what had been said of it before.
type Case struct {
	Seq       uint64 // of the decision that stands
	Comment   string
	Batch     string // of that decision
	By        string // an account's id, or its name where it is told
	At        time.Time
	Action    comment.Action // that stands: Approve, MarkSpam, or Reject for another reason
	Score     float64        // of the whole verdict: what thresholds look at
	Spam      float64        // the classifier's own probability
	Warm      bool           // the classifier had something to say
	Suggested comment.Action // by the verdict; Hold: nothing
}

// Measured reports whether the classifier can be measured by a case.
func (c Case) Measured() bool { return c.Warm && c.Action != comment.Reject }

// wrong is how far the classifier was from the truth, 0 to 1.
func (c Case) wrong() float64 {
	if c.Action == comment.MarkSpam {
		return 1 - c.Spam
	}
	return c.Spam
}

// Samples are the cases that the classifier can be measured by, as it said then.
func Samples(cases []Case) []Sample {
	return samples(cases, func(c Case) float64 { return c.Spam })
}

// Scores are the same cases by the whole verdict's score.
func Scores(cases []Case) []Sample {
	return samples(cases, func(c Case) float64 { return c.Score })
}

func samples(cases []Case, said func(Case) float64) []Sample {
	list := make([]Sample, 0, len(cases))
	for _, c := range cases {
		if c.Measured() {
			list = append(list, Sample{Said: said(c), Spam: c.Action == comment.MarkSpam})
		}
	}
	return list
}

// Disagreements returns the cases, at most n, in which the classifier was on the wrong side: the
// surest first, and of equals the newest.
func Disagreements(cases []Case, n int) []Case {
	var list []Case
	for _, c := range cases {
		if c.Measured() && c.wrong() > 0.5 {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Case) int {
		return cmp.Or(cmp.Compare(b.wrong(), a.wrong()), cmp.Compare(b.Seq, a.Seq))
	})
	return list[:min(n, len(list))]
}

// A Week is how the classifier did in the seven days from From, a Monday at midnight UTC. Cut
// is at the threshold asked for.
type Week struct {
	From  time.Time
	Brier float64
	Cut   Cut
}

// Weeks measures cases by week, oldest first: at most the newest n weeks that have any.
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
			w.Brier += c.wrong() * c.wrong() / float64(len(some))
		}
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b Week) int { return a.From.Compare(b.From) })
	return list[max(0, len(list)-n):]
}

// monday is the beginning of the week that a time is in.
func monday(at time.Time) time.Time {
	at = at.UTC().Truncate(24 * time.Hour) // days since the zero time are days of UTC
	return at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
}
