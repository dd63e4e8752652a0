package moderation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Thread is a slice of a page's comments in depth-first order. Placeholders, and withheld comments, have the state
// Removed and neither author nor text. If the page does not exist, or its origin is not allowed, Page has only URL and
// Open, and its ID is empty.
type Thread struct {
	Page     site.Page
	Closes   time.Time // when the page stops taking comments; zero: never, or it is closed already
	Count    int       // number of approved comments
	Comments []comment.Comment
	Next     string // cursor; "" at the end
}

const maxCounts = 100 // pages per request

// Thread returns the comments that readers see on a page. If the comment Around does not exist any more, the thread
// starts at its beginning, because permalinks may outlive comments.
func (s *Service) Thread(ctx context.Context, blog site.Site, req comment.ThreadRequest) (Thread, error) {
	q, err := req.Query(blog.ID)
	if err != nil {
		return Thread{}, err
	}
	url, err := blog.PageURL(req.PageURL)
	var e *problem.Error
	if errors.As(err, &e) && e.Code == "page.foreign" {
		return Thread{Page: site.Page{Site: blog.ID, URL: req.PageURL, Open: true}}, nil
	}
	if err != nil {
		return Thread{}, problem.Query("page", "Name the page by its URL, an http or https address.")
	}
	t := Thread{Page: site.Page{Site: blog.ID, URL: url, Open: true}}
	err = s.work.View(ctx, func(tx Tx) error { return t.read(tx, q, req.Around) })
	if err != nil {
		return Thread{}, fmt.Errorf("read thread: %w", err)
	}
	if t.Page.ID != "" && t.Page.Open {
		t.Page.Open, t.Closes = blog.Settings.TakesComments(t.Page, s.work.Now()), blog.Settings.ClosesAt(t.Page)
	}
	if len(t.Comments) == q.Limit {
		t.Comments = t.Comments[:q.Limit-1]
		t.Next = comment.ThreadCursor(q.Order, t.Comments[q.Limit-2].Path)
	}
	for i := range t.Comments {
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

// readAround reads from the root above a comment on. If that slice would not contain the comment, it reads from the
// comment itself.
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

// PublicComment returns one comment that readers may see, with its page. A withheld comment is returned as a
// placeholder.
func (s *Service) PublicComment(ctx context.Context, blog site.Site, id string) (comment.Comment, site.Page, error) {
	var c comment.Comment
	var page site.Page
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if c, err = readComment(tx, blog.ID, id); err != nil {
			return err
		}
		if c.Visibility() == comment.Hidden {
			return unknownComment()
		}
		page, err = comment.PageByID(tx, blog.ID, c.Page)
		return err
	})
	if err != nil {
		return comment.Comment{}, site.Page{}, fmt.Errorf("read comment: %w", err)
	}
	c.Hide()
	return c, page, nil
}

// find reads the page of t.Page.URL and its number of comments, if it exists.
func (t *Thread) find(tx Tx) error {
	page, err := tx.PageByURL(t.Page.Site, t.Page.URL)
	if errors.Is(err, txn.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read page: %w", err)
	}
	t.Page = page
	counts, err := tx.CountByPage(page.Site, []string{page.ID}, comment.Approved)
	if err != nil {
		return fmt.Errorf("count comments: %w", err)
	}
	t.Count = counts[page.ID]
	return nil
}

// Latest holds the newest published comments of a site, or of one Page, newest first, and their pages by ID. Since is
// when the site or page was created.
type Latest struct {
	Page     site.Page
	Since    time.Time
	Comments []comment.Comment
	Pages    map[string]site.Page
}

// Latest returns the newest comments of the page with a URL, or of the whole site if url is "".
func (s *Service) Latest(ctx context.Context, blog site.Site, url string, limit int) (Latest, error) {
	l := Latest{Since: blog.CreatedAt, Pages: map[string]site.Page{}}
	if url != "" {
		page, _, _, err := s.Published(ctx, blog, url, nil)
		if err != nil {
			return l, err
		}
		if l.Page = page; page.ID == "" {
			return l, nil
		}
		l.Since = page.CreatedAt
	}
	q := comment.QueueQuery{Sites: comment.OneSite(blog.ID), View: comment.ViewApproved, Order: comment.NewestFirst, Limit: limit}
	q.Filter.Page = l.Page.ID
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if l.Comments, err = tx.Queue(q); err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		var ids []string
		for _, c := range l.Comments {
			ids = append(ids, c.Page)
		}
		slices.Sort(ids)
		pages, err := tx.PagesByID(blog.ID, slices.Compact(ids))
		for _, p := range pages {
			l.Pages[p.ID] = p
		}
		return err
	})
	if err != nil {
		return Latest{}, fmt.Errorf("read latest comments: %w", err)
	}
	l.Comments = slices.DeleteFunc(l.Comments, func(c comment.Comment) bool { return !c.IsPublic() })
	return l, nil
}

// Published returns the page with a URL, and its number of visible comments. Of the given comment IDs it returns those
// that readers see on the page, including withheld ones, unordered. A page that does not exist yet has no ID.
func (s *Service) Published(ctx context.Context, blog site.Site, url string, ids []string) (
	page site.Page, comments []comment.Comment, count int, err error,
) {
	canonical, err := blog.PageURL(url)
	var e *problem.Error
	if errors.As(err, &e) && e.Code == "page.foreign" {
		return page, nil, 0, err
	}
	if err != nil {
		return page, nil, 0, problem.Query("page", "Name the page by its URL, an http or https address.")
	}
	t := Thread{Page: site.Page{Site: blog.ID, URL: canonical, Open: true}}
	err = s.work.View(ctx, func(tx Tx) error {
		if err := t.find(tx); err != nil || t.Page.ID == "" || len(ids) == 0 {
			return err
		}
		comments, err = tx.CommentsByID(blog.ID, ids)
		return err
	})
	if err != nil {
		return page, nil, 0, fmt.Errorf("read published comments: %w", err)
	}
	comments = slices.DeleteFunc(comments, func(c comment.Comment) bool {
		return c.Page != t.Page.ID || c.Visibility() == comment.Hidden
	})
	for i := range comments {
		comments[i].Hide()
	}
	return t.Page, comments, t.Count, nil
}

// CountPages returns the number of approved comments for each of 1 to 100 URLs, keyed by the URL as given. URLs that
// are not pages of the site have 0.
func (s *Service) CountPages(ctx context.Context, site site.Site, urls []string) (map[string]int, error) {
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
		if url, err := site.PageURL(raw); err == nil {
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
