package sites

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// StatsTx contains the queries of CountQueues and SiteStats.
type StatsTx interface {
	// CountQueues counts the comments of sites that need a moderator, each kind up to limit, in the order of the sites.
	CountQueues(sites []site.Site, limit int) ([]comment.QueueCounts, error)
	// CountComments counts the comments of sites, in total and since two times, by site ID. Sites without comments are
	// left out.
	CountComments(sites []int64, week, month time.Time) (map[int64]Totals, error)
	// CountDecisions counts the decisions since two times by site ID, without undos and imported decisions. Sites without
	// any are left out.
	CountDecisions(sites []int64, week, month time.Time) (map[int64]Recent, error)
}

// CountQueues returns the queue counts of sites, in their order. Counts end at comment.MaxCount, which means "this many
// or more". It needs an author on each site.
func (s *Service) CountQueues(ctx context.Context, who authz.Actor, list []site.Site) (counts []comment.QueueCounts, err error) {
	for _, blog := range list {
		if err := who.Authorize(blog.ID, authz.Author, authz.ScopeRead); err != nil {
			return nil, err
		}
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		counts, err = tx.CountQueues(list, comment.MaxCount)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count queues: %w", err)
	}
	return counts, nil
}

// Recent counts what happened in the last 7 and 30 days.
type Recent struct {
	Week  int `json:"last_7_days"`
	Month int `json:"last_30_days"`
}

// Totals are all comments of a site by state, and the recent ones.
type Totals struct {
	ByState  map[comment.State]int
	Comments Recent
}

// Stats are the numbers of a site.
type Stats struct {
	Queue comment.QueueCounts
	Totals
	Decisions Recent // without undos and imported decisions
}

const (
	week     = 7 * 24 * time.Hour
	month    = 30 * 24 * time.Hour
	maxExact = 1 << 30 // comments
)

// SiteStats returns the numbers of sites, in their order. It counts all comments and log entries of the sites. It needs a
// moderator on each site.
func (s *Service) SiteStats(ctx context.Context, who authz.Actor, list []site.Site) ([]Stats, error) {
	ids := make([]int64, len(list))
	for i, blog := range list {
		if err := who.Authorize(blog.ID, authz.Moderator, authz.ScopeRead); err != nil {
			return nil, err
		}
		ids[i] = blog.ID
	}
	now := s.work.Now()
	stats := make([]Stats, len(list))
	err := s.work.View(ctx, func(tx Tx) error {
		queues, err := tx.CountQueues(list, maxExact)
		if err != nil {
			return err
		}
		totals, err := tx.CountComments(ids, now.Add(-week), now.Add(-month))
		if err != nil {
			return err
		}
		decisions, err := tx.CountDecisions(ids, now.Add(-week), now.Add(-month))
		for i, id := range ids {
			stats[i] = Stats{Queue: queues[i], Totals: totals[id], Decisions: decisions[id]}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count comments: %w", err)
	}
	return stats, nil
}
