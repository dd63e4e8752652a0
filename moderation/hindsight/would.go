package hindsight

// Trust says which comments a rule shows without waiting for a person.
type Trust uint8

// The trusts, from none to all.
const (
	Nobody      Trust = iota
	Unsuspected       // what a classifier that had something to say did not suspect
	Everybody
)

// A Rule is what could have been set: the score from which a comment is suspected, and whom the
// rule trusts.
type Rule struct {
	Threshold float64
	Trust     Trust
}

// maxIDs is how many of some comments are named.
const maxIDs = 50

// Some are comments: how many, and the newest of them by id, at most 50.
type Some struct {
	N   int
	IDs []string
}

func (s *Some) add(id string) {
	if s.N++; s.N <= maxIDs {
		s.IDs = append(s.IDs, id)
	}
}

// A Would is what a rule would have done with cases, beside what moderators decided.
type Would struct {
	Rule
	Suspected      int  // scored at the threshold or above
	SuspectedHam   Some // of them approved by a moderator
	MissedSpam     Some // below the threshold, and a moderator called it spam
	Published      int  // shown without waiting
	PublishedWrong Some // of them refused by a moderator, for whatever reason
	Held           int  // left to a person
	HeldHam        Some // of them approved by a moderator
}

// Apply says what a rule would have done with cases, which come newest first.
//
// It knows what was kept of a verdict, which is less than the verdict: a comment that was lifted
// to the threshold of then by a honeypot or by being sent again and again is one of that score
// here, and what another threshold had not suspected may have been refused for another reason.
func Apply(r Rule, cases []Case) Would {
	w := Would{Rule: r}
	for _, c := range cases {
		suspected := c.Score >= r.Threshold
		switch {
		case suspected:
			w.Suspected++
			if c.Truth == Ham {
				w.SuspectedHam.add(c.Comment)
			}
		case c.Truth == Spam:
			w.MissedSpam.add(c.Comment)
		}
		switch {
		case !r.shows(c, suspected):
			w.Held++
			if c.Truth == Ham {
				w.HeldHam.add(c.Comment)
			}
		default:
			w.Published++
			if c.Truth != Ham {
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
		return c.Warm && !suspected && !c.Refuse
	}
	return false
}
