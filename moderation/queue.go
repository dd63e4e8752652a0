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
	Site     site.Site
	Comment  comment.Comment
	Page     site.Page
	Parent   *comment.Comment // nil for a root
	Evidence []classifier.Weight
	Reasons  []comment.LikelyReason
	Writer   comment.History
	Campaign *campaign.Summary // nil: in no campaign
	Against  report.Open       // open reports and appeal
	Notes    []rules.NamedNote // about its commenter, newest first; hidden from authors
	Approved int               // number of similar comments among the newest 200 approved ones; only for pending comments

	OwnAppeal bool // the viewer refused the comment, and another moderator decides its open appeal
}

// isFolded reports whether a list that shows campaigns as one item omits this item, because the campaign's sample
// comment is in the list.
func (i Item) isFolded(q comment.QueueQuery) bool {
	k := i.Campaign
	return i.Comment.State == comment.Pending && k != nil && k.Waiting > 1 && k.Sample != i.Comment.ID &&
		(q.View != comment.ViewSuspected || k.Score >= q.Suspect.On(i.Comment.Site))
}

// Title returns the title that the page gets when the comment is approved, or "" if approval does not change it.
func (i Item) Title() string {
	if i.Page.Title != "" || i.Comment.State == comment.Approved || i.Comment.State == comment.Removed {
		return ""
	}
	return i.Comment.PageTitle
}

// A QueuePage is one page of a view. Counts holds the count of every view; Capped says that at least one of them means
// "this many or more". From holds the number of pending comments with at least each requested score, up to
// comment.MaxCount+1.
type QueuePage struct {
	Items  []Item
	Counts map[comment.View]int
	Capped bool
	From   []int
	Next   string
}

// Queue returns one page of the site's queue. It needs an author. Authors do not see e-mail addresses.
func (s *Service) Queue(
	ctx context.Context, who authz.Actor, site site.Site, req comment.QueueRequest,
) (QueuePage, error) {
	of, err := oneSite(who, site)
	if err != nil {
		return QueuePage{}, err
	}
	return s.queue(ctx, who, of, req)
}

// AccountQueue returns one page of the queue of all sites on which the actor has a role, or of the one with the key only.
// Each site has its own threshold and its own rights, as in Queue.
func (s *Service) AccountQueue(
	ctx context.Context, who authz.Actor, only string, req comment.QueueRequest,
) (QueuePage, error) {
	of, err := s.sitesOf(ctx, who, only)
	if err != nil {
		return QueuePage{}, err
	}
	return s.queue(ctx, who, of, req)
}

// queueSites are the sites of a queue.
type queueSites struct {
	list    []site.Site
	set     comment.SiteSet
	suspect comment.Threshold
}

func oneSite(who authz.Actor, blog site.Site) (queueSites, error) {
	if err := who.Authorize(blog.ID, authz.Author, authz.ScopeRead); err != nil {
		return queueSites{}, err
	}
	return queueSites{[]site.Site{blog}, comment.OneSite(blog.ID), comment.Threshold{Score: blog.Settings.Suspect}}, nil
}

// sitesOf returns the sites on which the actor has a role, or the one with the key only.
func (s *Service) sitesOf(ctx context.Context, who authz.Actor, only string) (queueSites, error) {
	if err := who.CheckSignedIn(); err != nil {
		return queueSites{}, err
	}
	if only != "" {
		blog, err := s.work.Site(ctx, only)
		if err != nil {
			return queueSites{}, err
		}
		return oneSite(who, blog)
	}
	list, err := s.work.Sites(ctx, who)
	if err != nil {
		return queueSites{}, err
	}
	all := who.GlobalRole() != authz.NoRole
	if len(list) == 0 && !all {
		return queueSites{}, authz.NotAllowed()
	}
	of := queueSites{list: list, set: comment.SiteSet{All: all}}
	of.set.IDs = make([]int64, 0, len(list))
	thresholds := map[float64]int{}
	for _, blog := range list {
		if err := who.Authorize(blog.ID, authz.Author, authz.ScopeRead); err != nil {
			return queueSites{}, err
		}
		of.set.IDs = append(of.set.IDs, blog.ID)
		thresholds[blog.Settings.Suspect]++
	}
	for score, sites := range thresholds {
		if sites > thresholds[of.suspect.Score] {
			of.suspect.Score = score
		}
	}
	of.suspect.Other = map[int64]float64{}
	for _, blog := range list {
		if blog.Settings.Suspect != of.suspect.Score {
			of.suspect.Other[blog.ID] = blog.Settings.Suspect
		}
	}
	return of, nil
}

