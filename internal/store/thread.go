package store

import (
	"encoding/binary"
	"slices"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
)

// shownColumns are the columns that readers see, or that these are derived from. The other columns are search text and
// moderators' data.
var shownColumns = commentColumns.Only("id", "site_id", "page_id", "parent_id", "depth", "path", "state", "version",
	"name", "website", "badge", "verified", "source", "lang", "shown_replies", "shown", "votes",
	"created_at", "edited_at", "redacted_at", "withheld")

// selectShown starts with two parameters, the site and the page. With them the subquery for the page's notice runs once
// per statement.
var selectShown = "SELECT " + withheldFor("p.site_id = ? AND p.id = ?", shownColumns.Names)

// shown returns the visible comments of a page that rest selects. args must start with the site and the page.
func (t *tx) shown(rest string, args ...any) ([]comment.Comment, error) {
	args = append(args[:2:2], args...)
	return rows.AllAs(t.Tx, shownColumns.Targets, (*commentRow).comment, selectShown+" FROM comments "+whereShown+rest, args...)
}

const whereShown = `
	WHERE  site_id = ?
	  AND  page_id = ?
	  AND  shown`

func (t *tx) Thread(q comment.ThreadQuery) ([]comment.Comment, error) {
	place, after := q.After, ">"
	if q.From != "" {
		place, after = q.From, ">="
	}
	if q.Order == comment.OldestRoots {
		return t.shown(`
			  AND  (root, path) `+after+` (?, ?)
			ORDER  BY root, path
			LIMIT  ?`, q.Site, q.Page, root(place), place, q.Limit)
	}
	older := t.newest
	if q.Order == comment.TopRoots {
		older = t.top
	}
	if place == "" {
		return older("", q)
	}
	// First read the rest of the thread that contains place, then the threads after it. With one combined condition the
	// database would read that whole thread again for each page.
	rest, err := t.thread(root(place), after, place, q)
	if err != nil || len(rest) == q.Limit {
		return rest, err
	}
	q.Limit -= len(rest)
	others, err := older(root(place), q)
	return append(rest, others...), err
}

// thread returns the comments of the thread with root of whose path is after path (after is ">") or not before it
// (">=").
func (t *tx) thread(of, after, path string, q comment.ThreadQuery) ([]comment.Comment, error) {
	return t.shown(`
		  AND  root = ?
		  AND  path `+after+` ?
		ORDER  BY path
		LIMIT  ?`, q.Site, q.Page, of, path, q.Limit)
}

// newest returns the newest threads, or those older than the root before. It reads the index backwards from the end of
// the page and then reverses each thread. If the limit cuts the last thread, it reads that thread again from its root.
func (t *tx) newest(before string, q comment.ThreadQuery) ([]comment.Comment, error) {
	older, args := "", []any{q.Site, q.Page}
	if before != "" {
		older, args = `
		  AND  root < ?`, append(args, before)
	}
	list, err := t.shown(older+`
		ORDER  BY root DESC, path DESC
		LIMIT  ?`, append(args, q.Limit)...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	last := list[len(list)-1].Path
	from := 0
	for i, c := range list {
		if root(c.Path) != root(list[from].Path) {
			slices.Reverse(list[from:i])
			from = i
		}
	}
	slices.Reverse(list[from:])
	if len(list) < q.Limit || last == root(last) {
		return list, nil
	}
	q.Limit -= from
	begun, err := t.thread(root(last), ">=", "", q)
	return append(list[:from], begun...), err
}

// top returns the threads whose roots have the most votes, after the root after. It selects at most q.Limit roots and
// reads their threads, so it never sorts all comments of a page.
func (t *tx) top(after string, q comment.ThreadQuery) ([]comment.Comment, error) {
	roots, args := "", []any{q.Site, q.Page, q.Site, q.Page}
	if after != "" {
		const votes = `(SELECT votes FROM comments WHERE site_id = ? AND page_id = ? AND path = ? AND shown)`
		roots = `
			          AND  (votes < ` + votes + ` OR votes = ` + votes + ` AND path > ?)`
		args = append(args, q.Site, q.Page, after, q.Site, q.Page, after, after)
	}
	args = append(args, q.Limit, q.Site, q.Page, q.Limit)
	return rows.AllAs(t.Tx, shownColumns.Targets, (*commentRow).comment, selectShown+`
		FROM   (SELECT path AS top, votes AS above
		        FROM   comments
		        WHERE  site_id = ?
		          AND  page_id = ?
		          AND  shown
		          AND  depth = 0`+roots+`
		        ORDER  BY votes DESC, path
		        LIMIT  ?) AS capped
		JOIN comments ON comments.root = capped.top
		WHERE  comments.site_id = ?
		  AND  comments.page_id = ?
		  AND  comments.shown
		ORDER  BY above DESC, comments.path
		LIMIT  ?`, args...)
}

func (t *tx) LockVotes(key []byte) error {
	if t.lockVotes == "" {
		return nil
	}
	_, err := t.Exec(t.lockVotes, int32(binary.BigEndian.Uint32(key)))
	return err
}
