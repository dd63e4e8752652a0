package store

import (
	"github.com/aitys/aitys/moderation/comment"
)

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
		return t.comments(shown+`
			  AND  path`+after+` ?
			ORDER  BY path
			LIMIT  ?`, q.Site, q.Page, place, q.Limit)
	}
	if place == "" {
		return t.comments(shown+`
			ORDER  BY root DESC, path
			LIMIT  ?`, q.Site, q.Page, q.Limit)
	}
	// First what is left of the thread that place is in, then the older threads: as one
	// condition the database would read the whole of that thread again for each page.
	rest, err := t.comments(shown+`
		  AND  root = ?
		  AND  path`+after+` ?
		ORDER  BY path
		LIMIT  ?`, q.Site, q.Page, root(place), place, q.Limit)
	if err != nil || len(rest) == q.Limit {
		return rest, err
	}
	older, err := t.comments(shown+`
		  AND  root < ?
		ORDER  BY root DESC, path
		LIMIT  ?`, q.Site, q.Page, root(place), q.Limit-len(rest))
	return append(rest, older...), err
}
