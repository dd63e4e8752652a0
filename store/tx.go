package store

import (
	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/checker"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/guest"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/inquiry"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/neighbour"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/reaction"
	"github.com/aitys/aitys/moderation/register"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/signet"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/subscription"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store/rows"
	"github.com/aitys/aitys/transfer"
	"github.com/aitys/aitys/transfer/static"
)

// A tx is one transaction or snapshot.
type tx struct {
	*rows.Tx
	*dialect
	locking bool           // in an Update
	emitted []ground.Event // by it, with their ids
}

// What every room asks of a transaction is here: For hands out no other.
var _ interface {
	ground.EventTx
	ground.MetaTx
	campaign.Tx
	checker.Tx
	complaint.Tx
	guest.Tx
	subscription.Tx
	identity.Tx
	inquiry.Tx
	learning.Tx
	moderation.Tx
	register.Tx
	neighbour.Tx
	notify.Tx
	notify.HookTx
	privacy.UpgradeTx
	reaction.Tx
	rules.Tx
	signet.Tx
	sites.Tx
	static.Tx
	transfer.Tx
} = (*tx)(nil)

// changed returns ground.ErrNotFound if a statement that must change one row changed none.
func changed(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return ground.ErrNotFound
	}
	return mapped(done.Error)
}
