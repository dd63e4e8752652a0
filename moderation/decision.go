package moderation

import (
	"time"

	"github.com/aitys/aitys/classifier"
)

// A Decision is one entry of a site's log: what somebody did to one comment. Seq counts
// from 1 without gaps, in commit order; Hash covers the entry and the hash before it.
type Decision struct {
	Seq       uint64
	Site      int64
	Batch     string
	Comment   string
	Version   int64  // the comment's version before
	By        string // account id
	Action    Action
	Reason    Reason
	Note      string
	From, To  State
	Before    uint64 // the comment's standing decision before this one, or 0
	Undoes    uint64 // the decision this one takes back, or 0
	Restores  uint64 // with Undoes: the decision that stands again, or 0
	Undone    bool   // a later entry undoes it (derived: not covered by Hash)
	Score     float64
	Suggested Action
	ModelSeq  uint64
	Lesson    []byte // salted hash of the lesson it stores, or nil
	At        time.Time
	Hash      []byte
}

// A Head is the end of a site's log.
type Head struct {
	Seq  uint64
	Hash []byte
}

// A StoredLesson is a lesson with what the store needs to find and to prove it.
type StoredLesson struct {
	classifier.Lesson
	Comment string // the comment's id
	Salt    []byte
}

// LogTx keeps decisions and lessons.
type LogTx interface {
	// LockLog locks the site's log until the end of the transaction and returns its head.
	// Whatever changes a comment's state or what is shown takes it first.
	LockLog(site int64) (Head, error)
	Head(site int64) (Head, error)
	// AppendDecisions writes ds, whose Seq and Hash continue the locked head.
	AppendDecisions(site int64, ds []Decision) error
	DecisionBySeq(site int64, seq uint64) (Decision, error)                // ErrNotFound
	DecisionsAfter(site int64, seq uint64, limit int) ([]Decision, error)  // ascending
	DecisionsBefore(site int64, seq uint64, limit int) ([]Decision, error) // descending; seq 0: from the newest
	DecisionsOf(site int64, comments ...string) ([]Decision, error)        // ascending by seq
	Batch(site int64, batch string) ([]Decision, error)                    // ascending; empty when unknown

	AddLessons(site int64, ls []StoredLesson) error
	// SetStanding says which lessons count: those of seqs stand or do not.
	SetStanding(site int64, seqs []uint64, standing bool) error
	// EachLesson calls fn with each standing lesson after seq, ascending.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// LessonsAfter returns lessons, standing or not, ascending.
	LessonsAfter(site int64, seq uint64, limit int) ([]StoredLesson, error)
}
