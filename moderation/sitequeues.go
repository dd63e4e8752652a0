package moderation

import (
	"context"
	"fmt"
	"sync"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// A SiteQueue is a site with its queue counts. Counts end at comment.MaxCount, which means "this many or more".
type SiteQueue struct {
	Site site.Site
	comment.QueueCounts
}

// SiteQueues returns the queue counts of all sites on which the actor has a role, ordered by key. The counts may lack
// changes of the last second that other processes made.
func (s *Service) SiteQueues(ctx context.Context, who authz.Actor) ([]SiteQueue, error) {
	of, err := s.sitesOf(ctx, who, "")
	if err != nil {
		return nil, err
	}
	counts, err := s.counts.of(of.list, func(changed []site.Site) (counts []comment.QueueCounts, err error) {
		err = s.work.View(ctx, func(tx Tx) (err error) {
			counts, err = tx.CountQueues(changed, comment.MaxCount)
			return err
		})
		return counts, err
	})
	if err != nil {
		return nil, fmt.Errorf("count queues: %w", err)
	}
	list := make([]SiteQueue, len(of.list))
	for i, blog := range of.list {
		list[i] = SiteQueue{blog, counts[i]}
	}
	return list, nil
}

// siteCounts keeps the queue counts of sites in memory until an event of the site: counting 100,000 comments of 1,000
// sites takes longer than reading a page. It is safe for concurrent use.
type siteCounts struct {
	mu    sync.Mutex
	sites map[int64]siteCount
}

type siteCount struct {
	comment.QueueCounts
	events  uint64 // number of events of the site
	counted uint64 // events before the count began
	known   bool   // the site was counted
}

// onEvent notes that the counts of a site may have changed. It must return quickly.
func (s *siteCounts) onEvent(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == event.Behind {
		for id, c := range s.sites {
			c.events++
			s.sites[id] = c
		}
	} else if c, ok := s.sites[e.Site]; ok {
		c.events++
		s.sites[e.Site] = c
	}
}

// of returns the counts of sites, in their order. It calls count for those that may have changed.
func (s *siteCounts) of(
	list []site.Site, count func([]site.Site) ([]comment.QueueCounts, error),
) ([]comment.QueueCounts, error) {
	counts := make([]comment.QueueCounts, len(list))
	var changed []site.Site
	var places []int
	var events []uint64
	s.mu.Lock()
	for i, blog := range list {
		c := s.sites[blog.ID]
		if counts[i] = c.QueueCounts; !c.known || c.counted != c.events {
			changed, places, events = append(changed, blog), append(places, i), append(events, c.events)
			s.sites[blog.ID] = c // from now on its events are noted
		}
	}
	s.mu.Unlock()
	if len(changed) == 0 {
		return counts, nil
	}
	fresh, err := count(changed)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, blog := range changed {
		counts[places[i]] = fresh[i]
		if c := s.sites[blog.ID]; !c.known || c.counted < events[i] { // no later count was faster
			s.sites[blog.ID] = siteCount{fresh[i], c.events, events[i], true}
		}
	}
	return counts, nil
}
