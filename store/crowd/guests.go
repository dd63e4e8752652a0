package crowd

import (
	"time"

	"github.com/aitys/aitys/store/rows"
)

// A saltRow is a row of sso_salts.
type saltRow struct {
	Site int64 `gorm:"column:site_id"`
	Salt []byte
	At   time.Time `gorm:"column:set_at;serializer:micros"`
}

func (saltRow) TableName() string { return "sso_salts" }

// A nameRow is a row of verified_names.
type nameRow struct {
	Site int64 `gorm:"column:site_id"`
	Seen []byte
	At   time.Time `gorm:"column:seen_at;serializer:micros"`
}

func (nameRow) TableName() string { return "verified_names" }

var (
	saltColumns = rows.Of[saltRow]()
	nameColumns = rows.Of[nameRow]()
)

// SSOSalt implements guest.Tx.
func (t Acts) SSOSalt(site int64) ([]byte, error) {
	return rows.First(rows.Query(t.Tx, rows.Value[[]byte], `
		SELECT salt
		FROM   sso_salts
		WHERE  site_id = ?`, site))
}

// SetSSOSalt implements guest.Tx.
func (t Acts) SetSSOSalt(site int64, salt []byte, at time.Time) error {
	_, err := t.Exec(saltColumns.Insert(1)+`
		ON CONFLICT (site_id) DO UPDATE
		SET    salt = excluded.salt, set_at = excluded.set_at`, saltColumns.Values(saltRow{site, salt, at})...)
	return err
}

// KeepName implements guest.Tx.
func (t Acts) KeepName(site int64, seen []byte, at time.Time) error {
	_, err := t.Exec(nameColumns.Insert(1)+`
		ON CONFLICT (site_id, seen) DO UPDATE
		SET    seen_at = excluded.seen_at`, nameColumns.Values(nameRow{site, seen, at})...)
	return err
}

// NameKept implements guest.Tx.
func (t Acts) NameKept(site int64, seen []byte) (bool, error) {
	found, err := rows.Query(t.Tx, rows.Value[int64], `
		SELECT seen_at
		FROM   verified_names
		WHERE  site_id = ?
		  AND  seen    = ?`, site, seen)
	return len(found) > 0, err
}

// PruneNames implements guest.Tx.
func (t Acts) PruneNames(before time.Time) error {
	_, err := t.Exec("DELETE FROM verified_names WHERE seen_at < ?", rows.Stamp(before))
	return err
}
