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

// presentFor is how long somebody stays present who is not heard of.
const presentFor = 45 * time.Second

// presences are those who were heard of in this process.
type presences struct {
	clock txn.Clock

	mu    sync.Mutex                             // guards sites
	sites map[int64]map[string]presence.Presence // by account
}

func newPresences(clock txn.Clock) *presences {
	return &presences{clock: clock, sites: map[int64]map[string]presence.Presence{}}
}

// appear keeps a presence of now, and returns it.
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

// present are those of a site who have not left, and forgets the others.
func (p *presences) present(site int64) []presence.Presence {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	maps.DeleteFunc(p.sites[site], func(_ string, one presence.Presence) bool { return now.Sub(one.At) >= presentFor })
	if len(p.sites[site]) == 0 {
		delete(p.sites, site)
	}
	return slices.Collect(maps.Values(p.sites[site]))
}

// Appear notes that somebody is present.
func (c *Coord) Appear(ctx context.Context, site int64, p presence.Presence) {
	p = c.presences.appear(site, p)
	if c.shared != nil {
		c.shared.appear(ctx, c.name("presence", site, ""), p)
	}
}

// Leave notes that somebody has left.
func (c *Coord) Leave(ctx context.Context, site int64, account string) {
	c.presences.leave(site, account)
	if c.shared != nil {
		c.shared.leave(ctx, c.name("presence", site, ""), account)
	}
}

// Present are those who are present on a site, by account.
func (c *Coord) Present(ctx context.Context, site int64) []presence.Presence {
	all := c.presences.present(site)
	if c.shared != nil {
		if shared, err := c.shared.present(ctx, c.name("presence", site, "")); err == nil {
			now := c.presences.clock.Now()
			all = slices.DeleteFunc(shared, func(p presence.Presence) bool { return now.Sub(p.At) >= presentFor })
		}
	}
	slices.SortFunc(all, func(a, b presence.Presence) int { return cmp.Compare(a.Account, b.Account) })
	return all
}
