package store

import (
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/takedown"
)

// ReceivedIn counts per state, because an index orders the comments of a state by age.
func (t *tx) ReceivedIn(site int64, from, to time.Time) (map[comment.State]int, error) {
	return countEach(t.Tx, comment.Removed, `
			SELECT CAST(? AS INTEGER), COUNT(*)
			FROM   comments
			WHERE  site_id = ?
			  AND  state   = ?
			  AND  created_at >= ? AND created_at < ?`, site, from, to)
}

func (t *tx) RefusedIn(site int64, from, to time.Time) (map[comment.Reason]int, error) {
	return countEach(t.Tx, comment.ReasonOther, `
			SELECT CAST(? AS INTEGER), COUNT(*)
			FROM   comments
			WHERE  site_id = ?
			  AND  reason  = ?
			  AND  created_at >= ? AND created_at < ?
			  AND  state = 2`, site, from, to)
}

func (t *tx) ExpiredIn(site int64, from, to time.Time) (map[comment.Reason]int, error) {
	return countEach(t.Tx, comment.ReasonOther, `
			SELECT CAST(? AS INTEGER), COUNT(*)
			FROM   comments
			WHERE  site_id = ?
			  AND  reason  = ?
			  AND  created_at >= ? AND created_at < ?
			  AND  state = 4 AND removed_at = 0`, site, from, to)
}

// countEach runs statement, a count, for each value from 0 to last in a time range. It returns the counts above 0 by
// value.
func countEach[K ~uint8](t *rows.Tx, last K, statement string, site int64, from, to time.Time) (map[K]int, error) {
	var parts []string
	var args []any
	for value := range last + 1 {
		parts = append(parts, statement)
		args = append(args, value, site, value, rows.Stamp(from), rows.Stamp(to))
	}
	type row struct {
		of K
		n  int
	}
	all, err := rows.All(t, func(r *row) []any { return []any{&r.of, &r.n} }, strings.Join(parts, `
			UNION  ALL`), args...)
	byValue := make(map[K]int, len(all))
	for _, r := range all {
		if r.n > 0 {
			byValue[r.of] = r.n
		}
	}
	return byValue, err
}

func (t *tx) SuspectedIn(site int64, from, to time.Time) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   comments
		WHERE  site_id = ?
		  AND  created_at >= ? AND created_at < ?
		  AND  suggested = 3`, site, rows.Stamp(from), rows.Stamp(to))
}

func (t *tx) UndecidedIn(site int64, from, to time.Time) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   comments
		WHERE  site_id = ?
		  AND  created_at >= ? AND created_at < ?
		  AND  shown AND standing = 0 AND badge = ''`, site, rows.Stamp(from), rows.Stamp(to))
}

// WaitsIn returns the newest comments that a moderator decided, with their times. It omits imported decisions, for
// which no commenter waited here, and comments without a decision.
func (t *tx) WaitsIn(site int64, from, to time.Time, limit int) ([]takedown.WaitTime, error) {
	type row struct {
		came, decided int64
		waited        bool
	}
	var all []takedown.WaitTime
	for _, state := range []comment.State{comment.Approved, comment.Rejected, comment.Spam} {
		newest, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.came, &r.decided, &r.waited} }, `
			SELECT created_at, decided_at,
			       COALESCE((SELECT d.account_id NOT LIKE ?
			                 FROM   decisions AS d
			                 WHERE  d.site_id = c.site_id AND d.seq = c.standing), FALSE)
			FROM   comments AS c
			WHERE  site_id = ?
			  AND  state   = ?
			  AND  created_at >= ? AND created_at < ?
			ORDER  BY created_at DESC, id DESC
			LIMIT  ?`, auditlog.ImportAccount("%"), site, state, rows.Stamp(from), rows.Stamp(to), limit)
		if err != nil {
			return nil, err
		}
		for _, r := range newest {
			if r.waited {
				all = append(all, takedown.WaitTime{Received: rows.Unstamp(r.came), Decided: rows.Unstamp(r.decided)})
			}
		}
	}
	slices.SortFunc(all, func(a, b takedown.WaitTime) int { return b.Received.Compare(a.Received) })
	return all[:min(limit, len(all))], nil
}