func (s *Service) queue(
	ctx context.Context, who authz.Actor, of queueSites, req comment.QueueRequest,
) (QueuePage, error) {
	q, err := req.Query(of.set, of.suspect)
	if err != nil {
		return QueuePage{}, err
	}
	var out QueuePage
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if out.Counts, out.Capped, err = countViews(tx, of); err != nil {
			return err
		}
		out.From = make([]int, len(req.From))
		for i, score := range req.From {
			out.From[i], err = tx.CountQueue(of.set, comment.ViewSuspected, comment.Threshold{Score: score}, comment.MaxCount+1)
			if err != nil {
				return fmt.Errorf("count from %v: %w", score, err)
			}
		}
		return err
	})
	if err == nil {
		err = s.readItems(ctx, &out, who, q, req.Fold && !req.Narrowed())
	}
	if err == nil {
		err = s.addEvidence(ctx, who, out.Items)
	}
	if err != nil {
		return QueuePage{}, fmt.Errorf("read queue: %w", err)
	}
	out.Items = of.withSite(out.Items)
	return out, nil
}

// withSite sets the site of each item. It drops items of sites that were added after of was read.
func (of queueSites) withSite(list []Item) []Item {
	known := list[:0]
	for _, it := range list {
		at := slices.IndexFunc(of.list, func(blog site.Site) bool { return blog.ID == it.Comment.Site })
		if at >= 0 {
			it.Site = of.list[at]
			known = append(known, it)
		}
	}
	return known
}

// bySite groups items by their site.
func bySite(list []Item) map[int64][]*Item {
	sites := map[int64][]*Item{}
	for i := range list {
		site := list[i].Comment.Site
		sites[site] = append(sites[site], &list[i])
	}
	return sites
}

func commentsOf(list []*Item) []comment.Comment {
	comments := make([]comment.Comment, len(list))
	for i, it := range list {
		comments[i] = it.Comment
	}
	return comments
}

