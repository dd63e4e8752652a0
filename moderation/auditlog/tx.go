package auditlog

import "github.com/aitys/aitys/moderation/txn"

// Tx is the transaction that a site's log needs.
type Tx interface {
	txn.Tx
	Log

	// LockLog locks the site's log until the end of the transaction and returns its head. Every change of a comment's
	// state or visibility takes this lock first.
	LockLog(site int64) (Head, error)
	// AppendDecisions writes ds, whose Seq and Hash continue the locked head.
	AppendDecisions(site int64, ds []Entry) error
	DecisionsBefore(site int64, seq uint64, limit int) ([]Entry, error) // descending; seq 0: from the newest
	DecisionsOf(site int64, comments ...string) ([]Entry, error)        // ascending by seq
	// EraseTexts replaces entries with those that Entry.WithoutTexts returns.
	EraseTexts(site int64, ds []Entry) error
	Batch(site int64, batch string) ([]Entry, error) // ascending; empty if unknown

	AddLessons(site int64, ls []Lesson) error
	// SetStanding sets whether the lessons of the entries seqs count.
	SetStanding(site int64, seqs []uint64, standing bool) error
	// ReturnLessons undoes withdrawal by: its lessons count again, or belong to the account's next withdrawal in
	// force. It returns how many lessons count again and the lowest seq among all of them, or 0 if there are none.
	ReturnLessons(site int64, by uint64) (n int, lowest uint64, err error)

	AccountNames(ids []string) (map[string]string, error) // of accounts that exist
}
