package moderation

import (
	"context"
	"fmt"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/queue"
)

// An Item is a comment as a moderator sees it.
type Item struct {
	Comment  comment.Comment
	Page     ground.Page
	Parent   *comment.Comment // nil for a root
	Evidence []classifier.Weight
	Reasons  []LikelyReason
	Writer   comment.History
}

// A QueuePage is one page of a view. Counts has every view's name; Capped says that some of
// them stand for "this many or more".
type QueuePage struct {
	Items  []Item
	Counts map[queue.View]int
	Capped bool
	Next   string
}

// Queue returns one page of a site's queue: to a moderator, and without e-mail to an author.
func (s *Service) Queue(ctx context.Context, who people.Actor, site ground.Site, req queue.Request) (QueuePage, error) {
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
func (s *Service) QueueCounts(ctx context.Context, who people.Actor, site ground.Site) (counts map[queue.View]int, capped bool, err error) {
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

func countViews(tx Tx, site ground.Site) (counts map[queue.View]int, capped bool, err error) {
	counts = make(map[queue.View]int, len(queue.Views))
	for _, view := range queue.Views {
		n, err := tx.CountQueue(site.ID, view, site.Settings.Suspect, queue.MaxCount+1)
		if err != nil {
			return nil, false, fmt.Errorf("count %s: %w", view, err)
		}
		if n > queue.MaxCount {
			n, capped = queue.MaxCount, true
		}
		counts[view] = n
	}
	return counts, capped, nil
}

// finds returns what keeps a comment in an actor's list. The store's search looks through
// e-mails too: whoever may not see them must not find by them.
func finds(a people.Actor, q queue.Query) func(comment.Comment) bool {
	if a.Role(q.Site) >= people.Moderator || q.Search == "" {
		return func(comment.Comment) bool { return true }
	}
	return func(c comment.Comment) bool {
		c.Email = ""
		return strings.Contains(comment.SearchText(c), q.Search)
	}
}

// queuePage reads one page of comments and the cursor of the next.
func queuePage(tx Tx, q queue.Query, keep func(comment.Comment) bool) (list []comment.Comment, next string, err error) {
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
				return list, queue.CursorOf(list[limit-1]).Write(q.Order), nil
			}
			list = append(list, c)
		}
		if len(found) < q.Limit {
			return list, "", nil
		}
		q.After = queue.CursorOf(found[len(found)-1])
	}
}
