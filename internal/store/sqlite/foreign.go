package sqlite

import (
	"context"
	"errors"
	"os"
)

// ForeignRows reads the rows that a query has of a SQLite file of another program; row is called for each, and reads
// it by scan. The file may be a stranger's: nothing is written to it, and no function that its schema names is called.
func ForeignRows(ctx context.Context, path, query string, row func(scan func(...any) error) error) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := opened(path, "mode=ro&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		if err := row(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}