// AppealsIn reads each decision in a scalar subquery: for a join, the planner may choose to scan all decisions of the
// site.
func (t *tx) AppealsIn(site int64, from, to time.Time) ([]takedown.AppealCount, error) {
	return rows.All(t.Tx, func(a *takedown.AppealCount) []any { return []any{&a.Reason, &a.Settled, &a.To, &a.N} }, `
		SELECT reason, answered, became, COUNT(*)
		FROM   (SELECT COALESCE((SELECT d.reason
		                         FROM   decisions AS d
		                         WHERE  d.site_id = a.site_id AND d.seq = a.refusal), 0) AS reason,
		               a.settled > 0                                                     AS answered,
		               COALESCE((SELECT d.to_state
		                         FROM   decisions AS d
		                         WHERE  d.site_id = a.site_id AND d.seq = a.settled), 0) AS became
		        FROM   appeals AS a
		        WHERE  a.site_id = ?
		          AND  a.created_at >= ? AND a.created_at < ?) AS asked
		GROUP  BY reason, answered, became`, site, rows.Stamp(from), rows.Stamp(to))
}

// AppealWaitsIn omits decisions that return a comment to the queue, because they do not answer the appeal.
func (t *tx) AppealWaitsIn(site int64, from, to time.Time, limit int) ([]takedown.WaitTime, error) {
	return t.settlementWaits(`appeals AS a
		        WHERE  a.site_id = ?`, `<> ?`, limit, comment.Pending, site, rows.Stamp(from), rows.Stamp(to))
}

// settlementWaits returns the times of the newest settled reports or appeals. of is the table with its first conditions, and
// to is the condition on the state that the settling decision set.
func (t *tx) settlementWaits(of, to string, limit int, values ...any) ([]takedown.WaitTime, error) {
	type row struct{ came, decided int64 }
	all, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.came, &r.decided} }, `
		SELECT came, decided
		FROM   (SELECT a.created_at AS came, a.comment_id,
		               COALESCE((SELECT d.decided_at
		                         FROM   decisions AS d
		                         WHERE  d.site_id = a.site_id AND d.seq = a.settled AND d.to_state `+to+`), 0) AS decided
		        FROM   `+of+`
		          AND  a.created_at >= ? AND a.created_at < ?
		          AND  a.settled > 0) AS asked
		WHERE  decided > 0
		ORDER  BY came DESC, comment_id DESC
		LIMIT  ?`, append(values, limit)...)
	waits := make([]takedown.WaitTime, len(all))
	for i, r := range all {
		waits[i] = takedown.WaitTime{Received: rows.Unstamp(r.came), Decided: rows.Unstamp(r.decided)}
	}
	return waits, err
}

// NoticesIn reads each decision in a scalar subquery, as AppealsIn does.
func (t *tx) NoticesIn(site int64, about comment.Reason, from, to time.Time) ([]takedown.NoticeCount, error) {
	return rows.All(t.Tx, func(n *takedown.NoticeCount) []any { return []any{&n.To, &n.Reason, &n.N, &n.Comments} }, `
		SELECT became, why, COUNT(*), COUNT(DISTINCT comment_id)
		FROM   (SELECT r.comment_id,
		               COALESCE((SELECT d.to_state
		                         FROM   decisions AS d
		                         WHERE  d.site_id = r.site_id AND d.seq = r.settled), 0) AS became,
		               COALESCE((SELECT d.reason
		                         FROM   decisions AS d
		                         WHERE  d.site_id = r.site_id AND d.seq = r.settled), 0) AS why
		        FROM   reports AS r
		        WHERE  r.site_id = ?
		          AND  r.reason  = ?
		          AND  r.created_at >= ? AND r.created_at < ?) AS told
		GROUP  BY became, why`, site, about, rows.Stamp(from), rows.Stamp(to))
}

func (t *tx) NoticeWaitsIn(
	site int64, about comment.Reason, from, to time.Time, limit int,
) ([]takedown.WaitTime, error) {
	return t.settlementWaits(`reports AS a
		        WHERE  a.site_id = ?
		          AND  a.reason  = ?`, `IN (?, ?)`, limit, comment.Rejected, comment.Spam, site, about, rows.Stamp(from),
		rows.Stamp(to))
}

func (t *tx) OpenTakedowns(
	site int64, from, to time.Time, before uint64, limit int,
) ([]takedown.Takedown, error) {
	if before == 0 {
		before = 1 << 62
	}
	return t.takedowns(`
		WHERE  site_id = ?
		  AND  seq < ?
		  AND  created_at >= ? AND created_at < ?
		  AND  public <> 'sealed'
		ORDER  BY seq DESC
		LIMIT  ?`, site, before, rows.Stamp(from), rows.Stamp(to), limit)
}

// SealedTakedowns counts sealed takedowns. It needs no index of its own: a site has few takedowns.
func (t *tx) SealedTakedowns(site int64, from, to time.Time) (int, error) {
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   takedowns
		WHERE  site_id = ?
		  AND  created_at >= ? AND created_at < ?
		  AND  public = 'sealed'`, site, rows.Stamp(from), rows.Stamp(to))
}
