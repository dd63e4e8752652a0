package dbcopy

import "gorm.io/gorm"

// SQLite is the Dialect of a SQLite file.
type SQLite struct{}

func (SQLite) tables(db *gorm.DB) (names []string, err error) {
	err = db.Raw(`
		SELECT name
		FROM   sqlite_schema
		WHERE  type = 'table'
		  AND  name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER  BY name`).Scan(&names).Error
	return names, err
}

func (SQLite) columns(db *gorm.DB, table string) ([]column, error) {
	return readColumns(db, `
		SELECT name, pk, 0, NOT "notnull"
		FROM   pragma_table_info(?)
		ORDER  BY name`, table)
}

// readColumns returns the columns that query selects.
func readColumns(db *gorm.DB, query string, args ...any) (all []column, err error) {
	rows, err := db.Raw(query, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns errors that matter
	for rows.Next() {
		var c column
		if err := rows.Scan(&c.name, &c.key, &c.bool, &c.nullable); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func (SQLite) disableTimeouts(*gorm.DB) error { return nil }

// deferForeignKeys defers the checks to the end of the transaction, so restore does nothing.
func (SQLite) deferForeignKeys(db *gorm.DB) (func() error, error) {
	return func() error { return nil }, db.Exec("PRAGMA defer_foreign_keys = ON").Error
}

func (SQLite) overriding() string { return "" }

func (SQLite) lastSiteID(db *gorm.DB) (n int64, err error) {
	err = db.Raw("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'sites'").Scan(&n).Error
	return n, err
}

func (SQLite) setLastSiteID(db *gorm.DB, n int64) error {
	if err := db.Exec("DELETE FROM sqlite_sequence WHERE name = 'sites'").Error; err != nil {
		return err
	}
	return db.Exec("INSERT INTO sqlite_sequence (name, seq) VALUES ('sites', ?)", n).Error
}
