package store

import (
	"context"
	"strings"

	"github.com/aitys/aitys/internal/store/dbcopy"
	"github.com/aitys/aitys/internal/store/postgres"
	"github.com/aitys/aitys/internal/store/sqlite"
)

// Copy copies a database into an empty one with the same schema, and compares the two row by row. It runs in one
// transaction, so a failed copy leaves to empty. Writes to from after the start are not copied. Copy returns
// dbcopy.ErrNotEmpty if to contains rows. It calls progress with the number of rows copied per table.
func Copy(ctx context.Context, from, to *DB, progress func(table string, rows int64)) ([]dbcopy.Table, error) {
	all, err := dbcopy.Copy(ctx, from.forCopy(), to.forCopy(), progress)
	return all, mapError(err)
}

func (d *DB) forCopy() dbcopy.Database {
	return dbcopy.Database{Dialect: d.copyDialect, View: d.engine.View, Update: d.engine.Update}
}

// CheckUnused returns sqlite.ErrInUse or postgres.ErrInUse if another process of this program uses the database.
func CheckUnused(ctx context.Context, url string) error {
	if path, isSQLite := strings.CutPrefix(url, "sqlite:"); isSQLite {
		return sqlite.CheckUnused(path)
	}
	return postgres.CheckUnused(ctx, url)
}
