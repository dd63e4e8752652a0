package store

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
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

// A queueOrder is a column by which comments are sorted, and the direction.
type queueOrder struct {
	column     string
	descending bool
}

var queueOrders = map[comment.QueueOrder]queueOrder{
	comment.OldestFirst:   {"created_at", false},
	comment.NewestFirst:   {"created_at", true},
	comment.RiskiestFirst: {"score", true},
	comment.CalmestFirst:  {"score", false},
}

// by returns the sort order: the column, then ties.
func (o queueOrder) by(ties ...string) string {
	direction := ""
	if o.descending {
		direction = " DESC"
	}
	return o.column + direction + ", " + strings.Join(ties, direction+", ") + direction
}

// after returns the condition that continues after a cursor, and its arguments. Pages use keyset pagination, not OFFSET,
// so comments that arrive or leave do not shift them. Two sites may have comments with the same ID: oneSite says that
// only one is read.
func (o queueOrder) after(c comment.QueueCursor, oneSite bool) (condition string, args []any) {
	columns, places := o.column+", id", "?, ?"
	if args = []any{rows.Stamp(c.At), c.ID}; o.column == "score" {
		args[0] = c.Score
	}
	if !oneSite {
		columns, places, args = columns+", site_id", "?, ?, ?", append(args, c.Site)
	}
	if o.descending {
		return "(" + columns + ") < (" + places + ")", args
	}
	return "(" + columns + ") > (" + places + ")", args
}

// fewSites is the number of sites up to which Queue reads an index of each site. Beyond it, Queue reads an index of all
// sites and skips the other sites.
const fewSites = 20

func (t *tx) Queue(q comment.QueueQuery) ([]comment.Comment, error) {
	if q.View == comment.ViewAll {
		return t.ofAllStates(q)
	}
	view, known := queueViews[q.View]
	if !known {
		return nil, fmt.Errorf("read the queue: no view %q", q.View)
	}
	if q.Order == comment.UsefulFirst {
		return t.nearestToHalf(q)
	}
	order, known := queueOrders[q.Order]
	if !known {
		return nil, fmt.Errorf("read the queue: no order %q", q.Order)
	}
	ids := q.Sites.IDs
	where, args := view, []any(nil)
	and := func(condition string, values ...any) {
		where += `
		  AND  ` + condition
		args = append(args, values...)
	}
	if q.View == comment.ViewSuspected {
		t.addThreshold(q.Suspect, and)
	}
	if q.Search != "" {
		and(`search LIKE ? ESCAPE '\'`, likePattern(q.Search))
	}
	addFilter(q.Filter, and)
	if q.After != nil {
		condition, values := order.after(*q.After, len(ids) == 1)
		and(condition, values...)
	}
	switch {
	case len(ids) == 0:
		return nil, nil
	case len(ids) == 1:
		return t.comments(`
		WHERE  site_id = ?
		  AND  `+where+`
		ORDER  BY `+order.by("id")+`
		LIMIT  ?`, slices.Concat([]any{ids[0]}, args, []any{q.Limit})...)
	case q.Filter.Page != "" || len(q.Filter.Writer) > 0: // few comments: an index of them, not of the order
		and("site_id "+t.In, rows.ArrayOf(t.Array, ids))
		order.column = "+" + order.column
	case len(ids) <= fewSites:
		return t.firstOfSites(ids, where, args, order, q.Limit)
	case !q.Sites.All:
		and("+site_id "+t.In, rows.ArrayOf(t.Array, ids)) // the "+" keeps the order of an index of all sites
	}
	return t.comments(`
		WHERE  `+where+`
		ORDER  BY `+order.by("id", "site_id")+`
		LIMIT  ?`, append(args, q.Limit)...)
}

// ofAllStates reads the first comments of each state and merges them.
func (t *tx) ofAllStates(q comment.QueueQuery) (all []comment.Comment, err error) {
	for _, q.View = range []comment.View{
		comment.ViewPending, comment.ViewApproved, comment.ViewRejected, comment.ViewSpam,
	} {
		list, err := t.Queue(q)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b comment.Comment) int { return compareIn(q.Order, a, b) })
	return all[:min(len(all), q.Limit)], nil
}

// compareIn compares two comments as the ORDER BY of Queue does.
func compareIn(order comment.QueueOrder, a, b comment.Comment) int {
	first := cmp.Compare(a.Verdict.Score, b.Verdict.Score)
	switch order {
	case comment.OldestFirst, comment.NewestFirst:
		first = a.CreatedAt.Compare(b.CreatedAt)
	case comment.UsefulFirst:
		if near := cmp.Compare(farFromHalf(a), farFromHalf(b)); near != 0 {
			return near
		}
	}
	place := cmp.Or(first, cmp.Compare(a.ID, b.ID), cmp.Compare(a.Site, b.Site))
	if queueOrders[order].descending || order == comment.UsefulFirst && (first != 0 || a.Verdict.Score < half) {
		return -place
	}
	return place
}

