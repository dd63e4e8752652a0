package learning

import (
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/site"
)

// Tx is the transaction that learning needs: the log, lessons and snapshots.
type Tx interface {
	auditlog.Tx

	Sites() ([]site.Site, error) // by key
	// EachLesson calls fn with each lesson after seq that counts, ascending.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// WithdrawLessons removes the lessons of an account's decisions before entry by from the model, until
	// ReturnLessons. It returns how many of them counted, and the lowest seq of all withdrawn lessons, or 0 without
	// any.
	WithdrawLessons(site int64, account string, by uint64) (n int, lowest uint64, err error)
	// RetireLessons removes the lessons of entries before a time from the model, by entry by, and erases their texts
	// and salts. It returns how many it erased, whether they counted or not, and their lowest seq, or 0 without any.
	RetireLessons(site int64, before time.Time, by uint64) (n int, lowest uint64, err error)
	// CountRetirable returns how many lessons RetireLessons would erase.
	CountRetirable(site int64, before time.Time) (int, error)
	// EraseLessons removes lessons from the model, by entry by. It erases texts and salts and keeps each lesson's
	// Proof.
	EraseLessons(site int64, ls []auditlog.Lesson, by uint64) error
	// Copies returns the seqs of the entries that copied lessons from other sites, ascending.
	Copies(site int64) ([]uint64, error)
	// CopiedLessons returns lessons that a site copied, directly or through a third site, and that were taught on
	// site from by comments or by other programs. They are ascending by seq and part.
	CopiedLessons(site, from int64) ([]auditlog.Lesson, error)
	// Taught returns the number of lessons that count by account.
	Taught(site int64) (map[string]int, error)
	// CountLessons returns the number of lessons with a label that count and were taught by a decision on a comment
	// of the site. It counts up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
	// LowestTouched returns the lowest seq whose lessons entries after a seq changed, or 0.
	LowestTouched(site int64, after uint64) (uint64, error)

	// PutPiece stores a piece of a snapshot's model, numbered from 0. The piece is s.Model.
	PutPiece(site int64, s fold.Snapshot, piece int) error
	// PutSnapshot inserts or replaces a snapshot by Seq. s.Model is the last piece. It stores nothing unless the
	// pieces before it exist.
	PutSnapshot(site int64, s fold.Snapshot, pieces int) error
	Snapshots(site int64) ([]fold.Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (fold.Snapshot, error)
	DropSnapshots(site int64, seqs []uint64) error // and pieces without a snapshot
}
