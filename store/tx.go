package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
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
	identity.Tx
	learning.Tx
	moderation.Tx
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

// query returns all rows of a query, each read by scan.
func query[T any](t *tx, scan func(*sql.Rows, *T) error, statement string, args ...any) (all []T, err error) {
	rows, err := t.db.Raw(statement, args...).Rows()
	if err != nil {
		return nil, mapped(err)
	}
	defer func() { err = mapped(errors.Join(err, rows.Close())) }()
	for rows.Next() {
		var row T
		if err := scan(rows, &row); err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

// first returns the first row of a query, or ErrNotFound.
func first[T any](t *tx, scan func(*sql.Rows, *T) error, statement string, args ...any) (T, error) {
	all, err := query(t, scan, statement, args...)
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

// micros is a time as it is stored: microseconds since 1970, 0 for none.
type micros int64

func stamp(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return micros(t.UnixMicro())
}

func (m micros) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(m)).UTC()
}

// when reads micros into a time.
type when struct{ *time.Time }

// Scan implements sql.Scanner.
func (w when) Scan(v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*w.Time = micros(n).time()
	return nil
}

// text reads a text that may be NULL into a string.
type text struct{ *string }

// Scan implements sql.Scanner.
func (s text) Scan(v any) error {
	var n sql.NullString
	if err := n.Scan(v); err != nil {
		return err
	}
	*s.string = n.String
	return nil
}

// orNull stores "" and nil as NULL.
func orNull[T ~string | ~[]byte](v T) any {
	if len(v) == 0 {
		return nil
	}
	return v
}
