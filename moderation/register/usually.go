package register

import (
	"context"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/ground"
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

// usual is for how many hours comments wait, as it was looked at.
type usual struct {
	hours int
	at    time.Time
}

// Usually returns within how many hours a site's comments are usually decided: 1, 3, 6, 12 or 24. It is 0 where that is
// not known, or is longer, and where comments do not wait.
func (s *Service) Usually(ctx context.Context, site ground.Site) int {
	now := s.work.Now()
	if site.Settings.Moderation == ground.PolicyNone {
		return 0
	}
	s.mu.Lock() // while one looks, others wait for what it finds
	defer s.mu.Unlock()
	u, known := s.usual[site.ID]
	if known && now.Sub(u.at) < usualFor && !now.Before(u.at) {
		return u.hours
	}
	var waits []Waited
	err := s.work.View(ctx, func(tx Tx) (err error) {
		waits, err = tx.WaitsIn(site.ID, now.Add(-usualDays), now, usualMost)
		return err
	})
	if err != nil {
		return u.hours // a list of comments does not fail for it
	}
	u = usual{hoursOf(waits), now}
	s.usual[site.ID] = u
	return u.hours
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
