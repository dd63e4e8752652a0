package moderation

import (
	"context"
	"errors"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Limiter counts actions on a site by key. Allow reports whether another one is within the limit and, if not, how
// long to wait.
type Limiter interface {
	Allow(ctx context.Context, site int64, key string, perMinute, burst int) (ok bool, retryAfter time.Duration)
}

// Budgets of one site for anonymous comments from any address, per minute and in one burst. A page with an approved
// comment has its own budget, so that a flood on other pages does not block it. Each signed-in reader also has one.
const (
	siteBudget    = 600
	pageBudget    = 120
	newPageBudget = 30
	readerBudget  = 20
)

// checkCommentBudget counts a new comment. It uses the budget of a signed-in reader. For others it uses the budget of
// the site or, if that is exhausted, of the page. Staff have no limit.
func (s *Service) checkCommentBudget(ctx context.Context, by Limiter, writer authz.Writer, page site.Page) error {
	if by == nil || writer.Account != "" {
		return nil
	}
	if writer.Known() {
		if ok, wait := by.Allow(ctx, page.Site, "reader:"+writer.Reader, readerBudget, readerBudget); !ok {
			return problem.TooOften(
				"You sent many comments in a short time. Your text is safe: wait a little and send it again.", wait)
		}
		return nil
	}
	ok, wait := by.Allow(ctx, page.Site, "comments", siteBudget, siteBudget)
	if ok {
		return nil
	}
	known, err := s.approvedPage(ctx, page)
	if err != nil {
		return err
	}
	if known == "" {
		return errOverBudget(wait)
	}
	if ok, wait = by.Allow(ctx, page.Site, "page:"+known, pageBudget, pageBudget); !ok {
		return errOverBudget(wait)
	}
	return nil
}

// approvedPage returns the ID of the page if it has an approved comment, else "".
func (s *Service) approvedPage(ctx context.Context, page site.Page) (id string, err error) {
	err = s.work.View(ctx, func(tx Tx) error {
		p, err := tx.PageByURL(page.Site, page.URL)
		if errors.Is(err, txn.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		approved, err := tx.CountByPage(p.Site, []string{p.ID}, comment.Approved)
		if err == nil && approved[p.ID] > 0 {
			id = p.ID
		}
		return err
	})
	return id, err
}

// checkPageBudget counts a new page that an anonymous commenter creates.
func checkPageBudget(ctx context.Context, by Limiter, writer authz.Writer, page site.Page) error {
	if by == nil || writer.Known() {
		return nil
	}
	if ok, wait := by.Allow(ctx, page.Site, "pages", newPageBudget, newPageBudget); !ok {
		return errOverBudget(wait)
	}
	return nil
}

func errOverBudget(wait time.Duration) error {
	return problem.TooOften(
		"Too many comments came to this site in a short time. Your text is safe: wait a little and send it again.", wait)
}
