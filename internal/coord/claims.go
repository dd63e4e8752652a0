package coord

import (
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// claims keeps who has what in memory. Names are few: they are the jobs of the service.
type claims struct {
	clock txn.Clock

	mu    sync.Mutex // guards until
	until map[string]time.Time
}

func newClaims(clock txn.Clock) *claims {
	return &claims{clock: clock, until: map[string]time.Time{}}
}

func (c *claims) take(name string, ttl time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	if now.Before(c.until[name]) {
		return false
	}
	for n, until := range c.until {
		if !now.Before(until) {
			delete(c.until, n)
		}
	}
	c.until[name] = now.Add(ttl)
	return true
}
