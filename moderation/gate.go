package moderation

// How much a site must have taught before its filter may act, or contradict anybody.
const (
	enoughTaught = 100
	enoughOfEach = 20
)

// A Tally is how many decisions stand that teach the filter, of each kind; no more than 100 of
// a kind are counted, and those of another site's that were copied here are not.
type Tally struct{ Ham, Spam int }

// Enough reports whether comments may be published by the filter's word: at least 100
// decisions stand, 20 of each kind.
func (t Tally) Enough() bool {
	return t.Ham+t.Spam >= enoughTaught && min(t.Ham, t.Spam) >= enoughOfEach
}

// A Contradiction is a comment that was decided against what the filter was sure of.
type Contradiction struct {
	ID   string
	Spam float64 // the filter's probability, before
}
