// Package queue is what moderators ask of the comments of a site: a view, an order, a page of it, and where
// the next page begins.
//
// It reads requests and cursors, both of them strangers' bytes, and makes queries of them; who may ask,
// and what is found, is not its business.
package queue

import (
	"fmt"
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

// MaxCount is how far a view is counted: that many or more.
const MaxCount = 1_000

// Order orders a queue.
type Order string

// The orders of a queue: by arrival, or by score with the highest first.
const (
	Oldest Order = "oldest"
	Newest Order = "newest"
	Risk   Order = "risk"
)

// Orders are all there are.
var Orders = []Order{Oldest, Newest, Risk}

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
		return q, problem.Query("state", "Ask for "+problem.Among(Views)+".")
	}
	if q.Order == "" {
		q.Order = Oldest
	}
	if !slices.Contains(Orders, q.Order) {
		return q, problem.Query("sort", "Sort by "+problem.Among(Orders)+".")
	}
	if !utf8.ValidString(req.Search) || utf8.RuneCountInString(req.Search) > maxSearch {
		return q, problem.Query("q", fmt.Sprintf("What is looked for has at most %d characters.", maxSearch))
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

const (
	usual     = 50
	most      = 200
	maxSearch = 200 // characters
)

// PageSize is the length of a moderators' list: 50 unless another is asked for.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return usual, nil
	}
	if limit < 1 || limit > most {
		return 0, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", most))
	}
	return limit, nil
}
