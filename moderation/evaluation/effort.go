package evaluation

import (
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// Followed returns, for each action, the share of comments with that suggestion that were decided accordingly, for any
// reason. For actions that were never suggested, the Share is empty.
func Followed(cases []Case) map[comment.Action]Share {
	var part, of [comment.MarkSpam + 1]int
	for _, c := range cases {
		of[c.Suggested]++
		if c.Suggested == c.Action {
			part[c.Suggested]++
		}
	}
	shares := map[comment.Action]Share{}
	for _, a := range []comment.Action{comment.Approve, comment.Reject, comment.MarkSpam} {
		shares[a] = ShareOf(part[a], of[a])
	}
	return shares
}

// An Effort counts the actions that moderators needed. A comment that is decided alone takes one action, and so does a
// batch.
type Effort struct {
	Single  int // comments that were decided alone
	Batched int // comments that were decided in batches
	Batches int // number of batches with several comments
}

// Comments returns the number of decided comments.
func (e Effort) Comments() int { return e.Single + e.Batched }

// Actions returns the number of actions.
func (e Effort) Actions() int { return e.Single + e.Batches }

// EffortOf counts batches of all moderators together.
func EffortOf(cases []Case) (e Effort) {
	batches := map[string]int{}
	for _, c := range cases {
		batches[c.Batch]++
	}
	for _, n := range batches {
		if n == 1 {
			e.Single++
			continue
		}
		e.Batched += n
		e.Batches++
	}
	return e
}

// EffortByWeek returns the effort of each week with decisions, oldest first. A batch counts in the week of its decision.
func EffortByWeek(cases []Case) (all []Effort) {
	byWeek := map[time.Time][]Case{}
	for _, c := range cases {
		byWeek[monday(c.At)] = append(byWeek[monday(c.At)], c)
	}
	for _, week := range slices.SortedFunc(maps.Keys(byWeek), time.Time.Compare) {
		all = append(all, EffortOf(byWeek[week]))
	}
	return all
}

// ScoreHistogram counts cases by score in hundredths, rounded down. The last element counts the score 1.
type ScoreHistogram [101]struct{ Good, Spam, Other int }

// ScoreHistogramOf counts cases by score and decision. Other counts comments refused for a reason other than spam.
func ScoreHistogramOf(cases []Case) (h ScoreHistogram) {
	for _, c := range cases {
		at := &h[min(max(int(c.Score*100+1e-9), 0), 100)] // floating point: 0.29*100 is slightly less than 29
		switch c.Action {
		case comment.Approve:
			at.Good++
		case comment.MarkSpam:
			at.Spam++
		default:
			at.Other++
		}
	}
	return h
}
