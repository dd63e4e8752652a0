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

// check reads a whole database file and returns the errors found: at most ten in pages and indexes, then dangling
// references, counted for at most ten pairs of tables.
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

// quickCheck is a faster check that skips the contents of indexes and the references.
func quickCheck(ctx context.Context, db *sql.DB) (wrong []string, err error) {
	return findings(ctx, db, "PRAGMA quick_check(10)")
}

// findings returns the lines of a check, except "ok". If damage stops the check, the error is a finding.
func findings(ctx context.Context, db *sql.DB, check string) (wrong []string, err error) {
	rows, err := db.QueryContext(ctx, check)
	if err == nil {
		defer func() { _ = rows.Close() }() // rows.Err returns errors that matter
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

// orCorrupt wraps err with txn.ErrCorrupt if the file is damaged. err itself may hide the damage: goose takes a table
// that it cannot read for a missing one.
func orCorrupt(ctx context.Context, db *sql.DB, err error) error {
	if err == nil || isDamage(err) {
		return err
	}
	if wrong, _ := quickCheck(ctx, db); len(wrong) > 0 { // if the check fails, return err
		return fmt.Errorf("%w: %s: %w", txn.ErrCorrupt, wrong[0], err)
	}
	return err
}

// isDamage reports whether err means that a file is damaged or not a database.
func isDamage(err error) bool {
	e, ok := errors.AsType[*driver.Error](err)
	return ok && (e.Code()&0xff == sqlite3.SQLITE_CORRUPT || e.Code()&0xff == sqlite3.SQLITE_NOTADB)
}
