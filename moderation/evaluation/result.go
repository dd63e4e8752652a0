package evaluation

import "github.com/aitys/aitys/moderation/comment"

// Trust says which comments a rule shows without waiting for a person.
type Trust uint8

// The trusts, from none to all.
const (
	Nobody      Trust = iota
	Unsuspected       // what a classifier that had something to say did not suspect
	Everybody
)

// A Rule is a threshold and a policy to try: the score from which a comment is suspected, and the
// comments that are published without waiting.
type Rule struct {
	Threshold float64
	Trust     Trust
}

// maxIDs is how many of some comments are named.
const maxIDs = 50

// A Group counts comments of one kind, and names the newest of them, at most 50.
type Group struct {
	N   int
	IDs []string
}

func (s *Group) add(id string) {
	if s.N++; s.N <= maxIDs {
		s.IDs = append(s.IDs, id)
	}
}

// A Result is what a rule would have done with cases, beside what moderators decided.
type Result struct {
	Rule
	Suspected      int   // scored at the threshold or above
	SuspectedHam   Group // of them approved by a moderator
	MissedSpam     Group // below the threshold, and a moderator called it spam
	Published      int   // shown without waiting
	PublishedWrong Group // of them refused by a moderator, for whatever reason
	Held           int   // left to a person
	HeldHam        Group // of them approved by a moderator
}

// Apply says what a rule would have done with cases, which come newest first.
//
// It knows what was kept of a verdict, which is less than the verdict: a comment that was lifted
// to the threshold of then by a honeypot or by being sent again and again is one of that score
// here, and what another threshold had not suspected may have been refused for another reason.
func Apply(r Rule, cases []Case) Result {
	w := Result{Rule: r}
	for _, c := range cases {
		suspected := c.Score >= r.Threshold
		switch {
		case suspected:
			w.Suspected++
			if c.Action == comment.Approve {
				w.SuspectedHam.add(c.Comment)
			}
		case c.Action == comment.MarkSpam:
			w.MissedSpam.add(c.Comment)
		}
		switch {
		case !r.shows(c, suspected):
			w.Held++
			if c.Action == comment.Approve {
				w.HeldHam.add(c.Comment)
			}
		default:
			w.Published++
			if c.Action != comment.Approve {
				w.PublishedWrong.add(c.Comment)
			}
		}
	}
	return w
}

func (r Rule) shows(c Case, suspected bool) bool {
	switch r.Trust {
	case Everybody:
		return true
	case Unsuspected:
		return c.Warm && !suspected && c.Suggested != comment.Reject
	}
	return false
}
