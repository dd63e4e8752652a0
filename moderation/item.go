package moderation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Story is a comment as a moderator sees it, and what happened to it, oldest first.
type Story struct {
	Item
	Past []auditlog.Told
}

// Item returns one comment with its history. A moderator sees everything, an author all but
// the e-mail.
func (s *Service) Item(
	ctx context.Context, who authz.Actor, site site.Site, id string,
) (Item, []auditlog.Told, error) {
	found, err := s.Stories(ctx, who, site, id)
	if err != nil {
		return Item{}, nil, err
	}
	if len(found) == 0 {
		return Item{}, nil, unknownComment()
	}
	return found[0].Item, found[0].Past, nil
}

// Stories returns comments with their histories, each as Item does, in the order of ids. What is none
// of the site is left out.
func (s *Service) Stories(
	ctx context.Context, who authz.Actor, site site.Site, ids ...string,
) ([]Story, error) {
	if err := who.May(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return nil, err
	}
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !txn.IsID(id) })
	var list []Item
	var logged []auditlog.Told
	err := s.work.View(ctx, func(tx Tx) error {
		found, err := tx.CommentsByID(site.ID, unique(slices.Clone(ids)))
		if err != nil || len(found) == 0 {
			return err
		}
		slices.SortFunc(found, func(a, b comment.Comment) int {
			return slices.Index(ids, a.ID) - slices.Index(ids, b.ID)
		})
		if list, err = items(tx, site.ID, found); err != nil {
			return err
		}
		decisions, err := tx.DecisionsOf(site.ID, ids...)
		if err != nil {
			return err
		}
		logged, err = auditlog.Tell(tx, decisions)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read comments: %w", err)
	}
	if err := s.likenesses(ctx, site.ID, list); err != nil {
		return nil, err
	}
	if err := s.explain(ctx, who, site.ID, list); err != nil {
		return nil, err
	}
	past := map[string][]auditlog.Told{}
	for _, e := range logged {
		past[e.Comment] = append(past[e.Comment], e)
	}
	stories := make([]Story, len(list))
	for i, it := range list {
		stories[i] = Story{it, story(it.Comment, past[it.Comment.ID])}
	}
	return stories, nil
}

// Moved returns those of comments that have moved past the versions at which they are known, each as Stories does, in
// the order in which they are named.
func (s *Service) Moved(ctx context.Context, who authz.Actor, site site.Site, known ...Ref) ([]Story, error) {
	var ids, moved []string
	for _, ref := range known {
		if txn.IsID(ref.ID) {
			ids = append(ids, ref.ID)
		}
	}
	at := map[string]int64{}
	err := s.work.Glance(ctx, func(tx Tx) error {
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
	return s.Stories(ctx, who, site, moved...)
}

// items gathers what a moderator sees around comments, but for the evidence.
func items(tx Tx, blog int64, list []comment.Comment) ([]Item, error) {
	var pageIDs, parentIDs []string
	for _, c := range list {
		pageIDs = append(pageIDs, c.Page)
		if c.Parent != "" {
			parentIDs = append(parentIDs, c.Parent)
		}
	}
	pages, err := tx.PagesByID(blog, unique(pageIDs))
	if err != nil {
		return nil, fmt.Errorf("read pages: %w", err)
	}
	parents, err := tx.CommentsByID(blog, unique(parentIDs))
	if err != nil {
		return nil, fmt.Errorf("read parents: %w", err)
	}
	known, err := tx.Writers(blog, comment.Writers(list))
	if err != nil {
		return nil, fmt.Errorf("read writers: %w", err)
	}
	out := make([]Item, len(list))
	for i, c := range list {
		out[i] = Item{Comment: c.Fresh(), Writer: known[string(c.Writer)]}
		if j := slices.IndexFunc(pages, func(p site.Page) bool { return p.ID == c.Page }); j >= 0 {
			out[i].Page = pages[j]
		}
		if j := slices.IndexFunc(parents, func(p comment.Comment) bool { return p.ID == c.Parent }); j >= 0 {
			parent := parents[j].Fresh()
			out[i].Parent = &parent
		}
	}
	return out, nil
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}

// story tells what happened to a comment, oldest first. That a site's setting published it
// is in no decision: it is seen from the state in which the next one met the comment.
func story(c comment.Comment, logged []auditlog.Told) []auditlog.Told {
	out := make([]auditlog.Told, 0, len(logged)+1)
	state, at := comment.Pending, c.CreatedAt
	auto := func(version int64) {
		out = append(out, auditlog.Told{Auto: true, Entry: auditlog.Entry{
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

// editTime is when a comment was published anew after a decision at a time: by its last edit,
// as far as is known.
func editTime(c comment.Comment, decided time.Time) time.Time {
	if c.EditedAt.After(decided) {
		return c.EditedAt
	}
	return decided
}
