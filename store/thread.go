package store

import (
	"github.com/aitys/aitys/moderation/comment"
)

// What readers see of a comment, and what that is made of. The rest of a row is its text again and what only
// moderators see.
var shownColumns = commentColumns.Only("id", "site_id", "page_id", "parent_id", "depth", "path", "state", "version",
	"name", "website", "badge", "source", "html", "markup", "lang", "shown_replies", "shown", "created_at", "edited_at",
	"redacted_at")

func (t *tx) shown(rest string, args ...any) ([]comment.Comment, error) {
	return read(t, shownColumns.Targets, (*commentRow).comment,
		"SELECT "+shownColumns.Names+" FROM comments "+shown+rest, args...)
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
	if place == "" {
		return t.shown(`
			ORDER  BY root DESC, path
			LIMIT  ?`, q.Site, q.Page, q.Limit)
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
	older, err := t.shown(`
		  AND  root < ?
		ORDER  BY root DESC, path
		LIMIT  ?`, q.Site, q.Page, root(place), q.Limit-len(rest))
	return append(rest, older...), err
}
