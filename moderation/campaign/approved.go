package campaign

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

const (
	maxApproved      = 200 // newest approved comments that are compared
	maxApprovedSites = 64  // sites kept in memory
)

// approvedCache keeps the prints of sites' newest approved comments in memory. Approved comments form no campaigns.
type approvedCache struct {
	mu    sync.Mutex
	sites map[int64]approvedSite
	event uint64 // counts events
}

// An approvedSite holds prints by comment ID. It is not current after an event that may have changed what is public.
type approvedSite struct {
	prints  map[string]approvedPrint
	current bool
}

type approvedPrint struct {
	Print
	textAt time.Time
}

// onEvent marks a site as not current. It must return quickly.
func (a *approvedCache) onEvent(e event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.event++
	switch {
	case e.Kind == event.Behind:
		a.sites = nil
	case e.Shown:
		s := a.sites[e.Site]
		s.current = false
		if s.prints != nil {
			a.sites[e.Site] = s
		}
	}
}

// get returns a site's prints. It calls read for the newest approved comments if the cache is not current.
func (a *approvedCache) get(site int64, read func() ([]comment.Comment, error)) (map[string]approvedPrint, error) {
	a.mu.Lock()
	known, event := a.sites[site], a.event
	a.mu.Unlock()
	if known.current {
		return known.prints, nil
	}
	list, err := read()
	if err != nil {
		return nil, err
	}
	prints := make(map[string]approvedPrint, len(list))
	for _, c := range list {
		p, ok := known.prints[c.ID]
		if !ok || !p.textAt.Equal(c.TextChangedAt()) {
			p = approvedPrint{PrintOf(c), c.TextChangedAt()}
		}
		if c.Account == "" {
			prints[c.ID] = p
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sites == nil || len(a.sites) >= maxApprovedSites {
		a.sites = map[int64]approvedSite{}
	}
	a.sites[site] = approvedSite{prints, a.event == event}
	return prints, nil
}

// ApprovedDuplicates returns, by comment ID, how many of the newest 200 approved comments of readers are
// near-duplicates of each comment. The caller must be allowed to see the comments.
func (s *Service) ApprovedDuplicates(
	ctx context.Context, site int64, comments []comment.Comment,
) (like map[string]int, err error) {
	prints := make(map[string]Print, len(comments)) // of the texts that are long enough
	for _, c := range comments {
		if p := PrintOf(c); p.longEnough() {
			prints[c.ID] = p
		}
	}
	if len(prints) == 0 {
		return nil, nil
	}
	approved, err := s.approved.get(site, func() (newest []comment.Comment, err error) {
		err = s.work.View(ctx, func(tx Tx) (err error) {
			newest, err = tx.Queue(comment.QueueQuery{
				Sites: comment.OneSite(site), View: comment.ViewApproved, Order: comment.NewestFirst, Limit: maxApproved,
			})
			return err
		})
		return newest, err
	})
	if err != nil {
		return nil, fmt.Errorf("read approved comments: %w", err)
	}
	like = make(map[string]int, len(prints))
	for id, p := range prints {
		for other, print := range approved {
			if other != id && p.Duplicate(print.Fingerprint) {
				like[id]++
			}
		}
	}
	return like, nil
}
