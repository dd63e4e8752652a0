package rows

import (
	"database/sql"

	"gorm.io/gorm"
)

// Readers are transactions that only read, each on a connection of its own.
type Readers struct {
	Options *sql.TxOptions
	// Begins runs begin, which begins all of them, in whatever keeps them at one snapshot.
	Begins func(begin func() error) error
	// First runs in each of them once it has begun.
	First func(g *gorm.DB) error
}

// Read begins n transactions, hands them to fn, and ends them.
func (r Readers) Read(pool *gorm.DB, n int, fn func([]*gorm.DB) error) error {
	connections := make([]*gorm.DB, 0, n)
	var next func(c *gorm.DB) error
	next = func(c *gorm.DB) error {
		if connections = append(connections, c); len(connections) < n {
			return pool.Connection(next)
		}
		return r.on(connections, fn)
	}
	return pool.Connection(next)
}

func (r Readers) on(connections []*gorm.DB, fn func([]*gorm.DB) error) error {
	begun := make([]*gorm.DB, 0, len(connections))
	defer func() {
		for _, g := range begun {
			g.Rollback()
		}
	}()
	err := r.Begins(func() error {
		for _, c := range connections {
			g := c.Begin(r.Options)
			if g.Error != nil {
				return g.Error
			}
			begun = append(begun, g)
			if err := r.First(g); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return fn(begun)
}
