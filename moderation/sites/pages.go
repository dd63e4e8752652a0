package sites

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// A PageSearch selects pages whose title or URL contains Text, in the order Sort.
type PageSearch struct {
	Text  string
	Sort  PageSort
	After string // ID of a page, or ""
	Limit int
}

// A PageSort is an order of pages.
type PageSort string

// The orders of pages.
const (
	PagesNewest  PageSort = "newest"
	PagesPending PageSort = "pending" // the most pending comments first
	PagesTitle   PageSort = "title"
)

// PageSorts are the orders of pages, the default first.
var PageSorts = []PageSort{PagesNewest, PagesPending, PagesTitle}

// maxSearchedPages limits the pages that a search reads, the newest ones.
const maxSearchedPages = 5_000

// SearchPages returns the matching ones of the newest 5,000 pages of a site. It needs an author.
func (s *Service) SearchPages(
	ctx context.Context, who authz.Actor, blog site.Site, in PageSearch,
) (found []PageEntry, next string, err error) {
	if err := who.Authorize(blog.ID, authz.Author, authz.ScopeRead); err != nil {
		return nil, "", err
	}
	if in.Limit, err = comment.PageSize(in.Limit); err != nil {
		return nil, "", err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		all, err := tx.Pages(blog.ID, "", maxSearchedPages)
		if err != nil {
			return err
		}
		if all, err = in.order(tx, blog.ID, in.match(all)); err != nil {
			return err
		}
		if in.After != "" {
			i := slices.IndexFunc(all, func(p site.Page) bool { return p.ID == in.After })
			if i < 0 {
				return problem.Cursor()
			}
			all = all[i+1:]
		}
		if len(all) > in.Limit {
			all, next = all[:in.Limit], all[in.Limit-1].ID
		}
		found, err = withCounts(tx, blog, all, s.work.Now())
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("search pages: %w", err)
	}
	return found, next, nil
}

// match returns the pages that contain the text, without regard to case.
func (in PageSearch) match(all []site.Page) []site.Page {
	sought := text.Fold(in.Text)
	return slices.DeleteFunc(all, func(p site.Page) bool {
		return !strings.Contains(text.Fold(p.Title), sought) && !strings.Contains(text.Fold(p.URL), sought)
	})
}

// order sorts pages, which are newest first.
func (in PageSearch) order(tx Tx, blog int64, all []site.Page) ([]site.Page, error) {
	switch in.Sort {
	case PagesPending:
		ids := make([]string, len(all))
		for i, p := range all {
			ids[i] = p.ID
		}
		pending, err := tx.CountByPage(blog, ids, comment.Pending)
		if err != nil {
			return nil, fmt.Errorf("count pending: %w", err)
		}
		slices.SortStableFunc(all, func(a, b site.Page) int { return pending[b.ID] - pending[a.ID] })
	case PagesTitle:
		slices.SortStableFunc(all, func(a, b site.Page) int { return strings.Compare(text.Fold(a.Name()), text.Fold(b.Name())) })
	case PagesNewest, "":
	default:
		return nil, problem.Query("sort", "Sort by "+problem.Among(PageSorts)+".")
	}
	return all, nil
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
