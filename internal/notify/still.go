package notify

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

// stillAfter is after how long without a decision, while comments wait, the owners of a site are told.
const stillAfter = 3 * 24 * time.Hour

// countUpTo is how far what waits is counted.
const countUpTo = 100_000

// waiting counts a site's comments that wait from a score on and are not suspected, and those that are.
func waiting(tx Tx, site site.Site, from float64) (n, suspected int, err error) {
	all, err := tx.CountQueue(site.ID, comment.ViewSuspected, from, countUpTo)
	if err == nil {
		suspected, err = tx.CountQueue(site.ID, comment.ViewSuspected, site.Settings.Suspect, countUpTo)
	}
	return max(0, all-suspected), suspected, err
}

// oldest reads those of them that have waited longest.
func oldest(tx Tx, site site.Site, from float64, limit int) ([]comment.Comment, error) {
	below := math.Nextafter(site.Settings.Suspect, 0)
	return tx.Queue(comment.QueueQuery{
		Site: site.ID, View: comment.ViewPending, Order: comment.OldestFirst,
		Filter: comment.QueueFilter{Least: from, Most: &below}, Limit: limit,
	})
}

// still tells the owners of each site, once, that nothing was decided there while comments wait.
func (s *Service) still(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		stands, owners, err := s.stands(ctx, site)
		if err != nil {
			return fmt.Errorf("look whether %s stands still: %w", site.Key, err)
		}
		if !stands {
			continue
		}
		fresh, now := make([]string, len(owners)), s.work.Now()
		for i := range owners {
			fresh[i] = txn.NewID()
		}
		err = s.work.Update(ctx, func(tx Tx) error {
			// A row that every such transaction writes: of two processes one is first.
			if err := tx.SetMeta("mail.still", []byte{1}); err != nil {
				return err
			}
			decided, err := tx.LastDecision(site.ID)
			if err != nil {
				return err
			}
			for i, a := range owners {
				last, err := tx.LastMail(site.ID, a.ID, Still)
				switch {
				case err == nil && last.CreatedAt.After(decided):
					continue
				case err != nil && !errors.Is(err, txn.ErrNotFound):
					return err
				}
				m := Mail{Site: site.ID, ID: fresh[i], Account: a.ID, Kind: Still, CreatedAt: now, DueAt: day(now, s.zone)}
				if err := tx.PutMail(m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("tell that %s stands still: %w", site.Key, err)
		}
	}
	return nil
}

// stands reports whether nothing was decided on a site for long while comments wait as long, and who owns it.
func (s *Service) stands(ctx context.Context, site site.Site) (stands bool, owners []authz.Account, err error) {
	before := s.work.Now().Add(-stillAfter)
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
