package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"gorm.io/gorm"
)

// OnStatement has fn asked before each statement that a database is sent from now on; an error of its
// is the statement's, which is not sent.
func (d *DB) OnStatement(fn func() error) error {
	asked := map[any]bool{}
	ask := func(pool *gorm.DB) error {
		on := pool.Callback()
		if asked[on] { // one pool reads and writes
			return nil
		}
		asked[on] = true
		before := func(g *gorm.DB) {
			if err := fn(); err != nil {
				_ = g.AddError(err) // returns what it was given
			}
		}
		return errors.Join(
			on.Create().Before("*").Register("ask", before), on.Query().Before("*").Register("ask", before),
			on.Update().Before("*").Register("ask", before), on.Delete().Before("*").Register("ask", before),
			on.Row().Before("*").Register("ask", before), on.Raw().Before("*").Register("ask", before))
	}
	return errors.Join(d.engine.View(context.Background(), ask), d.engine.Update(context.Background(), ask))
}

// writers returns the pool that a database writes by, and what gorm runs on it.
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