// half is the score at which the model is least certain.
const half = 0.5

func farFromHalf(c comment.Comment) float64 { return math.Abs(c.Verdict.Score - half) }

// firstOfSites reads the first keys of each site, then the first comments of all.
func (t *tx) firstOfSites(
	ids []int64, where string, args []any, order queueOrder, limit int,
) ([]comment.Comment, error) {
	each, all := make([]string, len(ids)), []any{}
	for i, id := range ids {
		each[i] = `
		SELECT *
		FROM   (SELECT site_id, id, ` + order.column + `
		        FROM   comments
		        WHERE  site_id = ?
		          AND  ` + where + `
		        ORDER  BY ` + order.by("id") + `
		        LIMIT  ?) AS one`
		all = slices.Concat(all, []any{id}, args, []any{limit})
	}
	return t.comments(`
		WHERE  (site_id, id) IN (
		       SELECT site_id, id
		       FROM   (`+strings.Join(each, `
		UNION ALL`)+`) AS each_site
		       ORDER  BY `+order.by("id", "site_id")+`
		       LIMIT  ?)
		ORDER  BY `+order.by("id", "site_id"), append(all, limit)...)
}

// addThreshold adds the condition of suspected comments.
func (t *tx) addThreshold(suspect comment.Threshold, and func(condition string, values ...any)) {
	if len(suspect.Other) == 0 {
		and("score >= ?", suspect.Score)
		return
	}
	least, bySite := suspect.Score, map[float64][]int64{}
	for site, score := range suspect.Other {
		least, bySite[score] = min(least, score), append(bySite[score], site)
	}
	and("score >= ?", least) // the range of an index
	for _, score := range slices.Sorted(maps.Keys(bySite)) {
		sites := slices.Sorted(slices.Values(bySite[score]))
		and("(score >= ? OR NOT +site_id "+t.In+")", score, rows.ArrayOf(t.Array, sites))
	}
	others := slices.Sorted(maps.Keys(suspect.Other))
	and("(score >= ? OR +site_id "+t.In+")", suspect.Score, rows.ArrayOf(t.Array, others))
}

