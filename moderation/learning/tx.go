package learning

import (
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/site"
)

// Tx keeps what models are made from besides the log.
type Tx interface {
	auditlog.Tx

	Sites() ([]site.Site, error) // by key
	// EachLesson calls fn with each lesson after seq that counts, ascending: it stands, and was
	// not withdrawn.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// WithdrawLessons takes what the decisions of an account before entry by taught out of the
	// model, until ReturnLessons. It returns how many of these lessons counted, and the lowest
	// seq among all it withdrew; 0 when there were none.
	WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error)
	// RetireLessons takes what entries of before a time taught out of the model by entry by, for
	// good: it erases texts and salts. It returns how many it erased, whether they counted or
	// not, and the lowest seq among them; 0 when there were none.
	RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error)
	// CountRetirable returns how many lessons RetireLessons would erase.
	CountRetirable(site int64, before time.Time) (int, error)
	// EraseLessons takes lessons out of the model by entry by, for good: texts and salts are
	// erased, and the Proof of each is kept.
	EraseLessons(site int64, ls []auditlog.Lesson, by uint64) error
	// Copies returns the seqs of the entries that took lessons over from other sites, ascending.
	Copies(site int64) ([]uint64, error)
	// CopiedLessons returns the lessons that a site took over, from wherever, of comments that were
	// written on another one, or that a program sent there, ascending by seq and part.
	CopiedLessons(site, from int64) ([]auditlog.Lesson, error)
	// Taught counts the lessons that count, by the account that taught them.
	Taught(site int64) (map[string]int, error)
	// CountLessons counts the lessons of a label that count and were taught by a decision on
	// a comment here, at most up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
	// LowestTouched returns the lowest seq whose lessons the entries after one changed; 0: none.
	LowestTouched(site int64, after uint64) (uint64, error)

	// PutPiece keeps a piece of the model of a snapshot that is not there yet, counted from 0: it is s.Model.
	PutPiece(site int64, s fold.Snapshot, piece int) error
	// PutSnapshot puts a snapshot in the place of another of its Seq. Its Model is what follows so many pieces; where
	// these are not there, nothing is put.
	PutSnapshot(site int64, s fold.Snapshot, pieces int) error
	Snapshots(site int64) ([]fold.Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (fold.Snapshot, error)
	DropSnapshots(site int64, seqs []uint64) error // and pieces whose snapshot is not there
}
