package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// An ItemHistory is a comment as a moderator sees it, with its log entries, oldest first.
type ItemHistory struct {
	Item
	History []auditlog.NamedEntry
}

// Item returns one comment with its history. Moderators see everything; authors do not see the e-mail address.
func (s *Service) Item(
	ctx context.Context, who authz.Actor, site site.Site, id string,
) (Item, []auditlog.NamedEntry, error) {
	found, err := s.ItemHistories(ctx, who, site, id)
	if err != nil {
		return Item{}, nil, err
	}
	if len(found) == 0 {
		return Item{}, nil, unknownComment()
	}
	return found[0].Item, found[0].History, nil
}

// SiteOfComment returns the one of sites that has a comment. It needs an author on each of sites.
func (s *Service) SiteOfComment(ctx context.Context, who authz.Actor, sites []site.Site, id string) (found site.Site, err error) {
	ids := make([]int64, len(sites))
	for i, blog := range sites {
		if err := who.Authorize(blog.ID, authz.Author, authz.ScopeRead); err != nil {
			return site.Site{}, err
		}
		ids[i] = blog.ID
	}
	if !txn.IsID(id) {
		return site.Site{}, unknownComment()
	}
	err = s.work.View(ctx, func(tx Tx) error {
		has, err := tx.SiteOfComment(ids, id)
		if err == nil {
			found = sites[slices.Index(ids, has)]
		}
		return err
	})
	if errors.Is(err, txn.ErrNotFound) {
		return site.Site{}, unknownComment()
	}
	if err != nil {
		return site.Site{}, fmt.Errorf("find a comment's site: %w", err)
	}
	return found, nil
}

