package store

import (
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/sites"
)

// CountComments reads the index that orders each state by age.
func (t *tx) CountComments(ids []int64, week, month time.Time) (map[int64]sites.Totals, error) {
	type row struct {
		site             int64
		state            comment.State
		all, week, month int
	}
	found, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.site, &r.state, &r.all, &r.week, &r.month} }, `
		SELECT site_id, state, COUNT(*),
		       COUNT(CASE WHEN created_at >= ? THEN 1 END), COUNT(CASE WHEN created_at >= ? THEN 1 END)
		FROM   comments
		WHERE  site_id `+t.In+`
		GROUP  BY site_id, state`, rows.Stamp(week), rows.Stamp(month), rows.ArrayOf(t.Array, ids))
	totals := map[int64]sites.Totals{}
	for _, r := range found {
		c := totals[r.site]
		if c.ByState == nil {
			c.ByState = map[comment.State]int{}
		}
		c.ByState[r.state] = r.all
		c.Comments.Week += r.week
		c.Comments.Month += r.month
		totals[r.site] = c
	}
	return totals, err
}

func (t *tx) CountDecisions(ids []int64, week, month time.Time) (map[int64]sites.Recent, error) {
	type row struct {
		site   int64
		recent sites.Recent
	}
	found, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.site, &r.recent.Week, &r.recent.Month} }, `
		SELECT site_id, COUNT(CASE WHEN decided_at >= ? THEN 1 END), COUNT(*)
		FROM   decisions
		WHERE  site_id `+t.In+`
		  AND  decided_at >= ?
		  AND  kind   = ?
		  AND  undoes = 0
		  AND  account_id NOT LIKE ?
		GROUP  BY site_id`,
		rows.Stamp(week), rows.ArrayOf(t.Array, ids), rows.Stamp(month), auditlog.Decision, auditlog.ImportAccount("%"))
	recent := map[int64]sites.Recent{}
	for _, r := range found {
		recent[r.site] = r.recent
	}
	return recent, err
}