// readItems reads the items of a page. When campaigns are folded, it reads at most foldedReads batches, so the page may
// be short. out.Next tells whether there are more.
func (s *Service) readItems(
	ctx context.Context, out *QueuePage, who authz.Actor, q comment.QueueQuery, fold bool,
) error {
	limit, reads := q.Limit, 1
	if fold {
		q.Limit, reads = foldedBatch, foldedReads
	}
	for range reads {
		var list []Item
		var next *comment.QueueCursor
		err := s.work.View(ctx, func(tx Tx) error {
			found, after, err := queuePage(tx, q, matcher(who, q))
			if err != nil {
				return err
			}
			next = after
			list, err = items(tx, who, found)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.addCampaigns(ctx, list); err != nil {
			return err
		}
		for i, item := range list {
			if fold && item.isFolded(q) {
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
		out.Next = next.Encode(q.Order)
		if len(out.Items) >= limit {
			return nil
		}
		q.After = next
	}
	return nil
}

// Batch size, and maximum number of batches per page, when campaigns are folded.
const (
	foldedBatch = 200
	foldedReads = 10
)

// QueueCounts returns only the counts of a QueuePage.
func (s *Service) QueueCounts(
	ctx context.Context, who authz.Actor, site site.Site,
) (counts map[comment.View]int, capped bool, err error) {
	of, err := oneSite(who, site)
	if err != nil {
		return nil, false, err
	}
	return s.queueCounts(ctx, of)
}

// AccountQueueCounts returns only the counts of the QueuePage of all sites of the actor.
func (s *Service) AccountQueueCounts(
	ctx context.Context, who authz.Actor,
) (counts map[comment.View]int, capped bool, err error) {
	of, err := s.sitesOf(ctx, who, "")
	if err != nil {
		return nil, false, err
	}
	return s.queueCounts(ctx, of)
}

func (s *Service) queueCounts(
	ctx context.Context, of queueSites,
) (counts map[comment.View]int, capped bool, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		counts, capped, err = countViews(tx, of)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("count queue: %w", err)
	}
	return counts, capped, nil
}

func countViews(tx Tx, of queueSites) (counts map[comment.View]int, capped bool, err error) {
	counts = make(map[comment.View]int, len(comment.Views))
	for _, view := range comment.Views {
		n, err := tx.CountQueue(of.set, view, of.suspect, comment.MaxCount+1)
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

// searchText returns the text in which the actor's searches look. E-mail addresses are hidden from authors.
func searchText(a authz.Actor, c comment.Comment) string {
	if a.Role(c.Site) < authz.Moderator {
		c.Email = ""
	}
	return comment.SearchText(c)
}

// matcher returns a function that reports whether a comment belongs in the actor's list. The store's search also
// matches e-mail addresses, which authors must not find out, and matches a host anywhere in the text.
func matcher(a authz.Actor, q comment.QueueQuery) func(comment.Comment) bool {
	return func(c comment.Comment) bool {
		if q.Search != "" && a.Role(c.Site) < authz.Moderator && !strings.Contains(searchText(a, c), q.Search) {
			return false
		}
		return q.Filter.Host == "" || c.Leads(q.Filter.Host)
	}
}

// queuePage reads one page of comments and the cursor of the next.
func queuePage(
	tx Tx, q comment.QueueQuery, keep func(comment.Comment) bool,
) (list []comment.Comment, next *comment.QueueCursor, err error) {
	limit := q.Limit
	q.Limit++ // one more, to see whether there is a next page
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

// addCampaigns adds the campaigns of comments, and their open reports and appeals.
func (s *Service) addCampaigns(ctx context.Context, list []Item) error {
	refs := make([]site.Ref, len(list))
	for i, it := range list {
		refs[i] = site.Ref{Site: it.Comment.Site, ID: it.Comment.ID}
	}
	of, err := s.campaigns.CampaignsOf(ctx, refs)
	if err != nil {
		return err
	}
	for i, ref := range refs {
		if k, ok := of[ref]; ok {
			list[i].Campaign = &k
		}
	}
	for blog, list := range bySite(list) {
		against, err := s.reports.OpenByComment(ctx, blog, commentsOf(list))
		if err != nil {
			return err
		}
		for _, it := range list {
			it.Against = against[it.Comment.ID]
		}
	}
	return nil
}

// addEvidence adds the number of similar approved comments for pending ones, moderators' notes, the classifier's
// current evidence, and a signal for reports. The report signal is not part of the stored verdict. For authors, e-mail
// addresses and evidence from them are removed.
func (s *Service) addEvidence(ctx context.Context, who authz.Actor, list []Item) error {
	comments := make([]comment.Comment, len(list))
	for i, it := range list {
		comments[i] = it.Comment
	}
	about, err := s.rules.Notes(ctx, comment.WriterRefs(comments))
	if err != nil {
		return err
	}
	for blog, list := range bySite(list) {
		moderates := who.Role(blog) >= authz.Moderator
		all := commentsOf(list)
		waiting := slices.DeleteFunc(slices.Clone(all), func(c comment.Comment) bool { return c.State != comment.Pending })
		like, err := s.campaigns.ApprovedDuplicates(ctx, blog, waiting)
		if err != nil {
			return err
		}
		for _, item := range list {
			item.Approved, item.Notes = like[item.Comment.ID], about[site.Ref{Site: blog, ID: string(item.Comment.Writer)}]
			if !moderates {
				item.Comment.Email, item.Comment.Search, item.Against, item.Notes = "", "", report.Open{}, nil
				if item.Parent != nil {
					item.Parent.Email, item.Parent.Search = "", ""
				}
			}
			if n := len(item.Against.Reports); n > 0 {
				v := &item.Comment.Verdict
				v.Signals = append(slices.Clone(v.Signals), comment.ReportSignal(n))
			}
			item.Evidence, item.Reasons = s.judge.Evidence(ctx, item.Comment)
		}
	}
	return nil
}
