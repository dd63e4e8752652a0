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

// A Limiter counts what happens on a site under a key. When another time is too often, it says how long
// to wait.
type Limiter interface {
	Allow(ctx context.Context, site int64, key string, perMinute, burst int) (ok bool, retryAfter time.Duration)
}

// Budgets of one site for what strangers send from anywhere, a minute and at once. A page with an approved
// comment has its own, so that a flood elsewhere does not silence it, and so has each reader who showed who they are.
const (
	newComments  = 600
	pageBudget   = 120
	newPages     = 30
	readerBudget = 20
)

// mayArrive counts a new comment against the budget of its writer, if they are known; else against its site's, or,
// where that is spent, against its page's.
func (s *Service) mayArrive(ctx context.Context, by Limiter, writer authz.Writer, page site.Page) error {
	if by == nil || writer.Account != "" {
		return nil
	}
	if writer.Known() {
		if ok, wait := by.Allow(ctx, page.Site, "reader:"+writer.Guest, readerBudget, readerBudget); !ok {
			return problem.TooOften(
				"You sent many comments in a short time. Your text is safe: wait a little and send it again.", wait)
		}
		return nil
	}
	ok, wait := by.Allow(ctx, page.Site, "comments", newComments, newComments)
	if ok {
		return nil
	}
	known, err := s.knownPage(ctx, page)
	if err != nil {
		return err
	}
	if known == "" {
		return tooMany(wait)
	}
	if ok, wait = by.Allow(ctx, page.Site, "page:"+known, pageBudget, pageBudget); !ok {
		return tooMany(wait)
	}
	return nil
}

// knownPage is the id of a page that has an approved comment, or "".
func (s *Service) knownPage(ctx context.Context, page site.Page) (id string, err error) {
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

// mayName counts a page that a stranger is the first to name.
func mayName(ctx context.Context, by Limiter, writer authz.Writer, page site.Page) error {
	if by == nil || writer.Known() {
		return nil
	}
	if ok, wait := by.Allow(ctx, page.Site, "pages", newPages, newPages); !ok {
		return tooMany(wait)
	}
	return nil
}

func tooMany(wait time.Duration) error {
	return problem.TooOften(
		"Too many comments came to this site in a short time. Your text is safe: wait a little and send it again.", wait)
}
