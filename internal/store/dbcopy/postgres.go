package dbcopy

import (
	"errors"

	"gorm.io/gorm"
)

// Postgres is the Dialect of a Postgres server.
type Postgres struct{}

func (Postgres) tables(db *gorm.DB) (names []string, err error) {
	err = db.Raw(`
		SELECT table_name::text COLLATE "C" AS name
		FROM   information_schema.tables
		WHERE  table_schema = current_schema()
		  AND  table_type   = 'BASE TABLE'
		ORDER  BY name`).Scan(&names).Error
	return names, err
}

func (Postgres) columns(db *gorm.DB, table string) ([]column, error) {
	return readColumns(db, `
		SELECT a.attname::text COLLATE "C" AS name, COALESCE(array_position(i.indkey::int2[], a.attnum) + 1, 0),
		       a.atttypid = 'boolean'::regtype, NOT a.attnotnull
		FROM   pg_attribute AS a
		LEFT   JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
		WHERE  a.attrelid = CAST(? AS text)::regclass
		  AND  a.attnum > 0
		  AND  NOT a.attisdropped
		ORDER  BY name`, table)
}

func (Postgres) disableTimeouts(db *gorm.DB) error {
	return errors.Join(db.Exec("SET LOCAL statement_timeout = 0").Error,
		db.Exec("SET LOCAL idle_in_transaction_session_timeout = 0").Error)
}

// deferForeignKeys drops all foreign keys, and restore adds them again. Deferring them instead would need a superuser.
func (Postgres) deferForeignKeys(db *gorm.DB) (func() error, error) {
	var all []struct{ Drop, Back string }
	err := db.Raw(`
		SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop,
		       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
		              pg_get_constraintdef(oid)) AS back
		FROM   pg_constraint
		WHERE  contype      = 'f'
		  AND  connamespace = current_schema()::regnamespace
		ORDER  BY conname`).Scan(&all).Error
	for _, one := range all {
		if err == nil {
			err = db.Exec(one.Drop).Error
		}
	}
	return func() (err error) {
		for _, one := range all {
			if err == nil {
				err = db.Exec(one.Back).Error
			}
		}
		return err
	}, err
}

func (Postgres) overriding() string { return "OVERRIDING SYSTEM VALUE " }

func (Postgres) lastSiteID(db *gorm.DB) (n int64, err error) {
	err = db.Raw(`
		SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence('sites', 'id')::regclass), 0)`).Scan(&n).Error
	return n, err
}

func (Postgres) setLastSiteID(db *gorm.DB, n int64) error {
	if n == 0 {
		return nil
	}
	return db.Exec("SELECT setval(pg_get_serial_sequence('sites', 'id')::regclass, ?)", n).Error
}
