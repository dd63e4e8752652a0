package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/txn"
)

// keyRow is a row of the idempotency_keys table.
type keyRow struct {
	Key  keyFields `gorm:"embedded"`
	Data []byte    `gorm:"serializer:null"` // the stored response; NULL until the request is done
	At   time.Time `gorm:"column:created_at;serializer:micros"`
}

func (keyRow) TableName() string { return "idempotency_keys" }

// keyFields are the columns of a txn.IdempotencyKey.
type keyFields struct {
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

// ClaimKey inserts a key, or returns the response stored under it. The INSERT waits for a concurrent transaction with
// the same key. On SQLite all writers wait for one another.
func (t *tx) ClaimKey(k txn.IdempotencyKey, at time.Time) (*txn.StoredResponse, error) {
	k.Body = notNil(k.Body)
	claimed, err := t.Exec(insertKey, keyColumns.Values(keyRow{Key: keyFields(k), At: at})...)
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
	return &txn.StoredResponse{Body: row.Key.Body, Data: row.Data, At: row.At}, err
}

func (t *tx) StoreResponse(k txn.IdempotencyKey, data []byte) error {
	return t.ExecOne(`
		UPDATE idempotency_keys
		SET    data = ?
		WHERE  site_id    = ?
		  AND  route      = ?
		  AND  account_id = ?
		  AND  value      = ?`, data, k.Site, k.Route, k.Account, k.Value)
}

func (t *tx) PruneKeys(before time.Time) error {
	return mapError(t.DB.Where("created_at < ?", rows.Stamp(before)).Delete(&keyRow{}).Error)
}

// notNil returns an empty slice for nil, for columns that are NOT NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
