package auditlog

import "github.com/aitys/aitys/moderation/txn"

// Tx is what a site's log asks of a transaction.
type Tx interface {
	txn.Tx
	Log

	// LockLog locks the site's log until the end of the transaction and returns its head.
	// Whatever changes a comment's state or what is shown takes it first.
	LockLog(site int64) (Head, error)
	// AppendDecisions writes ds, whose Seq and Hash continue the locked head.
	AppendDecisions(site int64, ds []Entry) error
	DecisionsBefore(site int64, seq uint64, limit int) ([]Entry, error) // descending; seq 0: from the newest
	DecisionsOf(site int64, comments ...string) ([]Entry, error)        // ascending by seq
	// EraseTexts replaces entries with those that Entry.WithoutTexts returns.
	EraseTexts(site int64, ds []Entry) error
	Batch(site int64, batch string) ([]Entry, error) // ascending; empty when unknown

	AddLessons(site int64, ls []Lesson) error
	// SetStanding says which lessons stand: those of seqs do or do not.
	SetStanding(site int64, seqs []uint64, standing bool) error
	// ReturnLessons brings back what entry by withdrew, or gives it to the next withdrawal of the same account's
	// lessons that stands. It returns how many of these lessons count again, and the lowest seq among all of them; 0
	// when there are none.
	ReturnLessons(site int64, by uint64) (n int, lowest uint64, err error)

	AccountNames(ids []string) (map[string]string, error) // of those that are there: entries are told with names
}
