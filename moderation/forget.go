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

const forgottenTogether = 100 // comments in a transaction

// WithdrawAndForget is Withdraw, and forgets the comment at once, also one that was withdrawn before.
func (s *Service) WithdrawAndForget(ctx context.Context, site site.Site, id, token string) error {
	if err := s.checkToken(site, id, token); err != nil {
		return err
	}
	return s.forgetNow(ctx, site, id, func(tx Tx, now time.Time) error { return withdraw(tx, site.ID, id, now) })
}

// Forget forgets a comment that its writer withdrew, before its time. It needs an owner, and cannot be undone.
func (s *Service) Forget(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	return s.forgetNow(ctx, site, id, func(Tx, time.Time) error { return nil })
}

// forgetNow forgets a removed comment, which first may remove, and has it noted before.
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
		if err == nil && c.IsKept() {
			err = s.forgets(site, id)
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

// Erase removes comments for whoever they are about, and forgets them at once. What they taught is erased after it
// (learning.EraseLessons): a comment that is gone teaches nothing again.
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

// Unname keeps comments and removes what identifies their commenter: name, e-mail, website, the keyed hashes of writer
// and address, moderators' texts about them, redacted parts and appeals. Their lessons hold these too, and are erased
// later (learning.EraseLessons).
func (s *Service) Unname(ctx context.Context, site site.Site, ids []string) error {
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
				return fmt.Errorf("forget whose %s is: %w", c.ID, err)
			}
			if err := auditlog.EraseTexts(tx, site.ID, c.ID); err != nil {
				return err
			}
			// Whoever keeps something made of it makes that anew.
			err := tx.Emit(event.Event{Site: site.ID, Kind: event.Decided, Page: c.Page, Comment: c.ID,
				Shown: c.State == comment.Approved, At: now})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take names out of comments: %w", err)
	}
	s.textChanged(site.ID)
	return nil
}

// forget erases the commenter's data and moderators' texts from removed comments. It is the only function that does so.
// Their lessons stay until they are retired or the person is erased (learning.EraseLessons).
func forget(tx Tx, site int64, now time.Time, ids ...string) error {
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		if !c.IsKept() {
			continue // by another process since it was found
		}
		answer, err := json.Marshal(Submitted{
			ID: c.ID, Version: c.Version, State: c.State, CreatedAt: c.CreatedAt, EditUntil: c.EditUntil,
		})
		if err != nil {
			return fmt.Errorf("make what is answered: %w", err)
		}
		if err := tx.ForgetComment(c, answer); err != nil {
			return fmt.Errorf("forget %s: %w", c.ID, err)
		}
		if err := auditlog.EraseTexts(tx, site, c.ID); err != nil {
			return err
		}
		// Whoever keeps something made of its text forgets that too.
		err = tx.Emit(event.Event{Site: site, Kind: event.Removed, Page: c.Page, Comment: c.ID, At: now})
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetOld forgets, on each site, what was removed longer ago than its setting keeps it, what was taken out of
// comments longer ago than it can be put back, and what else its settings keep for a time.
func (s *Service) forgetOld(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		before := s.work.Now().Add(-time.Duration(site.Settings.Grace()) * 24 * time.Hour)
		if err := s.forgetRemoved(ctx, site.ID, before); err != nil {
			return fmt.Errorf("forget what was removed at %s: %w", site.Key, err)
		}
		before = s.work.Now().Add(-keptFor)
		if err := s.work.Update(ctx, func(tx Tx) error { return tx.ForgetKept(site.ID, before) }); err != nil {
			return fmt.Errorf("forget what was taken out at %s: %w", site.Key, err)
		}
		if err := s.forgetExpired(ctx, site); err != nil {
			return fmt.Errorf("forget what expired at %s: %w", site.Key, err)
		}
	}
	return nil
}

// forgetRemoved forgets what was removed before a time.
func (s *Service) forgetRemoved(ctx context.Context, site int64, before time.Time) error {
	return s.inParts(ctx, site, "removed comments forgotten", func(tx Tx) ([]string, error) {
		return tx.RemovedBefore(site, before, forgottenTogether)
	}, func(tx Tx, now time.Time, ids []string) error { return forget(tx, site, now, ids...) })
}

// inParts does something with comments that it finds until there are none, in short transactions, between which
// others write. What is done with must not be found again.
func (s *Service) inParts(
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
