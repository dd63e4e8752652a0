package store

import (
	"context"
	"strings"

	"github.com/aitys/aitys/internal/store/dbcopy"
	"github.com/aitys/aitys/internal/store/postgres"
	"github.com/aitys/aitys/internal/store/sqlite"
)

// Copy copies all of a database into another one, which has the same schema and is empty, and compares them row by
// row. It is one transaction: what fails leaves nothing. Whoever writes to the first meanwhile is not heard.
// dbcopy.ErrFilled: the other one is not empty. told is told of the rows of each table.
func Copy(ctx context.Context, from, to *DB, told func(table string, rows int64)) ([]dbcopy.Table, error) {
	all, err := dbcopy.Copy(ctx, from.mirrored(), to.mirrored(), told)
	return all, mapped(err)
}

func (d *DB) mirrored() dbcopy.Database {
	return dbcopy.Database{Side: d.side, View: d.engine.View, Update: d.engine.Update}
}

// Unused refuses a database that another process of this program has open: sqlite.ErrInUse, postgres.ErrInUse.
func Unused(ctx context.Context, url string) error {
	if path, isSQLite := strings.CutPrefix(url, "sqlite:"); isSQLite {
		return sqlite.Unused(path)
	}
	return postgres.Unused(ctx, url)
}
