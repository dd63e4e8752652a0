package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// queueViews are the conditions of each view. Reported and appealed comments have partial indexes, whose conditions
// these match literally. The "+" keeps SQLite from using an index on the state instead.
var queueViews = map[comment.View]string{
	comment.ViewPending:   fmt.Sprintf("state = %d", comment.Pending),
	comment.ViewSuspected: fmt.Sprintf("state = %d", comment.Pending),
	comment.ViewApproved:  fmt.Sprintf("state = %d", comment.Approved),
	comment.ViewRejected:  fmt.Sprintf("state = %d", comment.Rejected),
	comment.ViewSpam:      fmt.Sprintf("state = %d", comment.Spam),
	comment.ViewReported:  fmt.Sprintf("reports > 0 AND state <> %d", comment.Removed),
	comment.ViewAppealed:  fmt.Sprintf("appealed_at > 0 AND +state IN (%d, %d)", comment.Rejected, comment.Spam),
}

// queueOrders are the conditions that continue after a cursor, and the sort orders. Pages use keyset pagination, not
// OFFSET, so comments that arrive or leave do not shift them.
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
		return t.nearestToHalf(q)
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
		and(`search LIKE ? ESCAPE '\'`, likePattern(q.Search))
	}
	addFilter(q.Filter, and)
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

