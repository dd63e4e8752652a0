package report

import (
	"fmt"

	"github.com/aitys/aitys/moderation/comment"
)

// RulingTx is what decisions ask of a transaction about complaints.
type RulingTx interface {
	// Settle opens again what the decisions of the seqs undone had settled, and then closes what is open against
	// comments, by the decisions by which they stand.
	Settle(site int64, comments []string, undone []uint64) error
	Moderators(site int64) (int, error) // those who may decide on a site
}

// A Ruling gathers what decisions of one transaction mean for complaints. The zero value is ready.
type Ruling struct {
	answered []string
	undone   []uint64
}

// Answer has a decision about c answer what is open against it, and reports false where nothing is.
func (r *Ruling) Answer(c comment.Comment) bool {
	if c.Reports == 0 && !c.Appealed() {
		return false
	}
	r.answered = append(r.answered, c.ID)
	return true
}

// Undo has what the decision of a seq answered be open again.
func (r *Ruling) Undo(seq uint64) { r.undone = append(r.undone, seq) }

// Settle writes what was gathered, once the comments name the decisions by which they stand.
func (r *Ruling) Settle(tx RulingTx, site int64) error {
	if len(r.answered)+len(r.undone) == 0 {
		return nil
	}
	if err := tx.Settle(site, r.answered, r.undone); err != nil {
		return fmt.Errorf("settle complaints: %w", err)
	}
	return nil
}

// MayAnswer reports whether who decides may answer the appeal of c, if there is one: where a site has two
// moderators, it is not who refused c.
func MayAnswer(tx RulingTx, c comment.Comment, refused, decides string) (bool, error) {
	if !c.Refused() || !c.Appealed() || refused != decides {
		return true, nil
	}
	n, err := tx.Moderators(c.Site)
	if err != nil {
		return false, fmt.Errorf("count moderators: %w", err)
	}
	return n < 2, nil
}
