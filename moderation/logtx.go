package moderation

import (
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/fold"
)

// LogTx keeps decisions and lessons.
type LogTx interface {
	// LockLog locks the site's log until the end of the transaction and returns its head.
	// Whatever changes a comment's state or what is shown takes it first.
	LockLog(site int64) (decision.Head, error)
	Head(site int64) (decision.Head, error)
	// AppendDecisions writes ds, whose Seq and Hash continue the locked head.
	AppendDecisions(site int64, ds []decision.Entry) error
	DecisionsAfter(site int64, seq uint64, limit int) ([]decision.Entry, error)  // ascending
	DecisionsBefore(site int64, seq uint64, limit int) ([]decision.Entry, error) // descending; seq 0: from the newest
	DecisionsOf(site int64, comments ...string) ([]decision.Entry, error)        // ascending by seq
	Batch(site int64, batch string) ([]decision.Entry, error)                    // ascending; empty when unknown

	AddLessons(site int64, ls []decision.Lesson) error
	// SetStanding says which lessons stand: those of seqs do or do not.
	SetStanding(site int64, seqs []uint64, standing bool) error
	// EachLesson calls fn with each lesson after seq that counts, ascending: it stands, and was
	// not withdrawn.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// Lessons returns the lessons of the entries after one and up to another, whether they
	// count or not, ascending.
	Lessons(site int64, after, upTo uint64) ([]decision.Lesson, error)
}

// ModelTx keeps what models are made from besides the log.
type ModelTx interface {
	// WithdrawLessons takes what the decisions of an account before entry by taught out of the
	// model, until ReturnLessons. It returns how many of these lessons counted, and the lowest
	// seq among all it withdrew; 0 when there were none.
	WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error)
	ReturnLessons(site int64, by uint64) error
	// RetireLessons takes what entries of before a time taught out of the model by entry by, for
	// good: it erases texts and salts. It returns how many it erased, whether they counted or
	// not, and the lowest seq among them; 0 when there were none.
	RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error)
	// CountRetirable returns how many lessons RetireLessons would erase.
	CountRetirable(site int64, before time.Time) (int, error)
	// EraseLessons takes lessons out of the model by entry by, for good: texts and salts are
	// erased, and the Proof of each is kept.
	EraseLessons(site int64, ls []decision.Lesson, by uint64) error
	// TakenBy returns the lessons that entry by took out of the model and did not return, ascending.
	TakenBy(site int64, by uint64) ([]decision.Lesson, error)
	// Copies returns the seqs of the entries that took lessons over from other sites, ascending.
	Copies(site int64) ([]uint64, error)
	// Taught counts the lessons that count, by the account that taught them.
	Taught(site int64) (map[string]int, error)
	// CountLessons counts the lessons of a label that count and were taught by a decision on
	// a comment here, at most up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
	// LowestTouched returns the lowest seq whose lessons the entries after one changed; 0: none.
	LowestTouched(site int64, after uint64) (uint64, error)

	PutSnapshot(site int64, s fold.Snapshot) error // in the place of another of its Seq
	Snapshots(site int64) ([]fold.Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (fold.Snapshot, error)
	DropSnapshots(site int64, seqs []uint64) error
}
