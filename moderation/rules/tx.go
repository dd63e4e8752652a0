package rules

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is what rules ask of a transaction. What was removed is kept for a while, to be brought back, and is in no
// list.
type Tx interface {
	txn.Tx

	Rules(site int64) ([]Rule, error) // oldest first
	PutRule(r Rule) error
	// RemoveRule sets when a rule was removed; the zero time brings it back. ErrNotFound where there is none, or
	// where it is as it should be.
	RemoveRule(site int64, id string, at time.Time) error

	Blocks(site int64) ([]Block, error) // oldest first
	PutBlock(b Block) error
	RemoveBlock(site int64, id string, at time.Time) error // as RemoveRule
	// PruneRules forgets rules, blocks and notes that were removed before a time.
	PruneRules(site int64, before time.Time) error

	NotesAbout(site int64, writers [][]byte) ([]Note, error) // newest first
	PutNote(n Note) error
	RemoveNote(site int64, id string, at time.Time) error // as RemoveRule
	AccountNames(ids []string) (map[string]string, error)

	// LastDecided returns comments that a standing decision approved or refused, the newest first: those of the
	// newest entries of the log, of which limit are looked at.
	LastDecided(site int64, limit int) ([]comment.Comment, error)
	Firsts(site int64, writers [][]byte) (map[string]Firsts, error) // keyed by string(writer)
	// WrittenBy returns one comment of a writer: ErrNotFound where there is none.
	WrittenBy(site int64, writer []byte) (comment.Comment, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // in any order; unknown ids are left out
}
