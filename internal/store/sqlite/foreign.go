package sqlite

import (
	"context"
	"errors"
	"os"
)

// ForeignRows runs a query on a SQLite file of another program. It calls row for each result row, which row reads with
// scan. The file is untrusted: it is opened read-only, and functions that its schema names are not called.
func ForeignRows(ctx context.Context, path, query string, row func(scan func(...any) error) error) (err error) {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := openFile(path, "mode=ro&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)")
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, db.Close()); isDamage(err) {
			err = errors.New("the file is damaged or not a database")
		}
	}()
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
