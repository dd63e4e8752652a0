package report

import (
	"fmt"

	"github.com/aitys/aitys/moderation/comment"
)

// SettlementTx contains the queries of Settlement.
type SettlementTx interface {
	// Settle reopens the reports and appeals that the decisions with the sequence numbers undone had settled. Then it
	// settles the open ones of comments by the comments' current decisions.
	Settle(site int64, comments []string, undone []uint64) error
	Moderators(site int64) (int, error) // number of accounts that may decide on a site
}

// A Settlement collects which reports and appeals the decisions of one transaction settle or reopen. The zero value is
// ready to use.
type Settlement struct {
	answered []string
	undone   []uint64
}

// Add settles the open reports and the open appeal of c. It reports false if there are none.
func (r *Settlement) Add(c comment.Comment) bool {
	if c.Reports == 0 && !c.Appealed() {
		return false
	}
	r.answered = append(r.answered, c.ID)
	return true
}

// Reopen reopens what the decision with the sequence number seq had settled.
func (r *Settlement) Reopen(seq uint64) { r.undone = append(r.undone, seq) }

// Settle stores the changes. The comments must already name their current decisions.
func (r *Settlement) Settle(tx SettlementTx, site int64) error {
	if len(r.answered)+len(r.undone) == 0 {
		return nil
	}
	if err := tx.Settle(site, r.answered, r.undone); err != nil {
		return fmt.Errorf("settle reports: %w", err)
	}
	return nil
}

// MayDecideAppeal reports whether the account decides may decide the open appeal of c. On sites with two or more
// moderators, the account refused, which refused c, may not. Without an appeal it returns true.
func MayDecideAppeal(tx SettlementTx, c comment.Comment, refused, decides string) (bool, error) {
	if !c.Refused() || !c.Appealed() || refused != decides {
		return true, nil
	}
	n, err := tx.Moderators(c.Site)
	if err != nil {
		return false, fmt.Errorf("count moderators: %w", err)
	}
	return n < 2, nil
}
