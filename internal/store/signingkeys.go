package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/signing"
)

// signingKeyRow is a row of the signets table. It stores a signing.Pair.
type signingKeyRow struct {
	Site   int64 `gorm:"column:site_id"`
	Public []byte
	Sealed []byte
	At     time.Time `gorm:"column:made_at;serializer:micros"`
}

func (signingKeyRow) TableName() string { return "signets" }

var signingKeyColumns = rows.Of[signingKeyRow]()

func (t *tx) KeyPair(site int64) (signing.KeyPair, error) {
	return rows.GetAs(t.Tx, signingKeyColumns.Targets, func(r *signingKeyRow) signing.KeyPair { return signing.KeyPair(*r) }, `
		SELECT `+signingKeyColumns.Names+`
		FROM   signets
		WHERE  site_id = ?`, site)
}

func (t *tx) PutKeyPair(p signing.KeyPair, instead []byte) error {
	_, err := t.Exec(signingKeyColumns.Insert(1)+`
		ON CONFLICT (site_id) DO UPDATE
		SET    public = excluded.public, sealed = excluded.sealed, made_at = excluded.made_at
		WHERE  signets.public = ?`, append(signingKeyColumns.Values(signingKeyRow(p)), instead)...)
	return err
}