// nearestToHalf returns the comments whose scores are nearest to 0.5. It reads the index upwards and downwards from there and
// merges the two lists. Of two equally near scores, the higher one comes first.
func (t *tx) nearestToHalf(q comment.QueueQuery) ([]comment.Comment, error) {
	const half = 0.5
	far := func(score float64) float64 { return math.Abs(score - half) }
	up, down := q, q
	up.Order, down.Order = comment.CalmestFirst, comment.RiskiestFirst
	least, most := half, math.Nextafter(half, 0)
	if c := q.After; c != nil && c.Score >= half {
		down.After, most = nil, min(most, half-far(c.Score))
	} else if c != nil {
		up.After, least = nil, math.Nextafter(half+far(c.Score), 2) // no score is above 1
	}
	if q.Filter.MaxScore != nil {
		most = min(most, *q.Filter.MaxScore)
	}
	up.Filter.MinScore, down.Filter.MaxScore = max(least, q.Filter.MinScore), &most
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

// addFilter adds the conditions of a filter.
func addFilter(f comment.QueueFilter, and func(condition string, values ...any)) {
	if f.Page != "" {
		and("page_id = ?", f.Page)
	}
	if f.Lang != "" {
		and("lang = ?", f.Lang)
	}
	if len(f.Writer) > 0 {
		and("writer = ?", f.Writer)
	}
	if f.Host != "" { // a preselection; the caller checks the links
		and(`(search LIKE ? ESCAPE '\' OR search LIKE ? ESCAPE '\')`, likePattern(f.Host), likePattern(f.HostText))
	}
	if f.MinScore > 0 {
		and("score >= ?", f.MinScore)
	}
	if f.MaxScore != nil {
		and("score <= ?", *f.MaxScore)
	}
	if !f.Since.IsZero() {
		and("created_at >= ?", rows.Stamp(f.Since))
	}
	if !f.Until.IsZero() {
		and("created_at < ?", rows.Stamp(f.Until))
	}
}

// likePattern returns the LIKE pattern of texts that contain part.
func likePattern(part string) string { return "%" + likeEscaper.Replace(part) + "%" }

// likeEscaper escapes the wildcards of LIKE.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// CountQueue counts up to limit comments of a view. It reads only an index.
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

// jsonTable returns a FROM item: a list of pairs as a table with the columns site and value. It takes the list as JSON.
// The statement is the same for every length.
func (t *tx) jsonTable(valueType string) string {
	return `
		(SELECT CAST(value ->> 0 AS BIGINT) AS site, CAST(value ->> 1 AS ` + valueType + `) AS value
		 FROM   ` + t.jsonArray + `) AS asked`
}

// CountQueues reads a few entries of an index per site and kind, and one per counted comment.
func (t *tx) CountQueues(sites []site.Site, limit int) ([]comment.QueueCounts, error) {
	type row struct {
		site, oldest                           int64
		pending, suspected, reported, appealed int
	}
	asked := make([][2]any, len(sites))
	for i, s := range sites {
		asked[i] = [2]any{s.ID, s.Settings.Threshold()}
	}
	list, err := json.Marshal(asked)
	if err != nil {
		return nil, fmt.Errorf("encode the sites: %w", err)
	}
	count := func(condition string) string {
		return `
		       (SELECT COUNT(*)
		        FROM   (SELECT 1 FROM comments WHERE site_id = asked.site AND ` + condition + ` LIMIT ?) AS capped),`
	}
	found, err := rows.All(t.Tx, func(r *row) []any {
		return []any{&r.site, &r.pending, &r.suspected, &r.reported, &r.appealed, &r.oldest}
	}, `
		SELECT asked.site,`+
		count(queueViews[comment.ViewPending])+
		count(queueViews[comment.ViewSuspected]+" AND score >= asked.value")+
		count(queueViews[comment.ViewReported])+
		count(queueViews[comment.ViewAppealed])+`
		       COALESCE((SELECT MIN(created_at) FROM comments WHERE site_id = asked.site AND `+
		queueViews[comment.ViewPending]+`), 0)
		FROM   `+t.jsonTable("DOUBLE PRECISION"), limit, limit, limit, limit, string(list))
	if err != nil {
		return nil, err
	}
	bySite := make(map[int64]row, len(found))
	for _, r := range found {
		bySite[r.site] = r
	}
	counts := make([]comment.QueueCounts, len(sites))
	for i, s := range sites {
		r := bySite[s.ID]
		counts[i] = comment.QueueCounts{Pending: r.pending, Suspected: r.suspected, Reported: r.reported,
			Appealed: r.appealed, Oldest: rows.Unstamp(r.oldest)}
	}
	return counts, nil
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

// Records does not read pending comments, of which a spam flood may bring many.
func (t *tx) Records(site int64, hashes [][]byte) (map[string]comment.History, error) {
	return t.histories(true, site, hashes)
}

// fromWriter selects the comments of one writer in a state. It is answered by an index alone.
const fromWriter = " FROM comments WHERE site_id = ? AND writer = one AND state = ? "

// histories counts the comments of writers per state, at most comment.MostHistory each. If decided is true it omits
// FirstSeen and skips pending comments, which is faster.
func (t *tx) histories(decided bool, site int64, hashes [][]byte) (map[string]comment.History, error) {
	type row struct {
		writer                          []byte
		approved, rejected, spam, first int64
	}
	const counted = "(SELECT COUNT(*) FROM (SELECT 1" + fromWriter + "LIMIT ?) AS capped), "
	var args []any
	for _, s := range []comment.State{comment.Approved, comment.Rejected, comment.Spam} {
		args = append(args, site, s, comment.MaxHistory)
	}
	first := "0"
	if !decided {
		var each []string
		for s := comment.Pending; s <= comment.Removed; s++ {
			each, args = append(each, "SELECT MIN(created_at) AS at"+fromWriter), append(args, site, s)
		}
		first = "COALESCE((SELECT MIN(at) FROM (" + strings.Join(each, " UNION ALL ") + ") AS firsts), 0)"
	}
	all, err := rows.All(t.Tx, func(r *row) []any {
		return []any{&r.writer, &r.approved, &r.rejected, &r.spam, &r.first}
	}, "SELECT one, "+counted+counted+counted+first+" FROM "+t.BytesTable, append(args, rows.ArrayOf(t.Array, hashes))...)
	histories := make(map[string]comment.History, len(all))
	for _, r := range all {
		refused := min(comment.MaxHistory, int(r.rejected+r.spam))
		h := comment.History{Approved: int(r.approved), Refused: refused, FirstSeen: rows.Unstamp(r.first)}
		if h != (comment.History{}) {
			histories[string(r.writer)] = h
		}
	}
	return histories, err
}
