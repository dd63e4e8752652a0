package evaluation

import "github.com/aitys/aitys/moderation/comment"

// A Trust says which comments a rule publishes without review.
type Trust uint8

// The values of Trust, from none to all comments.
const (
	TrustNone        Trust = iota
	TrustUnsuspected       // comments that a warm classifier did not suspect
	TrustAll
)

// A Rule is a threshold and a policy to evaluate: the score from which a comment is suspected, and which comments are
// published without review.
type Rule struct {
	Threshold float64
	Trust     Trust
}

// maxIDs limits the IDs in a Group.
const maxIDs = 50

// A Group counts comments, and lists the IDs of the newest, at most 50.
type Group struct {
	N   int
	IDs []string
}

func (s *Group) add(id string) {
	if s.N++; s.N <= maxIDs {
		s.IDs = append(s.IDs, id)
	}
}

// A Result compares what a rule would have done with what moderators decided.
type Result struct {
	Rule
	Suspected      int   // score at or above the threshold
	SuspectedHam   Group // suspected, but approved by a moderator
	MissedSpam     Group // below the threshold, but marked as spam by a moderator
	Published      int   // published without review
	PublishedWrong Group // published, but refused by a moderator for any reason
	Held           int   // left for review
	HeldHam        Group // left for review, and approved by a moderator
}

// Apply evaluates a rule on cases, which are ordered newest first.
//
// It uses the stored part of verdicts, which is incomplete. A comment that a honeypot or repeated submission raised to
// the threshold of that time has that score here. A comment that another threshold would not have suspected might have
// been refused for another reason.
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
		case !r.publishes(c, suspected):
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

func (r Rule) publishes(c Case, suspected bool) bool {
	switch r.Trust {
	case TrustAll:
		return true
	case TrustUnsuspected:
		return c.Warm && !suspected && c.Suggested != comment.Reject
	}
	return false
}
