package comment

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A View is one list of the queue.
type View string

// The views.
const (
	ViewPending   View = "pending"
	ViewSuspected View = "suspected"
	ViewApproved  View = "approved"
	ViewRejected  View = "rejected"
	ViewSpam      View = "spam"
	ViewReported  View = "reported" // reported by readers, in any state
	ViewAppealed  View = "appealed" // refused, with an open appeal
	ViewAll       View = "all"      // in any state, except removed
)

// Views lists the views that are counted.
var Views = []View{ViewPending, ViewSuspected, ViewApproved, ViewRejected, ViewSpam, ViewReported, ViewAppealed}

// MaxCount is the largest count of a view that is shown; it then means "this many or more".
const MaxCount = 1_000

// QueueCounts are the comments of a site that need a moderator. Oldest is when the oldest pending comment arrived; zero
// without one.
type QueueCounts struct {
	Pending, Suspected, Reported, Appealed int
	Oldest                                 time.Time
}

// A QueueOrder is the sort order of a queue.
type QueueOrder string

// The orders of a queue: by arrival, or by score. RiskiestFirst sorts by the highest score, CalmestFirst by the lowest,
// UsefulFirst by the distance from 0.5.
const (
	OldestFirst   QueueOrder = "oldest"
	NewestFirst   QueueOrder = "newest"
	RiskiestFirst QueueOrder = "risk"
	CalmestFirst  QueueOrder = "calm"
	UsefulFirst   QueueOrder = "useful"
)

// QueueOrders lists all orders.
var QueueOrders = []QueueOrder{OldestFirst, NewestFirst, RiskiestFirst, CalmestFirst, UsefulFirst}

// A SiteSet is the sites whose comments a query reads. All says that IDs holds every site.
type SiteSet struct {
	IDs []int64
	All bool
}

// OneSite returns the set of one site.
func OneSite(id int64) SiteSet { return SiteSet{IDs: []int64{id}} }

// A Threshold is the score from which comments are suspected: Score, except on the sites in Other.
type Threshold struct {
	Score float64
	Other map[int64]float64
}

// On returns the threshold of a site.
func (t Threshold) On(site int64) float64 {
	if score, ok := t.Other[site]; ok {
		return score
	}
	return t.Score
}

// A QueueQuery selects one page of a view. Search is already folded; empty matches everything.
type QueueQuery struct {
	Sites   SiteSet
	View    View
	Suspect Threshold
	Order   QueueOrder
	Search  string
	Filter  QueueFilter
	After   *QueueCursor
	Limit   int
}

// A QueueRequest asks for one page of a view. Zero values are the defaults: pending, oldest first, 50 comments.
type QueueRequest struct {
	View   View
	Order  QueueOrder
	Search string
	Limit  int // 1 to 200
	After  string
	Fold   bool // show only the sample comment of a pending campaign

	// Filters: IDs of a page and a commenter, a language, a host, a score range such as "0.95..1", and days or times.
	Page, Writer, Lang, Host, Score, Since, Until string

	From []float64 // scores: also count the pending comments with at least each of them
}

// Narrowed reports whether the request filters the view.
func (req QueueRequest) Narrowed() bool {
	return req.Search+req.Page+req.Writer+req.Lang+req.Host+req.Score+req.Since+req.Until != ""
}

// Query validates the request and fills in defaults.
func (req QueueRequest) Query(sites SiteSet, suspect Threshold) (q QueueQuery, err error) {
	q = QueueQuery{Sites: sites, View: req.View, Order: req.Order, Suspect: suspect}
	if q.View == "" {
		q.View = ViewPending
	}
	if views := append(slices.Clone(Views), ViewAll); !slices.Contains(views, q.View) {
		return q, problem.Query("state", "Ask for "+problem.Among(views)+".")
	}
	if q.Order == "" {
		q.Order = OldestFirst
	}
	if !slices.Contains(QueueOrders, q.Order) {
		return q, problem.Query("sort", "Sort by "+problem.Among(QueueOrders)+".")
	}
	if !utf8.ValidString(req.Search) || utf8.RuneCountInString(req.Search) > maxSearch {
		return q, problem.Query("q", fmt.Sprintf("A search has at most %d characters.", maxSearch))
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
	defaultPageSize = 50
	maxPageSize     = 200
	maxSearch       = 200 // characters
)

// PageSize validates the requested length of a list for moderators. Zero means 50.
func PageSize(limit int) (int, error) {
	if limit == 0 {
		return defaultPageSize, nil
	}
	if limit < 1 || limit > maxPageSize {
		return 0, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", maxPageSize))
	}
	return limit, nil
}
