package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
)

// copyRow is a row of the site_copies table.
type copyRow struct {
	Site int64     `gorm:"column:site_id"`
	At   time.Time `gorm:"column:made_at;serializer:micros"`
}

func (copyRow) TableName() string { return "site_copies" }

var copyColumns = rows.Of[copyRow]()

func (t *tx) NoteCopy(site int64, at time.Time) error {
	_, err := t.Exec(copyColumns.Insert(1)+" ON CONFLICT DO NOTHING", copyColumns.Values(copyRow{site, at})...)
	return err
}

func (t *tx) CopiesMade(site int64, limit int) ([]time.Time, error) {
	return rows.AllAs(t.Tx, copyColumns.Targets, func(r *copyRow) time.Time { return r.At }, `
		SELECT `+copyColumns.Names+`
		FROM   site_copies
		WHERE  site_id = ?
		ORDER  BY made_at DESC
		LIMIT  ?`, site, limit)
}
