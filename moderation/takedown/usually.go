package takedown

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

// What writers are told of how long they wait: the time within which seven in ten of the comments of 28 days were
// decided, or of the newest of them where there are many, rounded up, as far as there are enough. It is looked at once
// an hour, by a reader who waits for it.
const (
	usualFor  = time.Hour
	usualDays = 28 * 24 * time.Hour
	usualOf   = 20
	usualMost = 500
)

var usualHours = []int{1, 3, 6, 12, 24}

// usual is for how many hours a site's comments wait, as it was looked at.
type usual struct {
	mu    sync.Mutex // while one looks, the site's others wait for what it finds
	hours int
	at    time.Time
}

// Usually returns within how many hours a site's comments are usually decided: 1, 3, 6, 12 or 24. It is 0 where that is
// not known, or is longer, and where comments do not wait.
func (s *Service) Usually(ctx context.Context, blog site.Site) int {
	now := s.work.Now()
	if blog.Settings.Moderation == site.PolicyNone {
		return 0
	}
	u := s.waitingOf(blog.ID)
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.at.IsZero() && now.Sub(u.at) < usualFor && !now.Before(u.at) {
		return u.hours
	}
	var waits []Waited
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waits, err = tx.WaitsIn(blog.ID, now.Add(-usualDays), now, usualMost)
		return err
	})
	if err == nil { // a list of comments does not fail for it
		u.hours, u.at = hoursOf(waits), now
	}
	return u.hours
}

func (s *Service) waitingOf(site int64) *usual {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.usual[site] == nil {
		s.usual[site] = &usual{}
	}
	return s.usual[site]
}

func hoursOf(waits []Waited) int {
	if len(waits) < usualOf {
		return 0
	}
	seven := percentile(waits, 7)
	i := slices.IndexFunc(usualHours, func(h int) bool { return seven <= time.Duration(h)*time.Hour })
	if i < 0 {
		return 0
	}
	return usualHours[i]
}
