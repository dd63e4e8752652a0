package store

import (
	"context"

	"github.com/aitys/aitys/store/mirror"
)

// Copy copies all of a database into another one, which has the same schema and is empty, and compares them row by
// row. It is one transaction: what fails leaves nothing. Whoever writes to the first meanwhile is not heard.
// mirror.ErrFilled: the other one is not empty. told is told of the rows of each table.
func Copy(ctx context.Context, from, to *DB, told func(table string, rows int64)) ([]mirror.Table, error) {
	all, err := mirror.Copy(ctx, from.mirrored(), to.mirrored(), told)
	return all, mapped(err)
}

func (d *DB) mirrored() mirror.Database {
	return mirror.Database{Side: d.side, View: d.engine.View, Update: d.engine.Update}
}
