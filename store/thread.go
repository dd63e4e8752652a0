package store

import (
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/store/rows"
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
	return rows.List(t.Tx, shownColumns.Targets, (*commentRow).comment, selectShown+" FROM comments "+shown+rest, args...)
}

const shown = `
	WHERE  site_id = ?
	  AND  page_id = ?
	  AND  shown`

// Thread implements moderation.CommentTx.
func (t *tx) Thread(q comment.ThreadQuery) ([]comment.Comment, error) {
	place, after := q.After, " >"
	if q.From != "" {
		place, after = q.From, " >="
	}
	if q.Order == comment.OldestRoots {
		return t.shown(`
			  AND  path`+after+` ?
			ORDER  BY path
			LIMIT  ?`, q.Site, q.Page, place, q.Limit)
	}
	if place == "" && q.Order == comment.NewestRoots {
		return t.shown(`
			ORDER  BY root DESC, path
			LIMIT  ?`, q.Site, q.Page, q.Limit)
	}
	if place == "" {
		return t.top("", q)
	}
	// First what is left of the thread that place is in, then the older threads: as one
	// condition the database would read the whole of that thread again for each page.
	rest, err := t.shown(`
		  AND  root = ?
		  AND  path`+after+` ?
		ORDER  BY path
		LIMIT  ?`, q.Site, q.Page, root(place), place, q.Limit)
	if err != nil || len(rest) == q.Limit {
		return rest, err
	}
	q.Limit -= len(rest)
	var others []comment.Comment
	if q.Order == comment.TopRoots {
		others, err = t.top(root(place), q)
	} else {
		others, err = t.shown(`
			  AND  root < ?
			ORDER  BY root DESC, path
			LIMIT  ?`, q.Site, q.Page, root(place), q.Limit)
	}
	return append(rest, others...), err
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
	return rows.List(t.Tx, shownColumns.Targets, (*commentRow).comment, selectShown+`
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
