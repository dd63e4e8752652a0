package store

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
)

// queueViews says what stands in each view. What is said against a comment is found by an index of its own, whose
// conditions these are, word for word; "+" keeps it from being found by its state.
var queueViews = map[comment.View]string{
	comment.ViewPending:   fmt.Sprintf("state = %d", comment.Pending),
	comment.ViewSuspected: fmt.Sprintf("state = %d", comment.Pending),
	comment.ViewApproved:  fmt.Sprintf("state = %d", comment.Approved),
	comment.ViewRejected:  fmt.Sprintf("state = %d", comment.Rejected),
	comment.ViewSpam:      fmt.Sprintf("state = %d", comment.Spam),
	comment.ViewReported:  fmt.Sprintf("reports > 0 AND state <> %d", comment.Removed),
	comment.ViewAppealed:  fmt.Sprintf("appealed_at > 0 AND +state IN (%d, %d)", comment.Rejected, comment.Spam),
}

// queueOrders says how each order continues after a cursor, and sorts. A page is found by its
// place, never by counting: it stays what it is while the queue moves.
var queueOrders = map[comment.QueueOrder]struct{ after, order string }{
	comment.OldestFirst:   {"(created_at, id) > (?, ?)", "created_at, id"},
	comment.NewestFirst:   {"(created_at, id) < (?, ?)", "created_at DESC, id DESC"},
	comment.RiskiestFirst: {"(score, id) < (?, ?)", "score DESC, id DESC"},
	comment.CalmestFirst:  {"(score, id) > (?, ?)", "score, id"},
}

func (t *tx) Queue(q comment.QueueQuery) ([]comment.Comment, error) {
	view, known := queueViews[q.View]
	if !known {
		return nil, fmt.Errorf("read the queue: no view %q", q.View)
	}
	if q.Order == comment.UsefulFirst {
		return t.useful(q)
	}
	by, known := queueOrders[q.Order]
	if !known {
		return nil, fmt.Errorf("read the queue: no order %q", q.Order)
	}
	where := `
		WHERE  site_id = ?
		  AND  ` + view
	args := []any{q.Site}
	and := func(condition string, values ...any) {
		where += `
		  AND  ` + condition
		args = append(args, values...)
	}
	if q.View == comment.ViewSuspected {
		and("score >= ?", q.Suspect)
	}
	if q.Search != "" {
		and(`search LIKE ? ESCAPE '\'`, containing(q.Search))
	}
	narrow(q.Filter, and)
	if c := q.After; c != nil {
		if q.Order == comment.RiskiestFirst || q.Order == comment.CalmestFirst {
			and(by.after, c.Score, c.ID)
		} else {
			and(by.after, rows.Stamp(c.At), c.ID)
		}
	}
	return t.comments(where+`
		ORDER  BY `+by.order+`
		LIMIT  ?`, append(args, q.Limit)...)
}

// useful reads the queue from a half upwards and downwards, as the index has it, and takes the nearer ones; of two
// that are as near, the higher.
func (t *tx) useful(q comment.QueueQuery) ([]comment.Comment, error) {
	const half = 0.5
	far := func(score float64) float64 { return math.Abs(score - half) }
	up, down := q, q
	up.Order, down.Order = comment.CalmestFirst, comment.RiskiestFirst
	least, most := half, math.Nextafter(half, 0)
	if c := q.After; c != nil && c.Score >= half {
		down.After, most = nil, min(most, half-far(c.Score))
	} else if c != nil {
		up.After, least = nil, math.Nextafter(half+far(c.Score), 2) // above 1 there is none
	}
	if q.Filter.Most != nil {
		most = min(most, *q.Filter.Most)
	}
	up.Filter.Least, down.Filter.Most = max(least, q.Filter.Least), &most
	list, err := t.Queue(up)
	if err != nil {
		return nil, err
	}
	below, err := t.Queue(down)
	list = append(list, below...)
	slices.SortStableFunc(list, func(a, b comment.Comment) int {
		return cmp.Compare(far(a.Verdict.Score), far(b.Verdict.Score))
	})
	return list[:min(len(list), q.Limit)], err
}

