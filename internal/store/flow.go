package store

import (
	"strings"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

// The rows of a state stand together in one index, by age: one statement
// reads the end of each.
func (t *tx) Arrivals(site int64, since time.Time, limit int) ([]evaluation.Arrival, error) {
	var parts []string
	var args []any
	for state := comment.Pending; state <= comment.Removed; state++ {
		parts = append(parts, `
			SELECT created_at, page_id, state
			FROM   (SELECT created_at, page_id, state
			        FROM   comments
			        WHERE  site_id = ?
			          AND  state   = ?
			          AND  created_at >= ?
			        ORDER  BY created_at DESC, id DESC
			        LIMIT  ?) AS capped`)
		args = append(args, site, state, rows.Stamp(since), limit)
	}
	type row struct {
		at      int64
		arrival evaluation.Arrival
	}
	return rows.AllAs(t.Tx, func(r *row) []any { return []any{&r.at, &r.arrival.Page, &r.arrival.State} },
		func(r *row) evaluation.Arrival {
			r.arrival.At = rows.Unstamp(r.at)
			return r.arrival
		}, strings.Join(parts, `
			UNION  ALL`), args...)
}

// It asks for each comment by itself: joined, a planner would sooner or later
// read all of the site's.
func (t *tx) Ruled(site int64, limit int) ([]evaluation.Ruled, error) {
	type row struct {
		at, came int64
		ruled    evaluation.Ruled
	}
	return rows.AllAs(t.Tx, func(r *row) []any {
		return []any{&r.ruled.Seq, &r.ruled.Undoes, &r.ruled.Before, &r.ruled.Comment, &r.at, &r.came}
	}, func(r *row) evaluation.Ruled {
		r.ruled.At, r.ruled.Came = rows.Unstamp(r.at), rows.Unstamp(r.came)
		return r.ruled
	}, `
		SELECT seq, undoes, before, comment_id, decided_at,
		       CASE WHEN account_id LIKE ? THEN 0 -- nobody waited here for what was imported
		            ELSE COALESCE((SELECT c.created_at
		                           FROM   comments AS c
		                           WHERE  c.site_id = d.site_id AND c.id = d.comment_id), 0) END
		FROM   decisions AS d
		WHERE  site_id = ?
		ORDER  BY seq DESC
		LIMIT  ?`, auditlog.ByImport("%"), site, limit)
}
