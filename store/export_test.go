package store

import (
	"errors"
	"net/url"

	"gorm.io/gorm"
)

// SQLiteAddress is how the driver is told of a file.
func SQLiteAddress(path string) string {
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)"
}

// OnStatement has fn asked before each statement that a database is sent from now on; an error of its
// is the statement's, which is not sent.
func (d *DB) OnStatement(fn func() error) error {
	ask := func(g *gorm.DB) {
		if err := fn(); err != nil {
			_ = g.AddError(err) // returns what it was given
		}
	}
	var pools []*gorm.DB
	switch e := d.engine.(type) {
	case *sqliteEngine:
		pools = []*gorm.DB{e.write, e.read}
	case *postgresEngine:
		pools = []*gorm.DB{e.pool}
	}
	var all error
	for _, pool := range pools {
		on := pool.Callback()
		all = errors.Join(all,
			on.Create().Before("*").Register("ask", ask), on.Query().Before("*").Register("ask", ask),
			on.Update().Before("*").Register("ask", ask), on.Delete().Before("*").Register("ask", ask),
			on.Row().Before("*").Register("ask", ask), on.Raw().Before("*").Register("ask", ask))
	}
	return all
}
