package sites

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A PageEntry is a page with its numbers of comments. If Old, the page's age closes it.
type PageEntry struct {
	site.Page
	Approved, Pending int
	Old               bool
}

// Pages returns a page of a site's pages, newest first. It needs an author.
func (s *Service) Pages(
	ctx context.Context, who authz.Actor, site site.Site, after string, limit int,
) (pages []PageEntry, next string, err error) {
	if err := who.Authorize(site.ID, authz.Author, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if limit, err = comment.PageSize(limit); err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		if after != "" {
			if _, err := comment.PageByID(tx, site.ID, after); errors.Is(err, txn.ErrNotFound) {
				return problem.Cursor()
			} else if err != nil {
				return err
			}
		}
		list, err := tx.Pages(site.ID, after, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			next = list[limit-1].ID
		}
		pages, err = withCounts(tx, site, list, s.work.Now())
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("read pages: %w", err)
	}
	return pages, next, nil
}

// withCounts adds the numbers of approved and pending comments to pages.
func withCounts(tx Tx, site site.Site, list []site.Page, now time.Time) ([]PageEntry, error) {
	ids := make([]string, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	approved, err := tx.CountByPage(site.ID, ids, comment.Approved)
	if err != nil {
		return nil, fmt.Errorf("count approved: %w", err)
	}
	pending, err := tx.CountByPage(site.ID, ids, comment.Pending)
	if err != nil {
		return nil, fmt.Errorf("count pending: %w", err)
	}
	entries := make([]PageEntry, len(list))
	for i, p := range list {
		old := p.Open && !site.Settings.TakesComments(p, now)
		entries[i] = PageEntry{Page: p, Approved: approved[p.ID], Pending: pending[p.ID], Old: old}
	}
	return entries, nil
}

// A PageChange is a change of a page; nil fields stay the same.
type PageChange struct {
	Open  *bool
	Title *string
	URL   *string
}

// SetPage changes a page. It needs a moderator.
func (s *Service) SetPage(
	ctx context.Context, who authz.Actor, blog site.Site, id string, ch PageChange,
) (PageEntry, error) {
	if err := who.Authorize(blog.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return PageEntry{}, err
	}
	var title, url string
	var err error
	if ch.Title != nil {
		var ok bool
		if title, ok = text.Line(*ch.Title, comment.MaxTitle); !ok {
			return PageEntry{}, problem.Field("/title",
				fmt.Sprintf("A title is one line of at most %d characters.", comment.MaxTitle))
		}
	}
	if ch.URL != nil {
		if url, err = blog.PageURL(*ch.URL); err != nil {
			return PageEntry{}, err
		}
	}
	at := s.work.Now()
	var out PageEntry
	err = s.work.Update(ctx, func(tx Tx) error {
		page, err := comment.PageByID(tx, blog.ID, id)
		if err != nil {
			return err
		}
		if ch.Open != nil {
			page.Open = *ch.Open
		}
		if ch.Title != nil {
			page.Title, page.TitledBy = title, ""
		}
		if ch.URL != nil {
			page.URL = url
		}
		if err := tx.UpdatePage(page); err != nil {
			return err
		}
		entries, err := withCounts(tx, blog, []site.Page{page}, at)
		if err != nil {
			return err
		}
		out = entries[0]
		return tx.Emit(event.Event{Site: blog.ID, Kind: event.Page, Page: page.ID, Shown: true, At: at})
	})
	switch {
	case errors.Is(err, txn.ErrNotFound):
		return PageEntry{}, problem.Missing("page.unknown", "There is no such page.")
	case errors.Is(err, txn.ErrTaken):
		return PageEntry{}, problem.Field("/url", "Another page of this site has this address.")
	case err != nil:
		return PageEntry{}, fmt.Errorf("set page: %w", err)
	}
	return out, nil
}
