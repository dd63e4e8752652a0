package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aitys/aitys/internal/metrics"
	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/learning"
)

func (t *tx) UnreadSince() (map[string]time.Time, error) {
	unread, err := t.firstUnread()
	since := make(map[string]time.Time, len(unread))
	for name, e := range unread {
		since[name] = e.Event.At
	}
	return since, err
}

// UnlearnedSince relies on sequence numbers without gaps.
func (t *tx) UnlearnedSince(models []learning.ModelState) (time.Time, error) {
	asked := make([][2]any, len(models))
	for i, m := range models {
		asked[i] = [2]any{m.Site, m.Seq + 1}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return time.Time{}, fmt.Errorf("encode the models: %w", err)
	}
	first, err := rows.Get(t.Tx, rows.Value[int64], `
		SELECT COALESCE(MIN((SELECT decided_at FROM decisions WHERE site_id = asked.site AND seq = asked.value)), 0)
		FROM   `+t.jsonTable("BIGINT"), string(list))
	return rows.Unstamp(first), err
}

type backlogRow struct {
	messages int
	since    int64
}

func (r *backlogRow) targets() []any { return []any{&r.messages, &r.since} }

func (r *backlogRow) backlog() metrics.Backlog {
	return metrics.Backlog{Messages: r.messages, Since: rows.Unstamp(r.since)}
}

// MailBacklog leaves out mails that are not due yet, such as digests. A mail that is being retried has waited since it
// was created, because due_at is its next attempt.
func (t *tx) MailBacklog(now time.Time, limit int) (metrics.Backlog, error) {
	var all metrics.Backlog
	for _, table := range []string{"mails", "letters"} {
		b, err := rows.GetAs(t.Tx, (*backlogRow).targets, (*backlogRow).backlog, `
			SELECT COUNT(*), COALESCE(MIN(CASE WHEN tries > 0 THEN created_at ELSE due_at END), 0)
			FROM   (SELECT tries, created_at, due_at
			        FROM   `+table+`
			        WHERE  ended_at = 0
			          AND  (due_at <= ? OR tries > 0)
			        LIMIT  ?) AS capped`, rows.Stamp(now), limit)
		if err != nil {
			return metrics.Backlog{}, err
		}
		all.Messages += b.Messages
		if all.Since.IsZero() || !b.Since.IsZero() && b.Since.Before(all.Since) {
			all.Since = b.Since
		}
	}
	return all, nil
}

func (t *tx) WebhookBacklog(limit int) (metrics.Backlog, error) {
	return rows.GetAs(t.Tx, (*backlogRow).targets, (*backlogRow).backlog, `
		SELECT COUNT(*), COALESCE(MIN(happened_at), 0)
		FROM   (SELECT d.happened_at
		        FROM   webhooks AS w
		        JOIN   deliveries AS d ON d.site_id = w.site_id AND d.webhook_id = w.id
		        WHERE  w.removed_at = 0
		          AND  d.ended_at   = 0
		        LIMIT  ?) AS capped`, limit)
}

// Disk returns the state of the disk of a SQLite file, and false on Postgres.
func (d *DB) Disk() (disk metrics.Disk, ok bool) {
	s, ok := d.engine.(*sqlite.DB)
	if !ok {
		return metrics.Disk{}, false
	}
	wal, free, held := s.Disk()
	return metrics.Disk{WAL: wal, Free: free, ReserveHeld: held}, true
}
