package hindsight

// How much a site must have taught before its filter may act, or contradict anybody.
const (
	EnoughTaught = 100
	EnoughOfEach = 20
)

// A Tally is how many decisions stand that teach the filter, of each kind; no more than 100 of
// a kind are counted, and those of another site's that were copied here are not.
type Tally struct{ Ham, Spam int }

// Enough reports whether comments may be published by the filter's word: at least 100
// decisions stand, 20 of each kind.
func (t Tally) Enough() bool {
	return t.Ham+t.Spam >= EnoughTaught && min(t.Ham, t.Spam) >= EnoughOfEach
}

// Missing returns how many decisions are needed yet for that, and how many of them at least
// have to be approvals and how many spam.
func (t Tally) Missing() (all, ham, spam int) {
	ham, spam = max(0, EnoughOfEach-t.Ham), max(0, EnoughOfEach-t.Spam)
	return max(ham+spam, EnoughTaught-t.Ham-t.Spam), ham, spam
}
