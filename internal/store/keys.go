package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/txn"
)

// A keyRow is a row of idempotency_keys.
type keyRow struct {
	Key  keyPart   `gorm:"embedded"`
	Data []byte    `gorm:"serializer:null"` // the answer; none until it is known
	At   time.Time `gorm:"column:created_at;serializer:micros"`
}

func (keyRow) TableName() string { return "idempotency_keys" }

// A keyPart is a txn.Key.
type keyPart struct {
	Site    int64 `gorm:"column:site_id"`
	Route   string
	Account string `gorm:"column:account_id"`
	Value   string
	Body    []byte
}

var (
	keyColumns = rows.Of[keyRow]()
	insertKey  = keyColumns.Insert(1) + " ON CONFLICT DO NOTHING"
)

// The INSERT waits for another that runs with the same
// key; SQLite's writers wait for one another anyway.
func (t *tx) ClaimKey(k txn.Key, at time.Time) (*txn.Answer, error) {
	k.Body = notNil(k.Body)
	claimed, err := t.Exec(insertKey, keyColumns.Values(keyRow{Key: keyPart(k), At: at})...)
	if err != nil || claimed == 1 {
		return nil, err
	}
	row, err := rows.Get(t.Tx, keyColumns.Targets, `
		SELECT `+keyColumns.Names+`
		FROM   idempotency_keys
		WHERE  site_id    = ?
		  AND  route      = ?
		  AND  account_id = ?
		  AND  value      = ?`, k.Site, k.Route, k.Account, k.Value)
	return &txn.Answer{Body: row.Key.Body, Data: row.Data, At: row.At}, err
}

func (t *tx) KeepAnswer(k txn.Key, data []byte) error {
	return t.One(`
		UPDATE idempotency_keys
		SET    data = ?
		WHERE  site_id    = ?
		  AND  route      = ?
		  AND  account_id = ?
		  AND  value      = ?`, data, k.Site, k.Route, k.Account, k.Value)
}

func (t *tx) PruneKeys(before time.Time) error {
	return mapped(t.DB.Where("created_at < ?", rows.Stamp(before)).Delete(&keyRow{}).Error)
}

// notNil makes an empty value of nil, for columns that are NOT NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
