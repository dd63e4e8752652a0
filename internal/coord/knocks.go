package coord

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	maxKnocks = 20 // origins kept of a site
	knocksFor = 7 * 24 * time.Hour
	tellEvery = time.Second // of one site, so that no flood of knocks is one of writes
	letInFor  = time.Minute // before one who was let in counts again
)

// knocks are what this process knows of them: by the last word of Redis, and what it has not been told yet. Under
// name they are kept there.
type knocks struct {
	clock txn.Clock
	name  string
	every time.Duration // before the same one counts again

	mu    sync.Mutex // guards sites
	sites map[int64]*door
}

type door struct {
	kept, untold []site.Knock
	told         time.Time
}

func newKnocks(clock txn.Clock, name string, every time.Duration) *knocks {
	return &knocks{clock: clock, name: name, every: every, sites: map[int64]*door{}}
}

// door is a site's. Call it with mu locked.
func (k *knocks) door(site int64) *door {
	d := k.sites[site]
	if d == nil {
		d = &door{}
		k.sites[site] = d
	}
	return d
}

// add counts a knock, and says whether it is time to tell of it.
func (k *knocks) add(blog int64, knock site.Knock) (due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, d := k.clock.Now(), k.door(blog)
	recent := func(other site.Knock) bool {
		return k.every > 0 && other.Origin == knock.Origin && now.Sub(other.Last) < k.every
	}
	if slices.ContainsFunc(d.untold, recent) || slices.ContainsFunc(d.kept, recent) {
		return false
	}
	knock.Last = now
	d.untold = gathered(d.untold, []site.Knock{knock}, now)
	if since := now.Sub(d.told); since >= 0 && since < tellEvery {
		return false
	}
	d.told = now
	return true
}

// take hands out what is untold.
func (k *knocks) take(site int64) (untold []site.Knock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := k.door(site)
	untold, d.untold = d.untold, nil
	return untold
}

// keep takes all for what there is, if it is known, and more besides, and returns everything.
func (k *knocks) keep(site int64, all []site.Knock, known bool, more []site.Knock) []site.Knock {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := k.door(site)
	if known {
		d.kept = all
	}
	d.untold = gathered(d.untold, more, k.clock.Now())
	return gathered(d.kept, d.untold, k.clock.Now())
}

// gathered adds knocks to others, forgets those of more than a week ago, and where they are too many all but
// those who came most often, which are half, and those who came last. The first come first.
func gathered(a, b []site.Knock, now time.Time) []site.Knock {
	all := slices.Clone(a)
	for _, k := range b {
		i := slices.IndexFunc(all, func(other site.Knock) bool { return other.Origin == k.Origin })
		if i < 0 {
			all = append(all, k)
			continue
		}
		all[i].Times += k.Times
		all[i].Dismissed = all[i].Dismissed || k.Dismissed
		if k.Last.After(all[i].Last) {
			all[i].Last = k.Last
		}
	}
	all = slices.DeleteFunc(all, func(k site.Knock) bool { return now.Sub(k.Last) > knocksFor })
	slices.SortFunc(all, func(a, b site.Knock) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), b.Last.Compare(a.Last), cmp.Compare(a.Origin, b.Origin))
	})
	if len(all) <= maxKnocks {
		return all
	}
	rest := slices.SortedFunc(slices.Values(all[maxKnocks/2:]), func(a, b site.Knock) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Origin, b.Origin))
	})
	return slices.DeleteFunc(all, func(k site.Knock) bool { return slices.Contains(rest[maxKnocks/2:], k) })
}

// Knock counts that a page asked for a site's comments.
func (c *Coord) Knock(ctx context.Context, blog int64, origin string, letIn bool) {
	c.knock(ctx, c.door(letIn), blog, site.Knock{Origin: origin, Times: 1})
}

// Dismiss marks one that was refused: it is kept and counted on, so that it stays marked.
func (c *Coord) Dismiss(ctx context.Context, blog int64, origin string) {
	c.knock(ctx, c.refused, blog, site.Knock{Origin: origin, Dismissed: true})
}

func (c *Coord) knock(ctx context.Context, k *knocks, site int64, knock site.Knock) {
	if k.add(site, knock) && c.shared != nil {
		c.tellKnocks(ctx, k, site)
	}
}

// door is where those are kept who were let in, or the others.
func (c *Coord) door(letIn bool) *knocks {
	if letIn {
		return c.letIn
	}
	return c.refused
}

// Knocks are those of the last week, those who came most often first.
func (c *Coord) Knocks(ctx context.Context, site int64, letIn bool) []site.Knock {
	if c.shared != nil {
		return c.tellKnocks(ctx, c.door(letIn), site)
	}
	return c.door(letIn).keep(site, nil, false, nil)
}

// tellKnocks tells Redis what it has not been told, and returns all that is known.
func (c *Coord) tellKnocks(ctx context.Context, k *knocks, blog int64) []site.Knock {
	untold := k.take(blog)
	all, err := c.shared.gather(ctx, c.name(k.name, blog, ""), func(kept []site.Knock) []site.Knock {
		return gathered(kept, untold, k.clock.Now())
	})
	if !errors.Is(err, errDown) && !errors.Is(err, redis.TxFailedErr) {
		untold = nil // rather lost than counted twice
	}
	return k.keep(blog, all, err == nil, untold)
}