// ItemHistories returns comments with their histories, like Item, in the order of ids. IDs that are unknown on the site
// are left out.
func (s *Service) ItemHistories(
	ctx context.Context, who authz.Actor, site site.Site, ids ...string,
) ([]ItemHistory, error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !txn.IsID(id) })
	var list []Item
	var logged []auditlog.NamedEntry
	err := s.work.View(ctx, func(tx Tx) error {
		found, err := tx.CommentsByID(site.ID, unique(slices.Clone(ids)))
		if err != nil || len(found) == 0 {
			return err
		}
		slices.SortFunc(found, func(a, b comment.Comment) int {
			return slices.Index(ids, a.ID) - slices.Index(ids, b.ID)
		})
		if list, err = items(tx, who, found); err != nil {
			return err
		}
		decisions, err := tx.DecisionsOf(site.ID, ids...)
		if err != nil {
			return err
		}
		logged, err = auditlog.WithNames(tx, decisions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	for i := range list {
		list[i].Site = site
	}
	if err := s.addCampaigns(ctx, list); err != nil {
		return nil, err
	}
	if err := s.addEvidence(ctx, who, list); err != nil {
		return nil, err
	}
	past := map[string][]auditlog.NamedEntry{}
	for _, e := range logged {
		past[e.Comment] = append(past[e.Comment], e)
	}
	stories := make([]ItemHistory, len(list))
	for i, it := range list {
		stories[i] = ItemHistory{it, withAutoApprovals(it.Comment, past[it.Comment.ID])}
	}
	return stories, nil
}

// ChangedItems returns those of the known comments that have a newer version, like ItemHistories, in the order of
// known.
func (s *Service) ChangedItems(ctx context.Context, who authz.Actor, site site.Site, known ...Ref) ([]ItemHistory, error) {
	var ids, moved []string
	for _, ref := range known {
		if txn.IsID(ref.ID) {
			ids = append(ids, ref.ID)
		}
	}
	at := map[string]int64{}
	err := s.work.ViewUnisolated(ctx, func(tx Tx) error {
		found, err := tx.CommentsByID(site.ID, unique(ids))
		for _, c := range found {
			at[c.ID] = c.Version
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of comments: %w", err)
	}
	for _, ref := range known {
		if at[ref.ID] > ref.Version {
			moved = append(moved, ref.ID)
		}
	}
	return s.ItemHistories(ctx, who, site, moved...)
}

// items loads pages, parents and histories of commenters for comments, and marks the appeals that the actor may not
// decide. It does not load evidence.
func items(tx Tx, who authz.Actor, list []comment.Comment) ([]Item, error) {
	var pageRefs, parentRefs []site.Ref
	for _, c := range list {
		if ref := (site.Ref{Site: c.Site, ID: c.Page}); !slices.Contains(pageRefs, ref) {
			pageRefs = append(pageRefs, ref)
		}
		if ref := (site.Ref{Site: c.Site, ID: c.Parent}); c.Parent != "" && !slices.Contains(parentRefs, ref) {
			parentRefs = append(parentRefs, ref)
		}
	}
	pages, err := tx.PagesByRef(pageRefs)
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	parents, err := tx.CommentsByRef(parentRefs)
	if err != nil {
		return nil, fmt.Errorf("read parents: %w", err)
	}
	known, err := tx.Writers(comment.WriterRefs(list))
	if err != nil {
		return nil, fmt.Errorf("read writers: %w", err)
	}
	out := make([]Item, len(list))
	for i, c := range list {
		it := &out[i]
		it.Comment, it.Writer = c, known[site.Ref{Site: c.Site, ID: string(c.Writer)}]
		if j := slices.IndexFunc(pages, func(p site.Page) bool { return p.Site == c.Site && p.ID == c.Page }); j >= 0 {
			it.Page = pages[j]
		}
		if j := slices.IndexFunc(parents, func(p comment.Comment) bool { return p.Site == c.Site && p.ID == c.Parent }); j >= 0 {
			parent := parents[j] // a copy: callers change it
			it.Parent = &parent
		}
	}
	for blog, some := range bySite(out) {
		if err := markOwnAppeals(tx, who, blog, some); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// markOwnAppeals sets OwnAppeal of the items whose open appeal the actor may not decide.
func markOwnAppeals(tx Tx, who authz.Actor, blog int64, list []*Item) error {
	var appealed []string
	for _, it := range list {
		if it.Comment.Refused() && it.Comment.Appealed() {
			appealed = append(appealed, it.Comment.ID)
		}
	}
	if len(appealed) == 0 {
		return nil
	}
	entries, err := tx.DecisionsOf(blog, appealed...)
	if err != nil {
		return fmt.Errorf("read decisions on appealed comments: %w", err)
	}
	logs := map[string][]auditlog.Entry{}
	for _, e := range entries {
		logs[e.Comment] = append(logs[e.Comment], e)
	}
	for i, it := range list {
		may, err := mayDecideAppeal(tx, it.Comment, logs[it.Comment.ID], who.ID())
		if err != nil {
			return err
		}
		list[i].OwnAppeal = !may
	}
	return nil
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// withAutoApprovals returns the log entries of a comment, oldest first, plus an entry for each publication by policy.
// Such a publication is not in the log. It shows in the state that the next entry, or the comment, started from.
func withAutoApprovals(c comment.Comment, logged []auditlog.NamedEntry) []auditlog.NamedEntry {
	out := make([]auditlog.NamedEntry, 0, len(logged)+1)
	state, at := comment.Pending, c.CreatedAt
	auto := func(version int64) {
		out = append(out, auditlog.NamedEntry{Auto: true, Entry: auditlog.Entry{
			Site: c.Site,
			At:   at,
			Ruling: auditlog.Ruling{Comment: c.ID, Version: version, Action: comment.Approve, From: comment.Pending,
				To: comment.Approved},
		}})
	}
	published := func(next comment.State) bool {
		return next == comment.Approved && state != comment.Approved && c.Account == ""
	}
	for _, d := range logged {
		if published(d.From) {
			auto(d.Version)
		}
		out = append(out, d)
		state, at = d.To, editTime(c, d.At)
	}
	if published(c.State) {
		auto(c.Version)
	}
	return out
}

// editTime returns when a comment was published again after a decision: at its last edit, as far as known.
func editTime(c comment.Comment, decided time.Time) time.Time {
	if c.EditedAt.After(decided) {
		return c.EditedAt
	}
	return decided
}
