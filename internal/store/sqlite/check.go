package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/aitys/aitys/moderation/txn"
)

// check reads the whole of a database's file and returns what is wrong with it, at most ten findings of a
// kind: pages and indexes, then rows that refer to none.
func check(ctx context.Context, db *sql.DB) (wrong []string, err error) {
	wrong, err = findings(ctx, db, "PRAGMA integrity_check(10)")
	if err != nil {
		return wrong, err
	}
	lost, err := findings(ctx, db, `
		SELECT 'rows of ' || "table" || ' that refer to ' || parent || ' which are not there: ' || count(*)
		FROM   pragma_foreign_key_check
		GROUP  BY "table", parent
		LIMIT  10`)
	return append(wrong, lost...), err
}

// quickCheck is check in a fraction of the time, without what indexes and references say.
func quickCheck(ctx context.Context, db *sql.DB) (wrong []string, err error) {
	return findings(ctx, db, "PRAGMA quick_check(10)")
}

// findings are the lines of a check. One that damage cuts short has found that.
func findings(ctx context.Context, db *sql.DB, check string) (wrong []string, err error) {
	rows, err := db.QueryContext(ctx, check)
	if err == nil {
		defer func() { _ = rows.Close() }() // read to its end, or its error counts
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				return wrong, fmt.Errorf("check the file: %w", err)
			}
			if line != "ok" {
				wrong = append(wrong, line)
			}
		}
		err = rows.Err()
	}
	switch {
	case isDamage(err):
		return append(wrong, err.Error()), nil
	case err != nil:
		return wrong, fmt.Errorf("check the file: %w", err)
	}
	return wrong, nil
}

// blamed returns an error as ErrCorrupt where the file is damaged. What failed may say something else: of a table that
// it cannot read goose thinks that it is not there.
func blamed(ctx context.Context, db *sql.DB, err error) error {
	if err == nil || isDamage(err) {
		return err
	}
	if wrong, _ := quickCheck(ctx, db); len(wrong) > 0 { // if it fails, the error before it counts
		return fmt.Errorf("%w: %s: %w", txn.ErrCorrupt, wrong[0], err)
	}
	return err
}

// isDamage reports whether an error of SQLite's says that a file is not what it wrote.
func isDamage(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}
