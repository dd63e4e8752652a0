package rows

import (
	"slices"

	"gorm.io/gorm"

	"github.com/aitys/aitys/moderation/txn"
)

// A Tx is one transaction or snapshot of a database, as the rows of every room are read and written in it.
type Tx struct {
	DB *gorm.DB
	Array
	// Keep ends a SELECT that keeps its rows to the end of an Update, from others who would change them.
	Keep string
	// Mapped gives an error the sentinel of txn that says what it is, if one does.
	Mapped func(error) error
}

// Exec runs a statement and returns how many rows it changed.
func (t *Tx) Exec(statement string, args ...any) (int64, error) {
	done := t.DB.Exec(statement, args...)
	return done.RowsAffected, t.Mapped(done.Error)
}

// One runs a statement that must change one row: txn.ErrNotFound when it changes none.
func (t *Tx) One(statement string, args ...any) error {
	n, err := t.Exec(statement, args...)
	if err == nil && n == 0 {
		return txn.ErrNotFound
	}
	return err
}

// Together is how many rows one statement writes: SQLite's driver takes a time that grows with the square of their
// values.
const Together = 50

// Put writes rows, each in the place of the one that has the same keys; without any it adds them.
func Put[R any](t *Tx, columns Columns[R], keys string, all []R) error {
	for part := range slices.Chunk(all, Together) {
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

// All returns the rows of a query, each scanned into what targets points to.
func All[T any](t *Tx, targets func(*T) []any, statement string, args ...any) ([]T, error) {
	return AllAs(t, targets, func(row *T) T { return *row }, statement, args...)
}

// AllAs is All with each row converted to a domain value.
func AllAs[R, T any](
	t *Tx, targets func(*R) []any, as func(*R) T, statement string, args ...any,
) ([]T, error) {
	all, err := read(t.DB, targets, as, statement, args...)
	return all, t.Mapped(err)
}

// Get returns the first row of a query, or txn.ErrNotFound.
func Get[T any](t *Tx, targets func(*T) []any, statement string, args ...any) (T, error) {
	return First(All(t, targets, statement, args...))
}

// GetAs is Get with the row converted to a domain value.
func GetAs[R, T any](t *Tx, targets func(*R) []any, as func(*R) T, statement string, args ...any) (T, error) {
	return First(AllAs(t, targets, as, statement, args...))
}

// Value is the target of a query for one column.
func Value[T any](v *T) []any { return []any{v} }

// First returns the first of the rows that All or AllAs returned, or txn.ErrNotFound.
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
