package evaluation

import "github.com/aitys/aitys/moderation/comment"

// Followed says of each action how many of the comments for which it was suggested were decided so, for
// whatever reason. What was suggested for none is of nothing.
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

// An Effort is how many actions it took to decide comments: those decided one at a time took one each.
type Effort struct {
	Alone    int
	Together int // comments that were decided with others
	Batches  int // in which they were
}

// Comments are all that were decided.
func (e Effort) Comments() int { return e.Alone + e.Together }

// Actions are what it took.
func (e Effort) Actions() int { return e.Alone + e.Batches }

// EffortOf counts batches. Whose they are it does not look at.
func EffortOf(cases []Case) (e Effort) {
	batches := map[string]int{}
	for _, c := range cases {
		batches[c.Batch]++
	}
	for _, n := range batches {
		if n == 1 {
			e.Alone++
			continue
		}
		e.Together += n
		e.Batches++
	}
	return e
}

// Hundredths count cases by their score, rounded down: those of the last have the score 1.
type Hundredths [101]struct{ Good, Spam, Other int }

// HundredthsOf sorts cases by what moderators decided; Other was refused for another reason than spam.
func HundredthsOf(cases []Case) (h Hundredths) {
	for _, c := range cases {
		at := &h[min(max(int(c.Score*100+1e-9), 0), 100)] // 0.29 is a little less than 29 hundredths
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
