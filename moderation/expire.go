package moderation

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// eraseExpired erases refused comments, and e-mail addresses and address hashes, after the retention times of the site.
// Lessons stay. Log entries stay without the texts that moderators typed.
func (s *Service) eraseExpired(ctx context.Context, site site.Site) error {
	ago := func(days int) time.Time { return s.work.Now().AddDate(0, 0, -days) }
	if days := site.Settings.KeepRefused; days > 0 {
		before := ago(days)
		if err := s.inBatches(ctx, site.ID, "refused comments forgotten", func(tx Tx) ([]string, error) {
			return tx.RefusedBefore(site.ID, before, eraseBatch)
		}, func(tx Tx, now time.Time, ids []string) error { return expire(tx, site.ID, before, now, ids) }); err != nil {
			return err
		}
	}
	if days := site.Settings.KeepAddresses; days > 0 {
		before := ago(days)
		return s.inBatches(ctx, site.ID, "addresses forgotten", func(tx Tx) ([]string, error) {
			return tx.AddressedBefore(site.ID, before, eraseBatch)
		}, func(tx Tx, _ time.Time, ids []string) error { return eraseAddresses(tx, site.ID, ids) })
	}
	return nil
}

// expire removes and erases comments that are still refused, and were refused before a time. The reason stays for
// statistics.
func expire(tx Tx, site int64, before, now time.Time, ids []string) error {
	if _, err := tx.LockLog(site); err != nil {
		return fmt.Errorf("lock log: %w", err)
	}
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		if !c.Refused() || c.Appealed() || !c.DecidedAt.Before(before) {
			continue // changed since the query
		}
		reason := c.Reason
		if c.State == comment.Spam {
			reason = comment.ReasonSpam
		}
		ok, err := tx.SetState(site, c.ID, c.Version, comment.StateChange{
			State: comment.Removed, Reason: reason, Note: c.Note, Standing: c.Standing, Shown: c.Shown, DecidedAt: c.DecidedAt,
		})
		if err != nil {
			return fmt.Errorf("set state: %w", err)
		}
		if !ok {
			return errVersionChanged
		}
	}
	return forget(tx, site, now, ids...)
}

// eraseAddresses erases e-mail addresses and address hashes of comments, also from their search text.
func eraseAddresses(tx Tx, site int64, ids []string) error {
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		c.Email = ""
		if err := tx.ForgetAddress(site, c.ID, comment.SearchText(c)); err != nil {
			return fmt.Errorf("erase the address of %s: %w", c.ID, err)
		}
	}
	return nil
}