// nearestToHalf returns the comments whose scores are nearest to 0.5. It reads the index upwards and downwards from there and
// merges the two lists. Of two equally near scores, the higher one comes first.
func (t *tx) nearestToHalf(q comment.QueueQuery) ([]comment.Comment, error) {
	up, down := q, q
	up.Order, down.Order = comment.CalmestFirst, comment.RiskiestFirst
	least, most := half, math.Nextafter(half, 0)
	if c := q.After; c != nil && c.Score >= half {
		down.After, most = nil, min(most, half-math.Abs(c.Score-half))
	} else if c != nil {
		up.After, least = nil, math.Nextafter(half+math.Abs(c.Score-half), 2) // no score is above 1
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
		return cmp.Compare(farFromHalf(a), farFromHalf(b))
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
func (t *tx) CountQueue(sites comment.SiteSet, view comment.View, suspect comment.Threshold, limit int) (int, error) {
	where, known := queueViews[view]
	if !known {
		return 0, fmt.Errorf("count the queue: no view %q", view)
	}
	var args []any
	and := func(condition string, values ...any) {
		where += `
		          AND  ` + condition
		args = append(args, values...)
	}
	if view == comment.ViewSuspected {
		t.addThreshold(suspect, and)
	}
	from := func(sites string) string {
		return `
		        SELECT 1
		        FROM   comments
		        WHERE  ` + sites + where
	}
	capped := ""
	if ids := sites.IDs; len(ids) <= fewSites && !sites.All {
		each, all := make([]string, len(ids)), []any{}
		for i, id := range ids {
			each[i], all = from("site_id = ? AND "), slices.Concat(all, []any{id}, args)
		}
		if capped, args = strings.Join(each, `
		        UNION ALL`), all; len(ids) == 0 {
			return 0, nil
		}
	} else {
		if !sites.All {
			and("+site_id "+t.In, rows.ArrayOf(t.Array, ids))
		}
		if capped = from(""); countOrders[view] != "" {
			capped += `
		        ORDER  BY ` + countOrders[view]
		}
	}
	return rows.Get(t.Tx, rows.Value[int], `
		SELECT COUNT(*)
		FROM   (`+capped+`
		        LIMIT  ?) AS capped`, append(args, limit)...)
}

// countOrders make Postgres count from an index of all sites. Without an order it scans the table, and expects to find
// enough comments soon.
var countOrders = map[comment.View]string{
	comment.ViewPending:   "created_at",
	comment.ViewSuspected: "score",
	comment.ViewApproved:  "created_at",
	comment.ViewRejected:  "created_at",
	comment.ViewSpam:      "created_at",
}

// jsonTable returns a FROM item: a list of pairs as a table with the columns site and value. It takes the list as JSON.
// The statement is the same for every length.
func (t *tx) jsonTable(valueType string) string {
	return `
		(SELECT CAST(value ->> 0 AS BIGINT) AS site, CAST(value ->> 1 AS ` + valueType + `) AS value
		 FROM   ` + t.jsonArray + `) AS asked`
}

// inRefs follows columns in a condition: the site and the ID are in the list of a refList.
func (t *tx) inRefs() string { return "IN (SELECT site, value FROM " + t.jsonTable("TEXT") + ")" }

// refList returns the list of an inRefs.
func refList(refs []site.Ref) string {
	return pairs(refs, func(id string) string { return id })
}

// writerTable returns a FROM item: commenters as a table with the columns site and one, the hash. It takes a writerList.
func (t *tx) writerTable() string {
	return "(SELECT site, " + t.unhexed + " AS one FROM " + t.jsonTable("TEXT") + ") AS writers"
}

// writerList returns the list of a writerTable.
func writerList(refs []site.Ref) string {
	return pairs(refs, func(id string) string { return hex.EncodeToString([]byte(id)) })
}

// pairs returns refs as JSON.
func pairs(refs []site.Ref, as func(id string) string) string {
	list := make([][2]any, len(refs))
	for i, ref := range refs {
		list[i] = [2]any{ref.Site, as(ref.ID)}
	}
	b, _ := json.Marshal(list) // cannot fail for numbers and strings
	return string(b)
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
	sort, known := queueOrders[order]
	if !known {
		return nil, fmt.Errorf("read stale comments: no order %q", order)
	}
	return t.comments(`
		WHERE  site_id = ?
		  AND  state   = ?
		  AND  model_seq < ?
		ORDER  BY `+sort.by("id")+`
		LIMIT  ?`, site, comment.Pending, seq, limit)
}

func (t *tx) Writers(refs []site.Ref) (map[site.Ref]comment.History, error) {
	return t.histories(false, t.writerTable(), writerList(refs))
}

// Records does not read pending comments, of which a spam flood may bring many.
func (t *tx) Records(of int64, hashes [][]byte) (map[string]comment.History, error) {
	writers := "(SELECT CAST(? AS BIGINT) AS site, one FROM " + t.BytesTable + ") AS writers"
	found, err := t.histories(true, writers, of, rows.ArrayOf(t.Array, hashes))
	records := make(map[string]comment.History, len(found))
	for ref, h := range found {
		records[ref.ID] = h
	}
	return records, err
}

// fromWriter selects the comments of one writer in a state. It is answered by an index alone.
const fromWriter = " FROM comments WHERE site_id = writers.site AND writer = writers.one AND state = ? "

// histories counts the comments of writers per state, at most comment.MostHistory each. writers is a FROM item like
// writerTable, which takes list. If decided is true it omits FirstSeen and skips pending comments, which is faster.
func (t *tx) histories(decided bool, writers string, list ...any) (map[site.Ref]comment.History, error) {
	type row struct {
		site                            int64
		writer                          []byte
		approved, rejected, spam, first int64
	}
	const counted = "(SELECT COUNT(*) FROM (SELECT 1" + fromWriter + "LIMIT ?) AS capped), "
	var args []any
	for _, s := range []comment.State{comment.Approved, comment.Rejected, comment.Spam} {
		args = append(args, s, comment.MaxHistory)
	}
	first := "0"
	if !decided {
		var each []string
		for s := comment.Pending; s <= comment.Removed; s++ {
			each, args = append(each, "SELECT MIN(created_at) AS at"+fromWriter), append(args, s)
		}
		first = "COALESCE((SELECT MIN(at) FROM (" + strings.Join(each, " UNION ALL ") + ") AS firsts), 0)"
	}
	all, err := rows.All(t.Tx, func(r *row) []any {
		return []any{&r.site, &r.writer, &r.approved, &r.rejected, &r.spam, &r.first}
	}, "SELECT site, one, "+counted+counted+counted+first+" FROM "+writers, append(args, list...)...)
	histories := make(map[site.Ref]comment.History, len(all))
	for _, r := range all {
		refused := min(comment.MaxHistory, int(r.rejected+r.spam))
		h := comment.History{Approved: int(r.approved), Refused: refused, FirstSeen: rows.Unstamp(r.first)}
		if h != (comment.History{}) {
			histories[site.Ref{Site: r.site, ID: string(r.writer)}] = h
		}
	}
	return histories, err
}
