package moderation

import (
	"context"
	"fmt"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// An Item is a comment as a moderator sees it.
type Item struct {
	Comment  comment.Comment
	Page     ground.Page
	Parent   *comment.Comment // nil for a root
	Evidence []classifier.Weight
	Reasons  []comment.LikelyReason
	Writer   comment.History
}

// Title is the title that its page gets, for everybody to see, when the comment is approved; "" where that
// changes nothing.
func (i Item) Title() string {
	if i.Page.Title != "" || i.Comment.State == comment.Approved || i.Comment.State == comment.Removed {
		return ""
	}
	return i.Comment.PageTitle
}

// A QueuePage is one page of a view. Counts has every view's name; Capped says that some of
// them stand for "this many or more". From has how many wait from each score on that the request
// asked about, comment.MaxCount+1 for more than that.
type QueuePage struct {
	Items  []Item
	Counts map[comment.View]int
	Capped bool
	From   []int
	Next   string
}

// Queue returns one page of a site's queue: to a moderator, and without e-mail to an author.
func (s *Service) Queue(
	ctx context.Context, who people.Actor, site ground.Site, req comment.QueueRequest,
) (QueuePage, error) {
	if err := who.May(site.ID, people.Author, people.ScopeRead); err != nil {
		return QueuePage{}, err
	}
	q, err := req.Query(site.ID, site.Settings.Suspect)
	if err != nil {
		return QueuePage{}, err
	}
	var out QueuePage
	err = s.work.View(ctx, func(tx Tx) (err error) {
		var list []comment.Comment
		if list, out.Next, err = queuePage(tx, q, finds(who, q)); err != nil {
			return err
		}
		if out.Counts, out.Capped, err = countViews(tx, site); err != nil {
			return err
		}
		out.From = make([]int, len(req.From))
		for i, score := range req.From {
			if out.From[i], err = tx.CountQueue(site.ID, comment.ViewSuspected, score, comment.MaxCount+1); err != nil {
				return fmt.Errorf("count from %v: %w", score, err)
			}
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
func (s *Service) QueueCounts(
	ctx context.Context, who people.Actor, site ground.Site,
) (counts map[comment.View]int, capped bool, err error) {
	if err := who.May(site.ID, people.Author, people.ScopeRead); err != nil {
		return nil, false, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		counts, capped, err = countViews(tx, site)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("count queue: %w", err)
	}
	return counts, capped, nil
}

func countViews(tx Tx, site ground.Site) (counts map[comment.View]int, capped bool, err error) {
	counts = make(map[comment.View]int, len(comment.Views))
	for _, view := range comment.Views {
		n, err := tx.CountQueue(site.ID, view, site.Settings.Suspect, comment.MaxCount+1)
		if err != nil {
			return nil, false, fmt.Errorf("count %s: %w", view, err)
		}
		if n > comment.MaxCount {
			n, capped = comment.MaxCount, true
		}
		counts[view] = n
	}
	return counts, capped, nil
}

// finds returns what keeps a comment in an actor's list. The store's search looks through
// e-mails too, and for a host anywhere: whoever may not see e-mails must not find by them.
func finds(a people.Actor, q comment.QueueQuery) func(comment.Comment) bool {
	return func(c comment.Comment) bool {
		if q.Search != "" && a.Role(q.Site) < people.Moderator {
			c.Email = ""
			if !strings.Contains(comment.SearchText(c), q.Search) {
				return false
			}
		}
		return q.Filter.Host == "" || c.Leads(q.Filter.Host)
	}
}

// queuePage reads one page of comments and the cursor of the next.
func queuePage(
	tx Tx, q comment.QueueQuery, keep func(comment.Comment) bool,
) (list []comment.Comment, next string, err error) {
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
				return list, comment.CursorOf(list[limit-1]).Write(q.Order), nil
			}
			list = append(list, c)
		}
		if len(found) < q.Limit {
			return list, "", nil
		}
		q.After = comment.CursorOf(found[len(found)-1])
	}
}

// explain adds the classifier's evidence as it is now. An author is shown no e-mail, nor what
// the classifier makes of one.
func (s *Service) explain(ctx context.Context, who people.Actor, site int64, list []Item) {
	for i := range list {
		item := &list[i]
		if who.Role(site) < people.Moderator {
			item.Comment.Email, item.Comment.Search = "", ""
			if item.Parent != nil {
				item.Parent.Email, item.Parent.Search = "", ""
			}
		}
		item.Evidence, item.Reasons = s.judge.Evidence(ctx, item.Comment)
	}
}
