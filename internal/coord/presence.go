package coord

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/txn"
)

// presenceTimeout is how long a moderator stays present after the last Appear.
const presenceTimeout = 45 * time.Second

// presences are the moderators who are present in this process.
type presences struct {
	clock txn.Clock

	mu    sync.Mutex                             // guards sites
	sites map[int64]map[string]presence.Presence // by account
}

func newPresences(clock txn.Clock) *presences {
	return &presences{clock: clock, sites: map[int64]map[string]presence.Presence{}}
}

// appear stores a presence with the current time and returns it.
func (p *presences) appear(site int64, one presence.Presence) presence.Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	one.At = p.clock.Now().UTC()
	if p.sites[site] == nil {
		p.sites[site] = map[string]presence.Presence{}
	}
	p.sites[site][one.Account] = one
	return one
}

func (p *presences) leave(site int64, account string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sites[site], account)
}

// present returns the moderators who are present on a site, and removes those that timed out.
func (p *presences) present(site int64) []presence.Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	maps.DeleteFunc(p.sites[site], func(_ string, one presence.Presence) bool { return now.Sub(one.At) >= presenceTimeout })
	if len(p.sites[site]) == 0 {
		delete(p.sites, site)
	}
	return slices.Collect(maps.Values(p.sites[site]))
}

// Appear records that a moderator is present on a site, for presenceTimeout.
func (c *Coord) Appear(ctx context.Context, site int64, p presence.Presence) {
	p = c.presences.appear(site, p)
	if c.shared != nil {
		c.shared.appear(ctx, c.redisKey("presence", site, ""), p)
	}
}

// Leave removes the presence of an account on a site.
func (c *Coord) Leave(ctx context.Context, site int64, account string) {
	c.presences.leave(site, account)
	if c.shared != nil {
		c.shared.leave(ctx, c.redisKey("presence", site, ""), account)
	}
}

// Present returns the moderators who are present on a site, sorted by account.
func (c *Coord) Present(ctx context.Context, site int64) []presence.Presence {
	all := c.presences.present(site)
	if c.shared != nil {
		if shared, err := c.shared.present(ctx, c.redisKey("presence", site, "")); err == nil {
			now := c.presences.clock.Now()
			all = slices.DeleteFunc(shared, func(p presence.Presence) bool { return now.Sub(p.At) >= presenceTimeout })
		}
	}
	slices.SortFunc(all, func(a, b presence.Presence) int { return cmp.Compare(a.Account, b.Account) })
	return all
}
