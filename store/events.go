package store

import (
	"database/sql"
	"strings"
	"time"

	"github.com/aitys/aitys/e2e/planted"
	"github.com/aitys/aitys/moderation/ground"
)

const eventColumns = "xid, id, site_id, kind, page_id, comment_id, account_id, shown, created_at"

func scanEvent(r *sql.Rows, e *ground.Event) error {
	return r.Scan(&e.Cursor.Xid, &e.Cursor.ID, &e.Site, &e.Kind, &e.Page, &e.Comment, &e.Account,
		&e.Shown, when{&e.At})
}

// Emit implements moderation.EventTx. On Postgres the table itself notes the transaction.
func (t *tx) Emit(events ...ground.Event) error {
	if len(events) == 0 {
		return nil
	}
	args := make([]any, 0, 7*len(events))
	for _, e := range events {
		args = append(args, e.Site, e.Kind, e.Page, e.Comment, e.Account, e.Shown, stamp(e.At))
	}
	_, err := t.exec(`
		INSERT INTO events (site_id, kind, page_id, comment_id, account_id, shown, created_at)
		VALUES `+rowsOf(len(events), "(?, ?, ?, ?, ?, ?, ?)"), args...)
	return err
}

// rowsOf repeats the marks of one row.
func rowsOf(n int, marks string) string {
	return strings.Repeat(marks+", ", n-1) + marks
}

// EventsAfter implements moderation.EventTx. See house.md, "Order of events".
func (t *tx) EventsAfter(c ground.Cursor, limit int) ([]ground.Event, error) {
	if planted.Is("events-by-id") {
		return query(t, scanEvent, "SELECT "+eventColumns+" FROM events WHERE id > ? ORDER BY id LIMIT ?", c.ID, limit)
	}
	args := []any{c.ID, limit}
	if t.byXid {
		args = []any{c.Xid, c.ID, limit}
	}
	return query(t, scanEvent, `
		SELECT `+eventColumns+`
		FROM   events
		WHERE  `+t.eventsAfter+`
		  AND  `+t.settled+`
		ORDER  BY `+t.eventOrder+`
		LIMIT  ?`, args...)
}

// LastEvent implements moderation.EventTx.
func (t *tx) LastEvent() (ground.Cursor, error) {
	descending := strings.ReplaceAll(t.eventOrder, ",", " DESC,") + " DESC"
	cursors, err := query(t, func(r *sql.Rows, c *ground.Cursor) error { return r.Scan(&c.Xid, &c.ID) }, `
		SELECT xid, id
		FROM   events
		WHERE  `+t.settled+`
		ORDER  BY `+descending+`
		LIMIT  1`)
	if err != nil || len(cursors) == 0 {
		return ground.Cursor{}, err
	}
	return cursors[0], nil
}

// PruneEvents implements moderation.EventTx. It walks from the oldest event to the first that
// stays, and no further.
func (t *tx) PruneEvents(before time.Time) error {
	kept, err := query(t, scanEvent, `
		SELECT `+eventColumns+`
		FROM   events
		WHERE  created_at >= ?
		ORDER  BY `+t.eventOrder+`
		LIMIT  1`, stamp(before))
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		_, err := t.exec("DELETE FROM events WHERE created_at < ?", stamp(before))
		return err
	}
	first := kept[0].Cursor
	_, err = t.exec(`
		DELETE FROM events
		WHERE  (xid, id) < (?, ?)
		  AND  created_at < ?`, first.Xid, first.ID, stamp(before))
	return err
}
