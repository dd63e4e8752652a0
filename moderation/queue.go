package moderation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
)

// An Item is a comment as a moderator sees it.
type Item struct {
	Comment  comment.Comment
	Page     site.Page
	Parent   *comment.Comment // nil for a root
	Evidence []classifier.Weight
	Reasons  []comment.LikelyReason
	Writer   comment.History
	Campaign *campaign.Known // nil: it is like no other
	Against  report.Open     // what is open against it
	Notes    []rules.Noted   // about its writer, newest first; an author is shown none
	Approved int             // comments that it is like among the newest 200 approved; counted while it waits
}

// folds reports whether another comment stands for an item in a list, where a campaign is shown as one: one that
// is in the list itself.
func (i Item) folds(q comment.QueueQuery) bool {
	k := i.Campaign
	return i.Comment.State == comment.Pending && k != nil && k.Waiting > 1 && k.Sample != i.Comment.ID &&
		(q.View != comment.ViewSuspected || k.Score >= q.Suspect)
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
	ctx context.Context, who authz.Actor, site site.Site, req comment.QueueRequest,
) (QueuePage, error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return QueuePage{}, err
	}
	q, err := req.Query(site.ID, site.Settings.Suspect)
	if err != nil {
		return QueuePage{}, err
	}
	var out QueuePage
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if out.Counts, out.Capped, err = countViews(tx, site); err != nil {
			return err
		}
		out.From = make([]int, len(req.From))
		for i, score := range req.From {
			if out.From[i], err = tx.CountQueue(site.ID, comment.ViewSuspected, score, comment.MaxCount+1); err != nil {
				return fmt.Errorf("count from %v: %w", score, err)
			}
		}
		return err
	})
	if err == nil {
		err = s.fill(ctx, &out, who, q, req.Fold && !req.Narrowed())
	}
	if err == nil {
		err = s.explain(ctx, who, site.ID, out.Items)
	}
	if err != nil {
		return QueuePage{}, fmt.Errorf("read queue: %w", err)
	}
	return out, nil
}

// fill reads the items of a page. Where a campaign is shown as one, it looks at so many comments at most, and
// the page may be short; what is next says whether there is more.
func (s *Service) fill(
	ctx context.Context, out *QueuePage, who authz.Actor, q comment.QueueQuery, fold bool,
) error {
	limit, reads := q.Limit, 1
	if fold {
		q.Limit, reads = foldedRead, foldedReads
	}
	for range reads {
		var list []Item
		var next *comment.QueueCursor
		err := s.work.View(ctx, func(tx Tx) error {
			found, after, err := queuePage(tx, q, finds(who, q))
			if err != nil {
				return err
			}
			next = after
			list, err = items(tx, q.Site, found)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.likenesses(ctx, q.Site, list); err != nil {
			return err
		}
		for i, item := range list {
			if fold && item.folds(q) {
				continue
			}
			if out.Items = append(out.Items, item); fold && len(out.Items) == limit && i+1 < len(list) {
				next = comment.CursorOf(item.Comment)
				break
			}
		}
		out.Next = ""
		if next == nil {
			return nil
		}
		out.Next = next.Write(q.Order)
		if len(out.Items) >= limit {
			return nil
		}
		q.After = next
	}
	return nil
}

// Where campaigns are shown as one, comments are read so many at a time, so many times for a page.
const (
	foldedRead  = 200
	foldedReads = 10
)

// QueueCounts returns the counts alone.
func (s *Service) QueueCounts(
	ctx context.Context, who authz.Actor, site site.Site,
) (counts map[comment.View]int, capped bool, err error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeRead); err != nil {
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

func countViews(tx Tx, site site.Site) (counts map[comment.View]int, capped bool, err error) {
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
func finds(a authz.Actor, q comment.QueueQuery) func(comment.Comment) bool {
	return func(c comment.Comment) bool {
		if q.Search != "" && a.Role(q.Site) < authz.Moderator {
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
) (list []comment.Comment, next *comment.QueueCursor, err error) {
	limit := q.Limit
	q.Limit++ // one more shows whether there is a next page
	for {
		found, err := tx.Queue(q)
		if err != nil {
			return nil, nil, err
		}
		for _, c := range found {
			if !keep(c) {
				continue
			}
			if len(list) == limit {
				return list, comment.CursorOf(list[limit-1]), nil
			}
			list = append(list, c)
		}
		if len(found) < q.Limit {
			return list, nil, nil
		}
		q.After = comment.CursorOf(found[len(found)-1])
	}
}

// likenesses adds the campaigns that comments are in, and what is open against them.
func (s *Service) likenesses(ctx context.Context, site int64, list []Item) error {
	ids, comments := make([]string, len(list)), make([]comment.Comment, len(list))
	for i, it := range list {
		ids[i], comments[i] = it.Comment.ID, it.Comment
	}
	against, err := s.complaints.Against(ctx, site, comments)
	if err != nil {
		return err
	}
	of, err := s.alike.Of(ctx, site, ids)
	for i, id := range ids {
		list[i].Against = against[id]
		if k, ok := of[id]; ok {
			list[i].Campaign = &k
		}
	}
	return err
}

// explain adds how many were approved that are like a comment which waits, what moderators noted about its writer, for
// one another, the classifier's evidence as it is now, and that readers reported it: their reports stand beside its
// verdict and are no part of it. An author is shown no e-mail, nor what the classifier makes of one.
func (s *Service) explain(ctx context.Context, who authz.Actor, site int64, list []Item) error {
	moderates := who.Role(site) >= authz.Moderator
	var all, waiting []comment.Comment
	for _, it := range list {
		if all = append(all, it.Comment); it.Comment.State == comment.Pending {
			waiting = append(waiting, it.Comment)
		}
	}
	like, err := s.alike.ApprovedLike(ctx, site, waiting)
	if err != nil {
		return err
	}
	about, err := s.rules.Notes(ctx, site, comment.Writers(all))
	for i := range list {
		item := &list[i]
		item.Approved, item.Notes = like[item.Comment.ID], about[string(item.Comment.Writer)]
		if !moderates {
			item.Comment.Email, item.Comment.Search, item.Against, item.Notes = "", "", report.Open{}, nil
			if item.Parent != nil {
				item.Parent.Email, item.Parent.Search = "", ""
			}
		}
		if n := len(item.Against.Reports); n > 0 {
			v := &item.Comment.Verdict
			v.Signals = append(slices.Clone(v.Signals), comment.ReportedBy(n))
		}
		item.Evidence, item.Reasons = s.judge.Evidence(ctx, item.Comment)
	}
	return err
}
