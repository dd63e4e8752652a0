package rows

import (
	"slices"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation/txn"
)

// A Tx is one transaction of a database.
type Tx struct {
	DB *gorm.DB
	Array
	// LockClause is appended to SELECTs in an Update that lock their rows until its end. It is "" in a View.
	LockClause string
	// MapError wraps an error with the sentinel of package txn for its cause, if there is one.
	MapError func(error) error
}

// Exec runs a statement and returns the number of rows affected.
func (t *Tx) Exec(statement string, args ...any) (int64, error) {
	done := t.DB.Exec(statement, args...)
	return done.RowsAffected, t.MapError(done.Error)
}

// ExecOne runs a statement that must affect one row. It returns txn.ErrNotFound if it affects none.
func (t *Tx) ExecOne(statement string, args ...any) error {
	n, err := t.Exec(statement, args...)
	if err == nil && n == 0 {
		return txn.ErrNotFound
	}
	return err
}

// BatchSize is the number of rows per statement. The time of SQLite's driver grows with the square of the number of
// values.
const BatchSize = 50

// Put upserts rows by keys, a comma-separated list of columns. If keys is empty it inserts them.
func Put[R any](t *Tx, columns Columns[R], keys string, all []R) error {
	for part := range slices.Chunk(all, BatchSize) {
		statement := columns.Insert(len(part))
		if keys != "" {
			statement = columns.Upsert(len(part), keys)
		}
		if _, err := t.Exec(statement, columns.Values(part...)...); err != nil {
			return err
		}
	}
	return nil
}

// All returns the rows of a query. targets returns the pointers to scan a row into.
func All[T any](t *Tx, targets func(*T) []any, statement string, args ...any) ([]T, error) {
	return AllAs(t, targets, func(row *T) T { return *row }, statement, args...)
}

// AllAs is All with each row converted by as.
func AllAs[R, T any](
	t *Tx, targets func(*R) []any, as func(*R) T, statement string, args ...any,
) ([]T, error) {
	all, err := read(t.DB, targets, as, statement, args...)
	return all, t.MapError(err)
}

// Get returns the first row of a query, or txn.ErrNotFound.
func Get[T any](t *Tx, targets func(*T) []any, statement string, args ...any) (T, error) {
	return First(All(t, targets, statement, args...))
}

// GetAs is Get with the row converted by as.
func GetAs[R, T any](t *Tx, targets func(*R) []any, as func(*R) T, statement string, args ...any) (T, error) {
	return First(AllAs(t, targets, as, statement, args...))
}

// Value returns the scan target of a query with one column.
func Value[T any](v *T) []any { return []any{v} }

// First returns the first element of all, or txn.ErrNotFound if there is none. It returns err if that is not nil.
func First[T any](all []T, err error) (T, error) {
	var first T
	if err != nil {
		return first, err
	}
	if len(all) == 0 {
		return first, txn.ErrNotFound
	}
	return all[0], nil
}
