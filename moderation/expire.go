package moderation

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// forgetExpired forgets what was refused, and by whom and from where comments came, longer ago than the site's
// settings keep it. What was learned from them stays, and so do the entries of the log, without what moderators typed.
func (s *Service) forgetExpired(ctx context.Context, site site.Site) error {
	ago := func(days int) time.Time { return s.work.Now().AddDate(0, 0, -days) }
	if days := site.Settings.KeepRefused; days > 0 {
		before := ago(days)
		if err := s.inParts(ctx, site.ID, "refused comments forgotten", func(tx Tx) ([]string, error) {
			return tx.RefusedBefore(site.ID, before, forgottenTogether)
		}, func(tx Tx, now time.Time, ids []string) error { return expire(tx, site.ID, before, now, ids) }); err != nil {
			return err
		}
	}
	if days := site.Settings.KeepAddresses; days > 0 {
		before := ago(days)
		return s.inParts(ctx, site.ID, "addresses forgotten", func(tx Tx) ([]string, error) {
			return tx.AddressedBefore(site.ID, before, forgottenTogether)
		}, func(tx Tx, _ time.Time, ids []string) error { return forgetAddresses(tx, site.ID, ids) })
	}
	return nil
}

// expire removes and forgets what is still refused, and was before a time. Its reason stays, by which it is counted.
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
			continue // since it was found
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
			return errMoved
		}
	}
	return forget(tx, site, now, ids...)
}

// forgetAddresses takes e-mails and hashes of addresses out of comments, and out of what is searched.
func forgetAddresses(tx Tx, site int64, ids []string) error {
	found, err := tx.CommentsByID(site, ids)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		c.Email = ""
		if err := tx.ForgetAddress(site, c.ID, comment.SearchText(c)); err != nil {
			return fmt.Errorf("forget whose %s is: %w", c.ID, err)
		}
	}
	return nil
}
