package app

import (
	"context"

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

// Tx is the union of the transaction interfaces of all services.
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

// Narrow returns s with transactions of type T, which must be an interface that Tx implements.
func Narrow[T any](s ground.Store[Tx]) ground.Store[T] { return narrow[T]{s} }

type narrow[T any] struct{ whole ground.Store[Tx] }

func (s narrow[T]) View(ctx context.Context, fn func(T) error) error {
	return s.whole.View(ctx, func(tx Tx) error { return fn(any(tx).(T)) })
}

func (s narrow[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	return s.whole.Views(ctx, n, func(all []Tx) error {
		readers := make([]T, len(all))
		for i, tx := range all {
			readers[i] = any(tx).(T)
		}
		return fn(readers)
	})
}

func (s narrow[T]) Update(ctx context.Context, fn func(T) error) ([]ground.Event, error) {
	return s.whole.Update(ctx, func(tx Tx) error { return fn(any(tx).(T)) })
}
