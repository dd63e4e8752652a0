package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/static"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
	"github.com/aitys/aitys/moderation/vote"
)

// Tx is the union of the transaction interfaces of all services.
type Tx interface {
	txn.EventTx
	txn.MetaTx
	campaign.Tx
	externalcheck.Tx
	report.Tx
	readerauth.Tx
	readermail.Tx
	identity.Tx
	spamcheck.Tx
	learning.Tx
	evaluation.Tx
	moderation.Tx
	takedown.Tx
	spamlist.Tx
	mail.Tx
	webhook.Tx
	privacy.UpgradeTx
	vote.Tx
	rules.Tx
	signing.Tx
	sites.Tx
	static.Tx
	transfer.Tx
	metrics.Tx
}

var _ Tx = (*tx)(nil)

// Narrow returns s with transactions of type T, which must be an interface that Tx implements.
func Narrow[T any](s txn.Store[Tx]) txn.Store[T] { return narrowed[T]{s} }

type narrowed[T any] struct{ whole txn.Store[Tx] }

func (s narrowed[T]) View(ctx context.Context, fn func(T) error) error {
	return s.whole.View(ctx, func(tx Tx) error { return fn(any(tx).(T)) })
}

func (s narrowed[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	return s.whole.Views(ctx, n, func(all []Tx) error {
		readers := make([]T, len(all))
		for i, tx := range all {
			readers[i] = any(tx).(T)
		}
		return fn(readers)
	})
}

func (s narrowed[T]) Update(ctx context.Context, fn func(T) error) ([]event.Event, error) {
	return s.whole.Update(ctx, func(tx Tx) error { return fn(any(tx).(T)) })
}

// tx is one transaction. A read transaction sees one snapshot.
type tx struct {
	*rows.Tx
	*dialect
	locking bool          // true in an Update
	emitted []event.Event // in this transaction, with their IDs
}

// requireChange returns txn.ErrNotFound if a statement that must change one row changed none.
func requireChange(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return txn.ErrNotFound
	}
	return mapError(done.Error)
}
