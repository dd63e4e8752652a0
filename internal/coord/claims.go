package coord

import (
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// claims are the leases of this process in memory. There is one name per background job, so they are few.
type claims struct {
	clock txn.Clock

	mu    sync.Mutex // guards until
	until map[string]time.Time
}

func newClaims(clock txn.Clock) *claims {
	return &claims{clock: clock, until: map[string]time.Time{}}
}

// take reports whether it leased name for ttl.
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
