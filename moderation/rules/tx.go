package rules

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is the part of a transaction that rules need. Removed rows are kept for a while, so that they can be restored, but
// are not listed.
type Tx interface {
	txn.Tx

	Rules(site int64) ([]Rule, error) // oldest first
	PutRule(r Rule) error
	// RemoveRule sets the removal time of a rule; the zero time restores it. It returns ErrNotFound if there is no such
	// rule, or it is already removed or restored.
	RemoveRule(site int64, id string, at time.Time) error

	Blocks(site int64) ([]Block, error) // oldest first
	PutBlock(b Block) error
	RemoveBlock(site int64, id string, at time.Time) error // like RemoveRule
	// PruneRules deletes rules, blocks and notes that were removed before a time.
	PruneRules(site int64, before time.Time) error

	NotesAbout(writers []site.Ref) ([]Note, error) // newest first
	PutNote(n Note) error
	RemoveNote(site int64, id string, at time.Time) error // like RemoveRule
	AccountNames(ids []string) (map[string]string, error)

	// LastDecided returns comments that a decision in effect approved or refused, newest first. It reads the newest limit
	// entries of the log.
	LastDecided(site int64, limit int) ([]comment.Comment, error)
	Firsts(site int64, writers [][]byte) (map[string]Firsts, error) // keyed by string(writer)
	// WrittenBy returns one comment of a commenter, or ErrNotFound.
	WrittenBy(site int64, writer []byte) (comment.Comment, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // unordered; unknown IDs are left out
}
