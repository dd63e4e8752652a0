package store

import (
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/webhook"
)

// webhookRow is a row of the webhooks table. It stores a webhook.Endpoint.
type webhookRow struct {
	Site      int64  `gorm:"column:site_id"`
	ID        string `gorm:"column:id"`
	Kind      string
	URL       []byte   `gorm:"column:url"`
	Events    []string `gorm:"serializer:list"`
	By        string   `gorm:"column:account_id"`
	Failures  int
	FailedAt  time.Time `gorm:"serializer:micros"`
	Failure   string
	RetryAt   time.Time `gorm:"serializer:micros"`
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	RemovedAt time.Time `gorm:"serializer:micros"`
	Messages  uint64
}

func (webhookRow) TableName() string { return "webhooks" }

// deliveryRow is a row of the deliveries table. It stores a webhook.Delivery.
type deliveryRow struct {
	Site       int64  `gorm:"column:site_id"`
	Hook       string `gorm:"column:webhook_id"`
	ID         string `gorm:"column:id"`
	Event      string
	Comment    string `gorm:"column:comment_id"`
	Seq        uint64
	Number     uint64
	Tries      int
	Outcome    string
	At         time.Time `gorm:"column:happened_at;serializer:micros"`
	DueAt      time.Time `gorm:"serializer:micros"`
	TakenUntil time.Time `gorm:"serializer:micros"`
	EndedAt    time.Time `gorm:"serializer:micros"`
}

func (deliveryRow) TableName() string { return "deliveries" }

var (
	webhookColumns   = rows.Of[webhookRow]()
	selectWebhooks   = "SELECT " + webhookColumns.Names + " FROM webhooks "
	putWebhook       = webhookColumns.Upsert(1, "site_id, id")
	deliveryColumns  = rows.Of[deliveryRow]()
	selectDeliveries = "SELECT " + deliveryColumns.Names + " FROM deliveries "
)

func (t *tx) webhooks(rest string, args ...any) ([]webhook.Endpoint, error) {
	return rows.AllAs(t.Tx, webhookColumns.Targets, func(r *webhookRow) webhook.Endpoint { return webhook.Endpoint(*r) },
		selectWebhooks+rest, args...)
}

func (t *tx) Webhooks(site int64) ([]webhook.Endpoint, error) {
	if site == 0 {
		return t.webhooks(`
			WHERE  removed_at = 0
			ORDER  BY created_at, id`)
	}
	return t.webhooks(`
		WHERE  site_id = ?
		  AND  removed_at = 0
		ORDER  BY created_at, id`, site)
}

func (t *tx) WebhookByID(site int64, id string) (webhook.Endpoint, error) {
	return rows.First(t.webhooks(`
		WHERE  site_id = ?
		  AND  id      = ?`+t.LockClause, site, id))
}

func (t *tx) PutWebhook(h webhook.Endpoint) error {
	return t.ExecOne(putWebhook, webhookColumns.Values(webhookRow(h))...)
}

func (t *tx) ReadyWebhooks(now time.Time, limit int) ([]webhook.Endpoint, error) {
	return t.webhooks(`
		WHERE  removed_at = 0
		  AND  retry_at  <= ?
		  AND  EXISTS (
		       SELECT 1
		       FROM   deliveries AS d
		       WHERE  d.site_id    = webhooks.site_id
		         AND  d.webhook_id = webhooks.id
		         AND  d.ended_at   = 0
		         AND  d.due_at      <= ?
		         AND  d.taken_until <= ?)
		ORDER  BY retry_at, id
		LIMIT  ?`, rows.Stamp(now), rows.Stamp(now), rows.Stamp(now), limit)
}

func (t *tx) DueDeliveries(site int64, hook string, now time.Time, limit int) ([]webhook.Delivery, error) {
	return rows.AllAs(t.Tx, deliveryColumns.Targets, func(r *deliveryRow) webhook.Delivery { return webhook.Delivery(*r) },
		selectDeliveries+`
		WHERE  site_id    = ?
		  AND  webhook_id = ?
		  AND  ended_at   = 0
		  AND  due_at      <= ?
		  AND  taken_until <= ?
		ORDER  BY due_at
		LIMIT  ?`+t.LockClause, site, hook, rows.Stamp(now), rows.Stamp(now), limit)
}

// deliveryBatchSize is the number of rows per INSERT. With few distinct batch sizes the statements stay prepared.
const deliveryBatchSize = 16

func (t *tx) PutDeliveries(list ...webhook.Delivery) error {
	written := make([]deliveryRow, len(list))
	for i, d := range list {
		written[i] = deliveryRow(d)
	}
	for part := range slices.Chunk(written, deliveryBatchSize) {
		put := deliveryColumns.Upsert(len(part), "site_id, webhook_id, id")
		if _, err := t.Exec(put, deliveryColumns.Values(part...)...); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) WakeDeliveries(site int64, hook string, now time.Time) error {
	_, err := t.Exec(`
		UPDATE deliveries
		SET    due_at = ?
		WHERE  site_id    = ?
		  AND  webhook_id = ?
		  AND  ended_at   = 0
		  AND  due_at     > ?`, rows.Stamp(now), site, hook, rows.Stamp(now))
	return err
}

func (t *tx) ReviveDeliveries(site int64, hook string, now time.Time) (int, error) {
	n, err := t.Exec(`
		UPDATE deliveries
		SET    ended_at = 0, outcome = '', due_at = ?
		WHERE  site_id    = ?
		  AND  webhook_id = ?
		  AND  ended_at > 0 AND outcome = 'given up'`, rows.Stamp(now), site, hook)
	return int(n), err
}

func (t *tx) CountDeliveries(site int64, hook string, limit int) (waiting, dead int, err error) {
	count := func(which string) (n int) {
		if err == nil {
			n, err = rows.Get(t.Tx, rows.Value[int], `
				SELECT COUNT(*)
				FROM  (SELECT 1
				       FROM   deliveries
				       WHERE  site_id    = ?
				         AND  webhook_id = ?
				         AND  `+which+`
				       LIMIT  ?) AS capped`, site, hook, limit)
		}
		return n
	}
	return count("ended_at = 0"), count("ended_at > 0 AND outcome = 'given up'"), err
}

func (t *tx) PruneDeliveries(ended, removed time.Time) error {
	for _, prune := range []struct {
		statement string
		before    time.Time
	}{
		{`DELETE FROM deliveries
		  WHERE  ended_at > 0
		    AND  ended_at < ?`, ended},
		{`DELETE FROM deliveries
		  WHERE  (site_id, webhook_id) IN (
		         SELECT site_id, id FROM webhooks WHERE removed_at > 0 AND removed_at < ?)`, removed},
		{`DELETE FROM webhooks
		  WHERE  removed_at > 0
		    AND  removed_at < ?`, removed},
	} {
		if _, err := t.Exec(prune.statement, rows.Stamp(prune.before)); err != nil {
			return err
		}
	}
	return nil
}
