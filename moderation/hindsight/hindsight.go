// Package hindsight compares what the filter said of comments with what moderators decided
// afterwards, and says what another threshold or rule would have done with them.
//
// It is arithmetic over cases: it reads nothing, knows no clock, and decides nothing.
package hindsight

import (
	"time"

	"github.com/aitys/aitys/classifier"
)

// A Truth is what a moderator decided.
type Truth uint8

// The truths.
const (
	Ham     Truth = iota
	Spam          // refused as spam
	Refused       // for another reason
)

// A Case is a comment that was decided, and what had been said of it before.
type Case struct {
	Seq     uint64 // of the decision that stands
	Comment string
	By      string // an account's id
	At      time.Time
	Truth   Truth
	Score   float64 // of the whole verdict: what thresholds look at
	Spam    float64 // the classifier's own probability
	Warm    bool    // the classifier had something to say
	Refuse  bool    // the verdict suggested to refuse it for another reason
}

// Measured reports whether the classifier can be measured by a case.
func (c Case) Measured() bool { return c.Warm && c.Truth != Refused }

// A Week is how the classifier did in the seven days from From, a Monday at midnight UTC. Cut
// is at the threshold asked for.
type Week struct {
	From  time.Time
	Brier float64
	Cut   classifier.Cut
}

// Samples are the cases that the classifier can be measured by.
func Samples(cases []Case) []classifier.Sample {
	var list []classifier.Sample
	for _, c := range cases {
		if c.Measured() {
			list = append(list, classifier.Sample{Said: c.Spam, Spam: c.Truth == Spam})
		}
	}
	return list
}

// Disagreements returns the cases, at most n, in which the classifier was on the wrong side, the
// surest first, and of equals the newest.
func Disagreements(cases []Case, n int) []Case { return nil }

// Weeks divides cases, oldest week first, at most the newest n weeks that have any.
func Weeks(cases []Case, at float64, n int) []Week { return nil }
