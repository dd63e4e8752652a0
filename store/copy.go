package store

import (
	"context"
	"strings"

	"github.com/aitys/aitys/store/file"
	"github.com/aitys/aitys/store/mirror"
	"github.com/aitys/aitys/store/server"
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

// Unused refuses a database that another process of this program has open: file.ErrInUse, server.ErrInUse.
func Unused(ctx context.Context, url string) error {
	if path, isSQLite := strings.CutPrefix(url, "sqlite:"); isSQLite {
		return file.Unused(path)
	}
	return server.Unused(ctx, url)
}
