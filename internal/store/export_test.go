package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"gorm.io/gorm"
)

// OnStatement calls fn before each statement from now on. If fn returns an error, the statement fails with it and is
// not sent to the database.
func (d *DB) OnStatement(fn func() error) error {
	asked := map[any]bool{}
	ask := func(pool *gorm.DB) error {
		on := pool.Callback()
		if asked[on] { // on Postgres reads and writes share one pool
			return nil
		}
		asked[on] = true
		before := func(g *gorm.DB) {
			if err := fn(); err != nil {
				_ = g.AddError(err) // AddError returns the error
			}
		}
		return errors.Join(
			on.Create().Before("*").Register("ask", before), on.Query().Before("*").Register("ask", before),
			on.Update().Before("*").Register("ask", before), on.Delete().Before("*").Register("ask", before),
			on.Row().Before("*").Register("ask", before), on.Raw().Before("*").Register("ask", before))
	}
	return errors.Join(d.engine.View(context.Background(), ask), d.engine.Update(context.Background(), ask))
}

// writers returns the pool for writes and gorm's handle on it.
func writers(t *testing.T, d *DB) (pool *sql.DB, run *gorm.DB) {
	t.Helper()
	err := d.engine.Update(t.Context(), func(g *gorm.DB) (err error) {
		run = g
		pool, err = g.DB()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pool, run
}
