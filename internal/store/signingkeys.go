package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/signing"
)

// A signetRow is a row of signets: a signing.Pair.
type signetRow struct {
	Site   int64 `gorm:"column:site_id"`
	Public []byte
	Sealed []byte
	At     time.Time `gorm:"column:made_at;serializer:micros"`
}

func (signetRow) TableName() string { return "signets" }

var signetColumns = rows.Of[signetRow]()

func (t *tx) Pair(site int64) (signing.Pair, error) {
	return rows.GetAs(t.Tx, signetColumns.Targets, func(r *signetRow) signing.Pair { return signing.Pair(*r) }, `
		SELECT `+signetColumns.Names+`
		FROM   signets
		WHERE  site_id = ?`, site)
}

func (t *tx) PutPair(p signing.Pair, instead []byte) error {
	_, err := t.Exec(signetColumns.Insert(1)+`
		ON CONFLICT (site_id) DO UPDATE
		SET    public = excluded.public, sealed = excluded.sealed, made_at = excluded.made_at
		WHERE  signets.public = ?`, append(signetColumns.Values(signetRow(p)), instead)...)
	return err
}
