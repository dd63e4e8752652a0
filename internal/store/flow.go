package store

import (
	"strings"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

// Arrivals returns the newest comments of each state. An index orders the comments of a state by age, so each part of
// the UNION reads the end of one index range.
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

// FlowEntries returns the newest decisions with the times of their comments. It reads each comment in a scalar subquery: for
// a join, the planner may choose to scan all comments of the site.
func (t *tx) FlowEntries(site int64, limit int) ([]evaluation.FlowEntry, error) {
	type row struct {
		at, came int64
		ruled    evaluation.FlowEntry
	}
	return rows.AllAs(t.Tx, func(r *row) []any {
		return []any{&r.ruled.Seq, &r.ruled.Undoes, &r.ruled.Before, &r.ruled.Comment, &r.at, &r.came}
	}, func(r *row) evaluation.FlowEntry {
		r.ruled.At, r.ruled.SubmittedAt = rows.Unstamp(r.at), rows.Unstamp(r.came)
		return r.ruled
	}, `
		SELECT seq, undoes, before, comment_id, decided_at,
		       CASE WHEN account_id LIKE ? THEN 0 -- no commenter waited here for an imported decision
		            ELSE COALESCE((SELECT c.created_at
		                           FROM   comments AS c
		                           WHERE  c.site_id = d.site_id AND c.id = d.comment_id), 0) END
		FROM   decisions AS d
		WHERE  site_id = ?
		ORDER  BY seq DESC
		LIMIT  ?`, auditlog.ImportAccount("%"), site, limit)
}
