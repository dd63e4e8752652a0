package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

// A Thread is a part of a page's comments, depth first. A comment that only keeps its place
// for visible replies has the state Removed and neither writer nor text. For a page that
// does not exist (or is of a foreign origin) Page has only its URL, Open, and an empty ID.
type Thread struct {
	Page     ground.Page
	Count    int // approved comments
	Comments []comment.Comment
	Next     string // "" at the end
}

const maxCounts = 100 // pages counted at once

// Thread returns what readers see of a page. A permalink may outlive its comment: with an
// Around that is not there, the thread begins at its beginning.
func (s *Service) Thread(ctx context.Context, site ground.Site, req comment.ThreadRequest) (Thread, error) {
	q, err := req.Query(site.ID)
	if err != nil {
		return Thread{}, err
	}
	url, err := canonicalURL(site, req.PageURL)
	var e *problem.Error
	if errors.As(err, &e) && e.Code == "page.foreign" {
		return Thread{Page: ground.Page{Site: site.ID, URL: req.PageURL, Open: true}}, nil
	}
	if err != nil {
		return Thread{}, problem.Query("page", "Name the page by its URL, an http or https address.")
	}
	t := Thread{Page: ground.Page{Site: site.ID, URL: url, Open: true}}
	err = s.work.View(ctx, func(tx Tx) error { return t.read(tx, q, req.Around) })
	if err != nil {
		return Thread{}, fmt.Errorf("read thread: %w", err)
	}
	if len(t.Comments) == q.Limit {
		t.Comments = t.Comments[:q.Limit-1]
		t.Next = comment.ThreadCursor(q.Order, t.Comments[q.Limit-2].Path)
	}
	for i, c := range t.Comments {
		t.Comments[i] = c.Fresh()
		t.Comments[i].Hide()
	}
	return t, nil
}

func (t *Thread) read(tx Tx, q comment.ThreadQuery, around string) (err error) {
	if err := t.find(tx); err != nil || t.Page.ID == "" {
		return err
	}
	q.Page = t.Page.ID
	if around != "" {
		return t.readAround(tx, q, around)
	}
	t.Comments, err = tx.Thread(q)
	return err
}

// readAround reads from the root above a comment on, or from the comment itself where that
// would not reach it.
func (t *Thread) readAround(tx Tx, q comment.ThreadQuery, id string) error {
	c, err := readComment(tx, q.Site, id)
	var e *problem.Error
	if err != nil && !errors.As(err, &e) {
		return err
	}
	there := err == nil && c.Page == q.Page && c.Shown
	if there {
		q.From = c.Path[:comment.SegmentLength]
	}
	if t.Comments, err = tx.Thread(q); err != nil || !there {
		return err
	}
	for _, near := range t.Comments[:min(len(t.Comments), q.Limit-1)] {
		if near.ID == id {
			return nil
		}
	}
	q.From = c.Path
	t.Comments, err = tx.Thread(q)
	return err
}

// Public returns one comment that readers may see, with its page.
func (s *Service) Public(ctx context.Context, site ground.Site, id string) (comment.Comment, ground.Page, error) {
	var c comment.Comment
	var page ground.Page
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = readComment(tx, site.ID, id); err != nil {
			return err
		}
		if c.State != comment.Approved {
			return unknownComment()
		}
		page, err = tx.PageByID(site.ID, c.Page)
		return err
	})
	if err != nil {
		return comment.Comment{}, ground.Page{}, fmt.Errorf("read comment: %w", err)
	}
	return c.Fresh(), page, nil
}

// PageAt returns the page of a URL, as readers ask for it, and how many approved comments it has. One that does not
// exist yet has no ID.
func (s *Service) PageAt(ctx context.Context, site ground.Site, raw string) (ground.Page, int, error) {
	url, err := canonicalURL(site, raw)
	var e *problem.Error
	if errors.As(err, &e) && e.Code == "page.foreign" {
		return ground.Page{}, 0, err
	}
	if err != nil {
		return ground.Page{}, 0, problem.Query("page", "Name the page by its URL, an http or https address.")
	}
	t := Thread{Page: ground.Page{Site: site.ID, URL: url, Open: true}}
	err = s.work.View(ctx, func(tx Tx) error { return t.find(tx) })
	if err != nil {
		return ground.Page{}, 0, fmt.Errorf("find page: %w", err)
	}
	return t.Page, t.Count, nil
}

// find reads the page of t's URL, and its count, where there is one.
func (t *Thread) find(tx Tx) error {
	page, err := tx.PageByURL(t.Page.Site, t.Page.URL)
	if errors.Is(err, ground.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	t.Page = page
	t.Count, err = countApproved(tx, page)
	return err
}

func countApproved(tx Tx, page ground.Page) (int, error) {
	counts, err := tx.CountByPage(page.Site, []string{page.ID}, comment.Approved)
	if err != nil {
		return 0, fmt.Errorf("count comments: %w", err)
	}
	return counts[page.ID], nil
}

// Published returns those of some comments, by their ids, that readers see on a page, in no order, and how many
// there are on it.
func (s *Service) Published(ctx context.Context, site ground.Site, page string, ids []string) (
	comments []comment.Comment, count int, err error,
) {
	err = s.work.View(ctx, func(tx Tx) error {
		if count, err = countApproved(tx, ground.Page{Site: site.ID, ID: page}); err != nil {
			return err
		}
		comments, err = tx.CommentsByID(site.ID, ids)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read published comments: %w", err)
	}
	comments = slices.DeleteFunc(comments, func(c comment.Comment) bool {
		return c.Page != page || c.State != comment.Approved
	})
	for i, c := range comments {
		comments[i] = c.Fresh()
	}
	return comments, count, nil
}

// CountPages returns the number of approved comments by URL as asked; 1 to 100 URLs. What
// is no page of the site has none.
func (s *Service) CountPages(ctx context.Context, site ground.Site, urls []string) (map[string]int, error) {
	if len(urls) == 0 || len(urls) > maxCounts {
		return nil, problem.Query("page", fmt.Sprintf("Ask for 1 to %d pages at once.", maxCounts))
	}
	asked := map[string][]string{} // by canonical URL
	counts := make(map[string]int, len(urls))
	var known []string
	for _, raw := range urls {
		if _, again := counts[raw]; again {
			continue
		}
		counts[raw] = 0
		if url, err := canonicalURL(site, raw); err == nil {
			asked[url] = append(asked[url], raw)
			known = append(known, url)
		}
	}
	err := s.work.View(ctx, func(tx Tx) error {
		pages, err := tx.PagesByURL(site.ID, known)
		if err != nil {
			return fmt.Errorf("read pages: %w", err)
		}
		ids := make([]string, len(pages))
		for i, p := range pages {
			ids[i] = p.ID
		}
		approved, err := tx.CountByPage(site.ID, ids, comment.Approved)
		if err != nil {
			return fmt.Errorf("count comments: %w", err)
		}
		for _, p := range pages {
			for _, raw := range asked[p.URL] {
				counts[raw] = approved[p.ID]
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count pages: %w", err)
	}
	return counts, nil
}
