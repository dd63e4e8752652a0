// Package storetest is the contract of ground.Store[Tx]: one suite that every implementation
// runs against the real thing, and the Tx that it is about.
//
// Each test works on sites of its own, so that a whole suite shares one database.
package storetest

import (
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
	"github.com/aitys/aitys/transfer"
	"github.com/aitys/aitys/transfer/static"
)

// Tx is all that the rooms ask of a transaction.
type Tx interface {
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
	neighbour.Tx
	notify.Tx
	notify.HookTx
	privacy.UpgradeTx
	reaction.Tx
	register.Tx
	rules.Tx
	signet.Tx
	sites.Tx
	static.Tx
	transfer.Tx
}
