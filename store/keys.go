package store

import (
	"database/sql"
	"time"

	"github.com/aitys/aitys/moderation/ground"
)

// ClaimKey implements moderation.KeyTx. The INSERT waits for another that runs with the same
// key; SQLite's writers wait for one another anyway.
func (t *tx) ClaimKey(k ground.Key, at time.Time) (*ground.Answer, error) {
	claimed, err := t.exec(`
		INSERT INTO idempotency_keys (site_id, route, account_id, value, body, created_at)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, k.Site, k.Route, k.Account, k.Value, notNil(k.Body), stamp(at))
	if err != nil || claimed == 1 {
		return nil, err
	}
	answer, err := first(t, func(r *sql.Rows, a *ground.Answer) error {
		return r.Scan(&a.Body, &a.Data, when{&a.At})
	}, `
		SELECT body, data, created_at
		FROM   idempotency_keys
		WHERE  site_id    = ?
		  AND  route      = ?
		  AND  account_id = ?
		  AND  value      = ?`, k.Site, k.Route, k.Account, k.Value)
	return &answer, err
}

// KeepAnswer implements moderation.KeyTx.
func (t *tx) KeepAnswer(k ground.Key, data []byte) error {
	return t.one(`
		UPDATE idempotency_keys
		SET    data = ?
		WHERE  site_id    = ?
		  AND  route      = ?
		  AND  account_id = ?
		  AND  value      = ?`, data, k.Site, k.Route, k.Account, k.Value)
}

// PruneKeys implements moderation.KeyTx.
func (t *tx) PruneKeys(before time.Time) error {
	_, err := t.exec("DELETE FROM idempotency_keys WHERE created_at < ?", stamp(before))
	return err
}

// notNil makes an empty value of nil, for columns that are NOT NULL.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