// narrow says what a filter lets through.
func narrow(f comment.QueueFilter, and func(condition string, values ...any)) {
	if f.Page != "" {
		and("page_id = ?", f.Page)
	}
	if f.Lang != "" {
		and("lang = ?", f.Lang)
	}
	if len(f.Writer) > 0 {
		and("writer = ?", f.Writer)
	}
	if f.Host != "" { // who asks looks at the links themselves
		and(`(search LIKE ? ESCAPE '\' OR search LIKE ? ESCAPE '\')`, containing(f.Host), containing(f.Written))
	}
	if f.Least > 0 {
		and("score >= ?", f.Least)
	}
	if f.Most != nil {
		and("score <= ?", *f.Most)
	}
	if !f.Since.IsZero() {
		and("created_at >= ?", rows.Stamp(f.Since))
	}
	if !f.Until.IsZero() {
		and("created_at < ?", rows.Stamp(f.Until))
	}
}

// containing is the pattern of texts that contain a part.
func containing(part string) string { return "%" + likeEscaper.Replace(part) + "%" }

// likeEscaper makes a text stand for itself in LIKE.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// It reads an index, and no more of it than limit.
func (t *tx) CountQueue(site int64, view comment.View, suspect float64, limit int) (int, error) {
	where, known := queueViews[view]
	if !known {
		return 0, fmt.Errorf("count the queue: no view %q", view)
	}
	args := []any{site}
	if view == comment.ViewSuspected {
		where, args = where+" AND score >= ?", append(args, suspect)
	}
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   (SELECT 1
		        FROM   comments
		        WHERE  site_id = ?
		          AND  `+where+`
		        LIMIT  ?) AS capped`, append(args, limit)...)
}

func (t *tx) StalePending(site int64, seq uint64, order comment.QueueOrder, limit int) ([]comment.Comment, error) {
	by, known := queueOrders[order]
	if !known {
		return nil, fmt.Errorf("read stale comments: no order %q", order)
	}
	return t.comments(`
		WHERE  site_id = ?
		  AND  state   = ?
		  AND  model_seq < ?
		ORDER  BY `+by.order+`
		LIMIT  ?`, site, comment.Pending, seq, limit)
}

func (t *tx) Writers(site int64, hashes [][]byte) (map[string]comment.History, error) {
	return t.histories(false, site, hashes)
}

// What waits, which may be a flood, is not read.
func (t *tx) Records(site int64, hashes [][]byte) (map[string]comment.History, error) {
	return t.histories(true, site, hashes)
}

// ofWriter is the index entries of one writer in a state, which is all that a history reads.
const ofWriter = " FROM comments WHERE site_id = ? AND writer = one AND state = ? "

// histories counts comments of writers, no more of them than count; of decided ones alone it is quicker.
func (t *tx) histories(decided bool, site int64, hashes [][]byte) (map[string]comment.History, error) {
	type row struct {
		writer                          []byte
		approved, rejected, spam, first int64
	}
	const counted = "(SELECT COUNT(*) FROM (SELECT 1" + ofWriter + "LIMIT ?) AS capped), "
	var args []any
	for _, s := range []comment.State{comment.Approved, comment.Rejected, comment.Spam} {
		args = append(args, site, s, comment.MostHistory)
	}
	first := "0"
	if !decided {
		var each []string
		for s := comment.Pending; s <= comment.Removed; s++ {
			each, args = append(each, "SELECT MIN(created_at) AS at"+ofWriter), append(args, site, s)
		}
		first = "COALESCE((SELECT MIN(at) FROM (" + strings.Join(each, " UNION ALL ") + ") AS firsts), 0)"
	}
	all, err := rows.All(t.Tx, func(r *row) []any {
		return []any{&r.writer, &r.approved, &r.rejected, &r.spam, &r.first}
	}, "SELECT one, "+counted+counted+counted+first+" FROM "+t.EachBytes, append(args, rows.ArrayOf(t.Array, hashes))...)
	histories := make(map[string]comment.History, len(all))
	for _, r := range all {
		refused := min(comment.MostHistory, int(r.rejected+r.spam))
		h := comment.History{Approved: int(r.approved), Refused: refused, FirstSeen: rows.Unstamp(r.first)}
		if h != (comment.History{}) {
			histories[string(r.writer)] = h
		}
	}
	return histories, err
}
