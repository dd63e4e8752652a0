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
	maxOrigins      = 20                 // origins stored per site
	originRetention = 7 * 24 * time.Hour // after the last request of an origin
	flushInterval   = time.Second        // between writes to Redis per site, however many requests come
	allowedInterval = time.Minute        // before an allowed origin counts again
)

// originRequests are the origins that requested comments, as this process knows them: the last state read from Redis,
// and the requests not sent to it yet. name is the kind of their Redis keys.
type originRequests struct {
	clock txn.Clock
	name  string
	every time.Duration // before the same origin counts again; 0: every request counts

	mu    sync.Mutex // guards sites
	sites map[int64]*siteOrigins
}

// siteOrigins are the origin requests of one site.
type siteOrigins struct {
	stored, unsent []site.OriginRequest
	lastSent       time.Time
}

func newOriginRequests(clock txn.Clock, name string, every time.Duration) *originRequests {
	return &originRequests{clock: clock, name: name, every: every, sites: map[int64]*siteOrigins{}}
}

// of returns the origin requests of a site. The caller holds mu.
func (k *originRequests) of(site int64) *siteOrigins {
	d := k.sites[site]
	if d == nil {
		d = &siteOrigins{}
		k.sites[site] = d
	}
	return d
}

// add counts a request, and reports whether the site is due for a write to Redis.
func (k *originRequests) add(blog int64, knock site.OriginRequest) (due bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, d := k.clock.Now(), k.of(blog)
	recent := func(other site.OriginRequest) bool {
		return k.every > 0 && other.Origin == knock.Origin && now.Sub(other.Last) < k.every
	}
	if slices.ContainsFunc(d.unsent, recent) || slices.ContainsFunc(d.stored, recent) {
		return false
	}
	knock.Last = now
	d.unsent = merge(d.unsent, []site.OriginRequest{knock}, now)
	if since := now.Sub(d.lastSent); since >= 0 && since < flushInterval {
		return false
	}
	d.lastSent = now
	return true
}

// take removes and returns the requests not sent to Redis yet.
func (k *originRequests) take(site int64) (untold []site.OriginRequest) {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := k.of(site)
	untold, d.unsent = d.unsent, nil
	return untold
}

// store replaces the state of Redis by all, if known, and adds the unsent requests more again. It returns all requests
// of the site.
func (k *originRequests) store(site int64, all []site.OriginRequest, known bool, more []site.OriginRequest) []site.OriginRequest {
	k.mu.Lock()
	defer k.mu.Unlock()
	d := k.of(site)
	if known {
		d.stored = all
	}
	d.unsent = merge(d.unsent, more, k.clock.Now())
	return merge(d.stored, d.unsent, k.clock.Now())
}

// merge returns the origins of a and b with their counts added, sorted by count, highest first. It drops origins older
// than originRetention. Beyond maxOrigins it returns the half with the highest counts, and the latest of the others.
func merge(a, b []site.OriginRequest, now time.Time) []site.OriginRequest {
	all := slices.Clone(a)
	for _, k := range b {
		i := slices.IndexFunc(all, func(other site.OriginRequest) bool { return other.Origin == k.Origin })
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
	all = slices.DeleteFunc(all, func(k site.OriginRequest) bool { return now.Sub(k.Last) > originRetention })
	slices.SortFunc(all, func(a, b site.OriginRequest) int {
		return cmp.Or(cmp.Compare(b.Times, a.Times), b.Last.Compare(a.Last), cmp.Compare(a.Origin, b.Origin))
	})
	if len(all) <= maxOrigins {
		return all
	}
	rest := slices.SortedFunc(slices.Values(all[maxOrigins/2:]), func(a, b site.OriginRequest) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Origin, b.Origin))
	})
	return slices.DeleteFunc(all, func(k site.OriginRequest) bool { return slices.Contains(rest[maxOrigins/2:], k) })
}

// RecordOrigin counts a request for a site's comments from a page at origin. letIn reports whether it was allowed.
func (c *Coord) RecordOrigin(ctx context.Context, blog int64, origin string, letIn bool) {
	c.addOrigin(ctx, c.origins(letIn), blog, site.OriginRequest{Origin: origin, Times: 1})
}

// Dismiss marks a refused origin as dismissed. Its requests are still counted, so that the mark stays.
func (c *Coord) Dismiss(ctx context.Context, blog int64, origin string) {
	c.addOrigin(ctx, c.refused, blog, site.OriginRequest{Origin: origin, Dismissed: true})
}

func (c *Coord) addOrigin(ctx context.Context, k *originRequests, site int64, addOrigin site.OriginRequest) {
	if k.add(site, addOrigin) && c.shared != nil {
		c.flush(ctx, k, site)
	}
}

// origins returns the allowed or the refused origin requests.
func (c *Coord) origins(letIn bool) *originRequests {
	if letIn {
		return c.allowed
	}
	return c.refused
}

// OriginRequests returns the origins of the last week, allowed or refused ones, sorted by the number of requests, highest
// first.
func (c *Coord) OriginRequests(ctx context.Context, site int64, letIn bool) []site.OriginRequest {
	if c.shared != nil {
		return c.flush(ctx, c.origins(letIn), site)
	}
	return c.origins(letIn).store(site, nil, false, nil)
}

// flush sends the unsent requests of a site to Redis, and returns all requests of the site.
func (c *Coord) flush(ctx context.Context, k *originRequests, blog int64) []site.OriginRequest {
	untold := k.take(blog)
	all, err := c.shared.update(ctx, c.redisKey(k.name, blog, ""), func(kept []site.OriginRequest) []site.OriginRequest {
		return merge(kept, untold, k.clock.Now())
	})
	if !errors.Is(err, errDown) && !errors.Is(err, redis.TxFailedErr) {
		untold = nil // the outcome is unknown: lose the counts rather than add them twice
	}
	return k.store(blog, all, err == nil, untold)
}
