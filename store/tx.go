package store

import (
	"cmp"
	"errors"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/reaction"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store/rows"
	"github.com/aitys/aitys/transfer"
)

// A tx is one transaction or snapshot.
type tx struct {
	db *gorm.DB
	*dialect
	locking bool           // in an Update
	emitted []ground.Event // by it, with their ids
}

// What every room asks of a transaction is here: For hands out no other.
var _ interface {
	ground.EventTx
	ground.MetaTx
	campaign.Tx
	complaint.Tx
	identity.Tx
	learning.Tx
	moderation.Tx
	notify.Tx
	reaction.Tx
	rules.Tx
	transfer.Tx
} = (*tx)(nil)

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(statement string, args ...any) (int64, error) {
	done := t.db.Exec(statement, args...)
	return done.RowsAffected, mapped(done.Error)
}

// one runs a statement that must change one row: ErrNotFound when it changes none.
func (t *tx) one(statement string, args ...any) error {
	n, err := t.exec(statement, args...)
	if err == nil && n == 0 {
		return ground.ErrNotFound
	}
	return err
}

// read returns the rows of a query as what the domain calls them.
func read[R, T any](
	t *tx, targets func(*R) []any, as func(*R) T, statement string, args ...any,
) ([]T, error) {
	all, err := rows.Read(t.db, targets, as, statement, args...)
	return all, mapped(err)
}

// query returns the rows of a query, each read into what targets points to.
func query[T any](t *tx, targets func(*T) []any, statement string, args ...any) ([]T, error) {
	return read(t, targets, func(row *T) T { return *row }, statement, args...)
}

// value is the target of a query for one column.
func value[T any](v *T) []any { return []any{v} }

// first returns the first row of a query, or ErrNotFound.
func first[T any](all []T, err error) (T, error) {
	if err != nil || len(all) == 0 {
		var none T
		return none, cmp.Or(err, ground.ErrNotFound)
	}
	return all[0], nil
}

// found maps what gorm answers to Take.
func found(err error) error {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return ground.ErrNotFound
	}
	return mapped(err)
}

// changed is found for a statement of gorm's that must change one row.
func changed(done *gorm.DB) error {
	if done.Error == nil && done.RowsAffected == 0 {
		return ground.ErrNotFound
	}
	return mapped(done.Error)
}

func isAny(err error, targets ...error) bool {
	for _, target := range targets {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
