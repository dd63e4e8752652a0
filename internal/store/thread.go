package store

import (
	"encoding/binary"
	"slices"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/comment"
)

// What readers see of a comment, and what that is made of. The rest of a row is its text again and what only
// moderators see.
var shownColumns = commentColumns.Only("id", "site_id", "page_id", "parent_id", "depth", "path", "state", "version",
	"name", "website", "badge", "verified", "source", "html", "markup", "lang", "shown_replies", "shown", "votes",
	"created_at", "edited_at", "redacted_at", "withheld")

// selectShown begins with two arguments, the site and the page: what that is withheld for is asked for once.
var selectShown = "SELECT " + withheldFor("p.site_id = ? AND p.id = ?", shownColumns.Names)

// shown takes arguments that begin with the site and the page.
func (t *tx) shown(rest string, args ...any) ([]comment.Comment, error) {
	args = append(args[:2:2], args...)
	return rows.AllAs(t.Tx, shownColumns.Targets, (*commentRow).comment, selectShown+" FROM comments "+shown+rest, args...)
}

const shown = `
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
	// First what is left of the thread that place is in, then the threads after it: as one
	// condition the database would read the whole of that thread again for each page.
	rest, err := t.thread(root(place), after, place, q)
	if err != nil || len(rest) == q.Limit {
		return rest, err
	}
	q.Limit -= len(rest)
	others, err := older(root(place), q)
	return append(rest, others...), err
}

// thread reads the comments of one thread, that of a root: those after a path or from it on.
func (t *tx) thread(of, after, path string, q comment.ThreadQuery) ([]comment.Comment, error) {
	return t.shown(`
		  AND  root = ?
		  AND  path `+after+` ?
		ORDER  BY path
		LIMIT  ?`, q.Site, q.Page, of, path, q.Limit)
}

// newest reads the newest threads, or those that are older than that of a root: from the end of the page, as the
// index of its threads has it, and each of them is turned then. Of the last the beginning may be missing.
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

// top reads the threads with most votes for their roots, after that of a root. Of as many roots as comments are
// asked for it reads the threads: no page is sorted as a whole.
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
