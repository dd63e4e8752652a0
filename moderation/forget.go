package moderation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const eraseBatch = 100 // comments per transaction

// WithdrawAndForget is Withdraw followed by immediate erasure. It also erases a comment that was withdrawn before.
func (s *Service) WithdrawAndForget(ctx context.Context, site site.Site, id, token string) error {
	if err := s.checkToken(site, id, token); err != nil {
		return err
	}
	return s.forgetNow(ctx, site, id, func(tx Tx, now time.Time) error { return withdraw(tx, site.ID, id, now) })
}

// Forget erases a withdrawn comment before its retention time ends. It needs an owner, and cannot be undone.
func (s *Service) Forget(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	return s.forgetNow(ctx, site, id, func(Tx, time.Time) error { return nil })
}

// forgetNow runs first, which may remove the comment, and then erases the removed comment. It records the erasure
// before that, for restored backups.
func (s *Service) forgetNow(ctx context.Context, site site.Site, id string, first func(Tx, time.Time) error) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := first(tx, now); err != nil {
			return err
		}
		c, err := readComment(tx, site.ID, id)
		if err == nil && c.State != comment.Removed {
			err = problem.Wrong("comment.not_removed", "", "Its writer has not withdrawn this comment.")
		}
		if err == nil && c.IsRetained() {
			err = s.recordErasure(site, id)
		}
		if err != nil {
			return err
		}
		return forget(tx, site.ID, now, id)
	})
	if err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return nil
}

// Erase removes and erases comments on request of the person they are about. The caller erases their lessons afterwards
// (learning.EraseLessons): an erased comment teaches no new lesson.
func (s *Service) Erase(ctx context.Context, site site.Site, ids []string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		for _, id := range ids {
			if err := withdraw(tx, site.ID, id, now); err != nil {
				return err
			}
		}
		return forget(tx, site.ID, now, ids...)
	})
	if err != nil {
		return fmt.Errorf("erase comments: %w", err)
	}
	return nil
}

// Anonymize keeps comments but erases what identifies their commenter: name, e-mail address, website, the keyed hashes
// of writer and address, moderators' texts about them, redacted text and appeals. Their lessons contain these too. The
// caller erases them afterwards (learning.EraseLessons).
func (s *Service) Anonymize(ctx context.Context, site site.Site, ids []string) error {
	now := s.work.Now()
	err := s.work.Update(ctx, func(tx Tx) error {
		if _, err := tx.LockLog(site.ID); err != nil {
			return fmt.Errorf("lock log: %w", err)
		}
		found, err := tx.CommentsByID(site.ID, ids)
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		for _, c := range found {
			bare := c
			bare.Name, bare.Email, bare.Website = "", "", ""
			if err := tx.ForgetWriter(c, comment.SearchText(bare)); err != nil {
				return fmt.Errorf("erase the commenter of %s: %w", c.ID, err)
			}
			if err := auditlog.EraseTexts(tx, site.ID, c.ID); err != nil {
				return err
			}
			// Listeners and followers that store data derived from the comment rebuild it.
			err := tx.Emit(event.Event{Site: site.ID, Kind: event.Decided, Page: c.Page, Comment: c.ID,
				Shown: c.State == comment.Approved, At: now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("anonymize comments: %w", err)
	}
	s.textChanged(site.ID)
	return nil
}

// forget erases the commenter's data and moderators' texts from removed comments. It is the only function that does so.
// Lessons stay until they are retired or the person is erased (learning.EraseLessons).
func forget(tx Tx, site int64, now time.Time, ids ...string) error {
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		if !c.IsRetained() {
			continue // another process erased it since the query
		}
		answer, err := json.Marshal(Submitted{
			ID: c.ID, Version: c.Version, State: c.State, CreatedAt: c.CreatedAt, EditUntil: c.EditUntil,
		})
		if err != nil {
			return fmt.Errorf("encode the response: %w", err)
		}
		if err := tx.ForgetComment(c, answer); err != nil {
			return fmt.Errorf("forget %s: %w", c.ID, err)
		}
		if err := auditlog.EraseTexts(tx, site, c.ID); err != nil {
			return err
		}
		// Listeners and followers that store data derived from the text erase it.
		err = tx.Emit(event.Event{Site: site, Kind: event.Removed, Page: c.Page, Comment: c.ID, At: now})
		if err != nil {
			return err
		}
	}
	return nil
}

// eraseOld erases, on each site, data whose retention time has ended: removed comments, revisions before redactions,
// and what eraseExpired covers.
func (s *Service) eraseOld(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		before := s.work.Now().Add(-time.Duration(site.Settings.Grace()) * 24 * time.Hour)
		if err := s.eraseRemoved(ctx, site.ID, before); err != nil {
			return fmt.Errorf("forget what was removed at %s: %w", site.Key, err)
		}
		before = s.work.Now().Add(-keepRevisions)
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.ForgetRevisions(site.ID, before) }); err != nil {
			return fmt.Errorf("erase redacted text of %s: %w", site.Key, err)
		}
		if err := s.eraseExpired(ctx, site); err != nil {
			return fmt.Errorf("erase expired data of %s: %w", site.Key, err)
		}
	}
	return nil
}

// eraseRemoved erases comments that were removed before a time.
func (s *Service) eraseRemoved(ctx context.Context, site int64, before time.Time) error {
	return s.inBatches(ctx, site, "removed comments forgotten", func(tx Tx) ([]string, error) {
		return tx.RemovedBefore(site, before, eraseBatch)
	}, func(tx Tx, now time.Time, ids []string) error { return forget(tx, site, now, ids...) })
}

// inBatches repeats find and do until find returns nothing. Each batch is a short transaction, so that other writers
// are not blocked. do must change the comments so that find does not return them again.
func (s *Service) inBatches(
	ctx context.Context, site int64, what string, find func(Tx) ([]string, error),
	do func(Tx, time.Time, []string) error,
) error {
	for {
		var ids []string
		err := s.work.View(ctx, func(tx Tx) (err error) {
			ids, err = find(tx)
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		now := s.work.Now()
		if err := s.work.Update(ctx, func(tx Tx) error { return do(tx, now, ids) }); err != nil {
			return err
		}
		s.log.InfoContext(ctx, what, "site", site, "comments", len(ids))
	}
}
