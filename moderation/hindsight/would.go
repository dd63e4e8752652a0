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

// Some are comments: how many, and the newest of them.
type Some struct {
	N   int
	IDs []string // at most 50
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
func Apply(r Rule, cases []Case) Would { return Would{Rule: r} }
