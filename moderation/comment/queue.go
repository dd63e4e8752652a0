package comment

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
	ViewReported  View = "reported" // by readers, in whatever state
	ViewAppealed  View = "appealed" // refused, and their writers ask for a second look
)

// Views are all there are.
var Views = []View{ViewPending, ViewSuspected, ViewApproved, ViewRejected, ViewSpam, ViewReported, ViewAppealed}

// MaxCount is how far a view is counted: that many or more.
const MaxCount = 1_000

// Order orders a queue.
type QueueOrder string

// The orders of a queue: by arrival, or by score with the highest first, the lowest, or the nearest to a half.
const (
	OldestFirst   QueueOrder = "oldest"
	NewestFirst   QueueOrder = "newest"
	RiskiestFirst QueueOrder = "risk"
	CalmestFirst  QueueOrder = "calm"
	UsefulFirst   QueueOrder = "useful"
)

// QueueOrders are all there are.
var QueueOrders = []QueueOrder{OldestFirst, NewestFirst, RiskiestFirst, CalmestFirst, UsefulFirst}

// A Query asks for one page of a view. Search is folded already; empty matches all.
type QueueQuery struct {
	Site    int64
	View    View
	Suspect float64
	Order   QueueOrder
	Search  string
	Filter  QueueFilter
	After   *QueueCursor
	Limit   int
}

// A Request asks for one page of a view. Zero values are the defaults: pending, oldest, 50.
type QueueRequest struct {
	View   View
	Order  QueueOrder
	Search string
	Limit  int // 1 to 200
	After  string
	Fold   bool // of a campaign that waits, only the member that stands for all

	// What narrows the view: ids of a page and a writer, a language, a host, scores as "0.95..1", days or times.
	Page, Writer, Lang, Host, Score, Since, Until string

	From []float64 // scores: how many wait from each of them on is asked besides
}

// Narrowed reports whether some of the view are left out.
func (req QueueRequest) Narrowed() bool {
	return req.Search+req.Page+req.Writer+req.Lang+req.Host+req.Score+req.Since+req.Until != ""
}

// Query checks a request to a site, where comments are suspected from a score on, and fills in its
// defaults.
func (req QueueRequest) Query(site int64, suspect float64) (q QueueQuery, err error) {
	q = QueueQuery{Site: site, View: req.View, Order: req.Order, Suspect: suspect}
	if q.View == "" {
		q.View = ViewPending
	}
	if !slices.Contains(Views, q.View) {
		return q, problem.Query("state", "Ask for "+problem.Among(Views)+".")
	}
	if q.Order == "" {
		q.Order = OldestFirst
	}
	if !slices.Contains(QueueOrders, q.Order) {
		return q, problem.Query("sort", "Sort by "+problem.Among(QueueOrders)+".")
	}
	if !utf8.ValidString(req.Search) || utf8.RuneCountInString(req.Search) > maxSearch {
		return q, problem.Query("q", fmt.Sprintf("What is looked for has at most %d characters.", maxSearch))
	}
	q.Search = text.Fold(req.Search)
	if q.Filter, err = req.filter(); err != nil {
		return q, err
	}
	if q.Limit, err = PageSize(req.Limit); err != nil {
		return q, err
	}
	if req.After != "" {
		if q.After = readQueueCursor(q.Order, req.After); q.After == nil {
			return q, problem.Cursor()
		}
	}
	return q, nil
}

const (
	usualPage = 50
	mostPage  = 200
	maxSearch = 200 // characters
)

// PageSize is the length of a moderators' list: 50 unless another is asked for.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return usualPage, nil
	}
	if limit < 1 || limit > mostPage {
		return 0, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", mostPage))
	}
	return limit, nil
}
