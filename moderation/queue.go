package moderation

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// maxCount is how far a view is counted.
const maxCount = 1_000

// views are all there are; the last two are empty until readers can report and appeal.
var views = []View{ViewPending, ViewSuspected, ViewApproved, ViewRejected, ViewSpam, ViewReported, ViewAppealed}

// A QueueRequest asks for one page of a view. Zero values are the defaults: pending, oldest, 50.
type QueueRequest struct {
	View   View
	Order  QueueOrder
	Search string
	Limit  int // 1 to 200
	After  string
}

// An Item is a comment as a moderator sees it.
type Item struct {
	Comment  comment.Comment
	Page     Page
	Parent   *comment.Comment // nil for a root
	Evidence []classifier.Weight
	Reasons  []LikelyReason
	Writer   comment.History
}

// A QueuePage is one page of a view. Counts has every view's name; Capped says that some of
// them stand for "this many or more".
type QueuePage struct {
	Items  []Item
	Counts map[View]int
	Capped bool
	Next   string
}

// Queue returns one page of a site's queue: to a moderator, and without e-mail to an author.
func (s *Service) Queue(ctx context.Context, who people.Actor, site Site, req QueueRequest) (QueuePage, error) {
	if err := who.May(site.ID, people.Author, people.ScopeRead); err != nil {
		return QueuePage{}, err
	}
	q, err := req.query(site)
	if err != nil {
		return QueuePage{}, err
	}
	var out QueuePage
	err = s.view(ctx, func(tx Tx) (err error) {
		var list []comment.Comment
		if list, out.Next, err = queuePage(tx, q, finds(who, q)); err != nil {
			return err
		}
		if out.Counts, out.Capped, err = countViews(tx, site); err != nil {
			return err
		}
		out.Items, err = items(tx, site.ID, list)
		return err
	})
	if err != nil {
		return QueuePage{}, fmt.Errorf("read queue: %w", err)
	}
	s.explain(ctx, who, site.ID, out.Items)
	return out, nil
}

// QueueCounts returns the counts alone.
func (s *Service) QueueCounts(ctx context.Context, who people.Actor, site Site) (counts map[View]int, capped bool, err error) {
	if err := who.May(site.ID, people.Author, people.ScopeRead); err != nil {
		return nil, false, err
	}
	err = s.view(ctx, func(tx Tx) (err error) {
		counts, capped, err = countViews(tx, site)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("count queue: %w", err)
	}
	return counts, capped, nil
}

func countViews(tx Tx, site Site) (counts map[View]int, capped bool, err error) {
	counts = make(map[View]int, len(views))
	for _, view := range views {
		n, err := tx.CountQueue(site.ID, view, site.Settings.Suspect, maxCount+1)
		if err != nil {
			return nil, false, fmt.Errorf("count %s: %w", view, err)
		}
		if n > maxCount {
			n, capped = maxCount, true
		}
		counts[view] = n
	}
	return counts, capped, nil
}

// query checks a request and fills in its defaults.
func (req QueueRequest) query(site Site) (q QueueQuery, err error) {
	q = QueueQuery{Site: site.ID, View: req.View, Order: req.Order, Suspect: site.Settings.Suspect}
	if q.View == "" {
		q.View = ViewPending
	}
	if !slices.Contains(views, q.View) {
		return q, problem.Query("state is one of pending, suspected, approved, rejected, spam, reported and appealed.")
	}
	switch q.Order {
	case "":
		q.Order = QueueOldest
	case QueueOldest, QueueNewest, QueueRisk:
	default:
		return q, problem.Query("sort is oldest, newest or risk.")
	}
	if !utf8.ValidString(req.Search) || utf8.RuneCountInString(req.Search) > 200 {
		return q, problem.Query("q is text of at most 200 characters.")
	}
	q.Search = text.Fold(req.Search)
	if q.Limit, err = pageSize(req.Limit); err != nil {
		return q, err
	}
	if req.After != "" {
		if q.After = readCursor(q.Order, req.After); q.After == nil {
			return q, problem.Cursor()
		}
	}
	return q, nil
}

// finds returns what keeps a comment in an actor's list. The store's search looks through
// e-mails too: whoever may not see them must not find by them.
func finds(a people.Actor, q QueueQuery) func(comment.Comment) bool {
	if a.Role(q.Site) >= people.Moderator || q.Search == "" {
		return func(comment.Comment) bool { return true }
	}
	return func(c comment.Comment) bool {
		c.Email = ""
		return strings.Contains(comment.SearchText(c), q.Search)
	}
}

// queuePage reads one page of comments and the cursor of the next.
func queuePage(tx Tx, q QueueQuery, keep func(comment.Comment) bool) (list []comment.Comment, next string, err error) {
	limit := q.Limit
	q.Limit++ // one more shows whether there is a next page
	for {
		found, err := tx.Queue(q)
		if err != nil {
			return nil, "", err
		}
		for _, c := range found {
			if !keep(c) {
				continue
			}
			if len(list) == limit {
				return list, cursorOf(list[limit-1]).write(q.Order), nil
			}
			list = append(list, c)
		}
		if len(found) < q.Limit {
			return list, "", nil
		}
		q.After = cursorOf(found[len(found)-1])
	}
}

func cursorOf(c comment.Comment) *QueueCursor {
	return &QueueCursor{At: c.CreatedAt, ID: c.ID, Score: c.Verdict.Score}
}

// write makes a cursor opaque. It holds the order, since in another it means nothing.
func (c QueueCursor) write(order QueueOrder) string {
	raw := []byte{order[0]}
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.At.UnixMicro()))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(c.Score))
	return base64.RawURLEncoding.EncodeToString(append(raw, c.ID...))
}

// readCursor returns nil for what is no cursor of that order.
func readCursor(order QueueOrder, text string) *QueueCursor {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 18 || len(raw) > 80 || raw[0] != order[0] {
		return nil
	}
	c := QueueCursor{
		At:    time.UnixMicro(int64(binary.BigEndian.Uint64(raw[1:]))).UTC(),
		Score: math.Float64frombits(binary.BigEndian.Uint64(raw[9:])),
		ID:    string(raw[17:]),
	}
	if !(c.Score >= 0 && c.Score <= 1) || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil
	}
	return &c
}
