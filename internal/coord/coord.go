// Package coord coordinates the processes of a service through state that may be lost: rate limits, notifications that
// shorten polling, leases of background jobs, refused and allowed origins, and the presence of moderators.
//
// It is not a store: the database is the source of truth. Losing the state here costs time and weakens limits for a
// while, but loses no comment. With Redis, the processes share the state there. Without Redis, or while it is down,
// each process uses its own memory, so limits still apply. It is the only package that imports go-redis.
package coord

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// Options of a Coord. An empty URL means that the process runs alone. Secret keys the hashes in the names of Redis
// keys, so that addresses cannot be read or guessed from them.
type Options struct {
	URL    string // redis://, rediss:// or unix://
	Secret secret.Secret
	Clock  txn.Clock
	Log    *slog.Logger
}

// Coord coordinates one process with the others. It implements txn.Bell, txn.Claims, site.Knocks, presence.Presences
// and web.Limiter. It is safe for concurrent use.
type Coord struct {
	secret           secret.Secret
	limits           *limits
	claims           *claims
	allowed, refused *originRequests
	presences        *presences
	bell             *bell
	shared           *shared // nil without Redis
}

// Open returns a Coord. It returns an error if the URL cannot be parsed. An unreachable Redis is not an error, because
// it may come back.
func Open(ctx context.Context, o Options) (*Coord, error) {
	c := &Coord{
		secret:    o.Secret,
		limits:    newLimits(o.Clock),
		claims:    newClaims(o.Clock),
		allowed:   newOriginRequests(o.Clock, "let in", allowedInterval),
		refused:   newOriginRequests(o.Clock, "knocks", 0),
		presences: newPresences(o.Clock),
		bell:      newBell(),
	}
	if o.URL == "" {
		return c, nil
	}
	var err error
	if c.shared, err = dial(ctx, o, c.redisKey("bell", 0, ""), c.bell.ring); err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	return c, nil
}

// Close closes the connection to Redis.
func (c *Coord) Close() error {
	if c.shared == nil {
		return nil
	}
	return c.shared.close()
}

// Health returns "up" or "down" for Redis, or "" if none is configured. Redis is down after two failed pings in a row.
func (c *Coord) Health() string {
	switch {
	case c.shared == nil:
		return ""
	case c.shared.missed.Load() >= missedWhenDown:
		return "down"
	}
	return "up"
}

// Allow takes one event of key on a site, where perMinute events are allowed per minute, and burst at once. If none is
// left, it returns how long to wait. Site 0 stands for limits across sites.
//
// The process also counts the events that it allowed and the last state read from Redis, and applies them as a minimum.
// So a Redis that stops or comes back empty resets no limit.
func (c *Coord) Allow(
	ctx context.Context, site int64, key string, perMinute, burst int,
) (ok bool, retryAfter time.Duration) {
	r := rate{interval: time.Minute / time.Duration(max(perMinute, 1)), burst: max(burst, 1)}
	name := c.redisKey("limit", site, key)
	if c.shared == nil {
		return c.limits.allow(name, r)
	}
	// The state of Redis was recorded when the response arrived, up to callTimeout after it was computed.
	if wait := c.limits.wait(name, r); wait > callTimeout {
		return false, wait
	}
	ok, retryAfter, until, err := c.shared.allow(ctx, name, max(perMinute, 1), r.burst)
	if err != nil {
		return c.limits.allow(name, r)
	}
	c.limits.record(name, r, ok, until)
	return ok, retryAfter
}

// Refund returns one event that Allow took with the same rate.
func (c *Coord) Refund(ctx context.Context, site int64, key string, perMinute, burst int) {
	r := rate{interval: time.Minute / time.Duration(max(perMinute, 1)), burst: max(burst, 1)}
	name := c.redisKey("limit", site, key)
	c.limits.refund(name, r)
	if c.shared != nil {
		c.shared.refund(ctx, name, max(perMinute, 1), r.burst)
	}
}

// Ring notifies the channels of Rings, in this process immediately and in others soon. It does not block.
func (c *Coord) Ring(context.Context) {
	c.bell.ring()
	if c.shared != nil {
		c.shared.ring()
	}
}

// Rings returns a channel that receives after a Ring; several rings may be merged. It is closed when ctx ends.
func (c *Coord) Rings(ctx context.Context) <-chan struct{} { return c.bell.rings(ctx) }

// Claim reports whether the caller gets the lease of a site's name for ttl. A lease cannot be renewed, even by its
// holder: it is granted once per ttl. Site 0 stands for jobs across sites.
func (c *Coord) Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool {
	name = c.redisKey("claim", site, name)
	if c.shared != nil {
		if got, err := c.shared.claim(ctx, name, ttl); err == nil {
			return got
		}
	}
	return c.claims.take(name, ttl)
}

// redisKey returns the name of a key in Redis: the site ID in braces as a hash tag, so that all keys of a site are in
// one cluster slot, the kind, and a keyed hash.
func (c *Coord) redisKey(kind string, site int64, key string) string {
	tag := ""
	if site != 0 {
		tag = fmt.Sprintf("{%d}", site)
	}
	return "aitys:" + tag + kind + ":" + base64.RawURLEncoding.EncodeToString(c.secret.Hash("redis", site, kind, key))
}
