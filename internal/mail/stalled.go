package mail

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// stalledAfter is the time without a decision, while comments are pending, after which owners are notified.
const stalledAfter = 3 * 24 * time.Hour

// countLimit limits the count of pending comments.
const countLimit = 100_000

// countPending counts a site's pending comments that score at least from: n are not suspected.
func countPending(tx Tx, site site.Site, from float64) (n, suspected int, err error) {
	count := func(from float64) (int, error) {
		return tx.CountQueue(comment.OneSite(site.ID), comment.ViewSuspected, comment.Threshold{Score: from}, countLimit)
	}
	all, err := count(from)
	if err == nil {
		suspected, err = count(site.Settings.Suspect)
	}
	return max(0, all-suspected), suspected, err
}

// oldest returns the oldest pending comments that score at least from and are not suspected.
func oldest(tx Tx, site site.Site, from float64, limit int) ([]comment.Comment, error) {
	below := math.Nextafter(site.Settings.Suspect, 0)
	return tx.Queue(comment.QueueQuery{
		Sites: comment.OneSite(site.ID), View: comment.ViewPending, Order: comment.OldestFirst,
		Filter: comment.QueueFilter{MinScore: from, MaxScore: &below}, Limit: limit,
	})
}

// notifyStalled notifies the owners of each stalled site, once.
func (s *Service) notifyStalled(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		stands, owners, err := s.isStalled(ctx, site)
		if err != nil {
			return fmt.Errorf("check whether %s is stalled: %w", site.Key, err)
		}
		if !stands {
			continue
		}
		fresh, now := make([]string, len(owners)), s.work.Now()
		for i := range owners {
			fresh[i] = txn.NewID()
		}
		err = s.work.Update(ctx, func(tx Tx) error {
			// Each such transaction writes this row, so that two processes do not run it at the same time.
			if err := tx.SetMeta("mail.still", []byte{1}); err != nil {
				return err
			}
			decided, err := tx.LastDecision(site.ID)
			if err != nil {
				return err
			}
			for i, a := range owners {
				last, err := tx.LastMail(site.ID, a.ID, Stalled)
				switch {
				case err == nil && last.CreatedAt.After(decided):
					continue
				case err != nil && !errors.Is(err, txn.ErrNotFound):
					return err
				}
				m := Message{Site: site.ID, ID: fresh[i], Account: a.ID, Kind: Stalled, CreatedAt: now, DueAt: nextDaytime(now, s.zone)}
				if err := tx.PutMail(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("notify owners that %s is stalled: %w", site.Key, err)
		}
	}
	return nil
}

// isStalled reports whether the site has owners, a comment has been pending and no decision was made for stalledAfter.
// It returns the owners.
func (s *Service) isStalled(ctx context.Context, site site.Site) (stands bool, owners []authz.Account, err error) {
	before := s.work.Now().Add(-stalledAfter)
	err = s.work.View(ctx, func(tx Tx) error {
		decided, err := tx.LastDecision(site.ID)
		if err != nil || decided.After(before) {
			return err
		}
		first, err := oldest(tx, site, 0, 1)
		if err != nil || len(first) == 0 || first[0].CreatedAt.After(before) {
			return err
		}
		accounts, err := tx.Accounts()
		for _, a := range accounts {
			if a.Role(site.ID) == authz.Owner {
				owners = append(owners, a)
			}
		}
		stands = len(owners) > 0
		return err
	})
	return stands, owners, err
}
