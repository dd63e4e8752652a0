package takedown

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

// TypicalHours is the time in which 70 % of the comments decided in the last 28 days were decided, rounded up to one
// of hourSteps. It reads at most the newest maxTypicalWaits comments and needs at least minTypicalWaits. A site's
// value is cached for an hour; the request that finds it expired computes it.
const (
	typicalTTL      = time.Hour
	typicalWindow   = 28 * 24 * time.Hour
	minTypicalWaits = 20
	maxTypicalWaits = 500
)

var hourSteps = []int{1, 3, 6, 12, 24}

// typicalWait is a site's cached value.
type typicalWait struct {
	mu    sync.Mutex // held while one request computes the value; the site's other requests wait
	hours int
	at    time.Time
}

// TypicalHours returns in how many hours most comments of a site are decided: 1, 3, 6, 12 or 24. It returns 0 if that
// is unknown or more, or if comments are published without review.
func (s *Service) TypicalHours(ctx context.Context, blog site.Site) int {
	now := s.work.Now()
	if blog.Settings.Moderation == site.PolicyNone {
		return 0
	}
	u := s.typicalWaitOf(blog.ID)
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.at.IsZero() && now.Sub(u.at) < typicalTTL && !now.Before(u.at) {
		return u.hours
	}
	var waits []WaitTime
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waits, err = tx.WaitsIn(blog.ID, now.Add(-typicalWindow), now, maxTypicalWaits)
		return err
	})
	if err == nil { // on an error, the old value is good enough
		u.hours, u.at = typicalHours(waits), now
	}
	return u.hours
}

func (s *Service) typicalWaitOf(site int64) *typicalWait {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.typicalWaits[site] == nil {
		s.typicalWaits[site] = &typicalWait{}
	}
	return s.typicalWaits[site]
}

func typicalHours(waits []WaitTime) int {
	if len(waits) < minTypicalWaits {
		return 0
	}
	seven := percentile(waits, 7)
	i := slices.IndexFunc(hourSteps, func(h int) bool { return seven <= time.Duration(h)*time.Hour })
	if i < 0 {
		return 0
	}
	return hourSteps[i]
}
