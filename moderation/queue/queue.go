// Package queue is what moderators ask of the comments of a site: a view, an order, a page of it, and where
// the next page begins.
//
// It reads requests and cursors, both of them strangers' bytes, and makes queries of them; who may ask,
// and what is found, is not its business.
package queue

import (
	"slices"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// View is one list of the queue.
type View string

// The views.
const (
	ViewPending   View = "pending"
	ViewSuspected View = "suspected"
	ViewApproved  View = "approved"
	ViewRejected  View = "rejected"
	ViewSpam      View = "spam"
	ViewReported  View = "reported" // empty until built
	ViewAppealed  View = "appealed" // empty until built
)

// Views are all there are; the last two are empty until readers can report and appeal.
var Views = []View{ViewPending, ViewSuspected, ViewApproved, ViewRejected, ViewSpam, ViewReported, ViewAppealed}

// Order orders a queue.
type Order string

// The orders of a queue: by arrival, or by score with the highest first.
const (
	Oldest Order = "oldest"
	Newest Order = "newest"
	Risk   Order = "risk"
)

// A Query asks for one page of a view. Search is folded already; empty matches all.
type Query struct {
	Site    int64
	View    View
	Suspect float64
	Order   Order
	Search  string
	After   *Cursor
	Limit   int
}

// A Request asks for one page of a view. Zero values are the defaults: pending, oldest, 50.
type Request struct {
	View   View
	Order  Order
	Search string
	Limit  int // 1 to 200
	After  string
}

// Query checks a request to a site, where comments are suspected from a score on, and fills in its
// defaults.
func (req Request) Query(site int64, suspect float64) (q Query, err error) {
	q = Query{Site: site, View: req.View, Order: req.Order, Suspect: suspect}
	if q.View == "" {
		q.View = ViewPending
	}
	if !slices.Contains(Views, q.View) {
		return q, problem.Query("state is one of pending, suspected, approved, rejected, spam, reported and appealed.")
	}
	switch q.Order {
	case "":
		q.Order = Oldest
	case Oldest, Newest, Risk:
	default:
		return q, problem.Query("sort is oldest, newest or risk.")
	}
	if !utf8.ValidString(req.Search) || utf8.RuneCountInString(req.Search) > 200 {
		return q, problem.Query("q is text of at most 200 characters.")
	}
	q.Search = text.Fold(req.Search)
	if q.Limit, err = PageSize(req.Limit); err != nil {
		return q, err
	}
	if req.After != "" {
		if q.After = readCursor(q.Order, req.After); q.After == nil {
			return q, problem.Cursor()
		}
	}
	return q, nil
}

// PageSize is the length of a moderators' list: 50 unless another is asked for.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return 50, nil
	}
	if limit < 1 || limit > 200 {
		return 0, problem.Query("limit is between 1 and 200.")
	}
	return limit, nil
}
