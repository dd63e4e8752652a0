package rows

import (
	"database/sql"

	"gorm.io/gorm"
)

// Readers describes how to begin several read transactions on one snapshot, each on its own connection.
type Readers struct {
	Options *sql.TxOptions
	// AroundBegin calls begin, which begins all transactions. It must prevent commits between them, unless AfterBegin
	// shares a snapshot.
	AroundBegin func(begin func() error) error
	// AfterBegin runs in each transaction right after it has begun.
	AfterBegin func(g *gorm.DB) error
}

// Read begins n transactions, calls fn with them, and rolls them back.
func (r Readers) Read(pool *gorm.DB, n int, fn func([]*gorm.DB) error) error {
	connections := make([]*gorm.DB, 0, n)
	var next func(c *gorm.DB) error
	next = func(c *gorm.DB) error {
		if connections = append(connections, c); len(connections) < n {
			return pool.Connection(next)
		}
		return r.run(connections, fn)
	}
	return pool.Connection(next)
}

func (r Readers) run(connections []*gorm.DB, fn func([]*gorm.DB) error) error {
	begun := make([]*gorm.DB, 0, len(connections))
	defer func() {
		for _, g := range begun {
			g.Rollback()
		}
	}()
	err := r.AroundBegin(func() error {
		for _, c := range connections {
			g := c.Begin(r.Options)
			if g.Error != nil {
				return g.Error
			}
			begun = append(begun, g)
			if err := r.AfterBegin(g); err != nil {
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
