// Package coord is what several processes share and may lose: posting limits, the bell that
// shortens waiting, claims on background work, which foreign origins knocked, and who looks at what.
//
// It is no store: nothing here is true that SQL does not say, and losing all of it costs time
// and a little fairness, never a comment. With a Redis the processes share it there; without
// one, or while it is away, each process goes on with its own memory, so a limit is never
// lifted. It is the only home of go-redis.
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

// Options are what a Coord is made of. An empty URL means that this process is alone. Secret
// keys the names that Redis sees, so that no address can be read or guessed from them.
type Options struct {
	URL    string // redis://, rediss:// or unix://
	Secret secret.Secret
	Clock  txn.Clock
	Log    *slog.Logger
}

// Coord coordinates one process with the others. It implements txn.Bell, txn.Claims,
// site.Knocks, presence.Presences and the limiter of api/web, and is safe for concurrent use.
type Coord struct {
	secret         secret.Secret
	limits         *limits
	claims         *claims
	letIn, refused *knocks
	presences      *presences
	bell           *bell
	shared         *shared // nil: alone
}

// Open returns a Coord. It refuses a URL that cannot be read; a Redis that does not answer is
// no error, for it may come back.
func Open(ctx context.Context, o Options) (*Coord, error) {
	c := &Coord{
		secret:    o.Secret,
		limits:    newLimits(o.Clock),
		claims:    newClaims(o.Clock),
		letIn:     newKnocks(o.Clock, "let in", letInFor),
		refused:   newKnocks(o.Clock, "knocks", 0),
		presences: newPresences(o.Clock),
		bell:      newBell(),
	}
	if o.URL == "" {
		return c, nil
	}
	var err error
	if c.shared, err = dial(ctx, o, c.name("bell", 0, ""), c.bell.ring); err != nil {
		return nil, fmt.Errorf("open redis: %w", err)
	}
	return c, nil
}

// Close ends what Open began.
func (c *Coord) Close() error {
	if c.shared == nil {
		return nil
	}
	return c.shared.close()
}

// Health is "up" or "down" for the Redis, and "" where there is none to be had.
func (c *Coord) Health() string {
	switch {
	case c.shared == nil:
		return ""
	case c.shared.up.Load():
		return "up"
	}
	return "down"
}

// Allow takes one of the perMinute that key may have on a site, of which burst may come at once,
// and else says how long to wait. Site 0 is none.
//
// What this process let through itself, and what Redis last said that all had, is a floor under what Redis says: one
// that stops, or comes back empty, forgives nothing here.
func (c *Coord) Allow(
	ctx context.Context, site int64, key string, perMinute, burst int,
) (ok bool, retryAfter time.Duration) {
	r := rate{interval: time.Minute / time.Duration(max(perMinute, 1)), burst: max(burst, 1)}
	name := c.name("limit", site, key)
	if c.shared == nil {
		return c.limits.take(name, r)
	}
	// What Redis said was noted when its answer came, later than it was so by as long as a call may take.
	if wait := c.limits.wait(name, r); wait > callLimit {
		return false, wait
	}
	ok, retryAfter, until, err := c.shared.allow(ctx, name, max(perMinute, 1), r.burst)
	if err != nil {
		return c.limits.take(name, r)
	}
	c.limits.note(name, r, ok, until)
	return ok, retryAfter
}

// GiveBack returns one that Allow took, of the same rate.
func (c *Coord) GiveBack(ctx context.Context, site int64, key string, perMinute, burst int) {
	r := rate{interval: time.Minute / time.Duration(max(perMinute, 1)), burst: max(burst, 1)}
	name := c.name("limit", site, key)
	c.limits.giveBack(name, r)
	if c.shared != nil {
		c.shared.giveBack(ctx, name, max(perMinute, 1), r.burst)
	}
}

// Ring wakes all who wait, here at once and in other processes soon. It does not wait.
func (c *Coord) Ring(context.Context) {
	c.bell.ring()
	if c.shared != nil {
		c.shared.ring()
	}
}

// Rings returns a channel that receives after rings, several of which may come as one. It is
// closed when ctx ends.
func (c *Coord) Rings(ctx context.Context) <-chan struct{} { return c.bell.rings(ctx) }

// Claim reports whether the caller is the one who has a site's name for ttl. Nobody renews a claim,
// not even its holder: it is granted once in each ttl. Site 0 is none.
func (c *Coord) Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool {
	name = c.name("claim", site, name)
	if c.shared != nil {
		if got, err := c.shared.claim(ctx, name, ttl); err == nil {
			return got
		}
	}
	return c.claims.take(name, ttl)
}

// name is what a key is called in Redis: its site in clear and in braces, so that all keys of a site
// live together in a cluster, and a keyed hash of everything.
func (c *Coord) name(kind string, site int64, key string) string {
	tag := ""
	if site != 0 {
		tag = fmt.Sprintf("{%d}", site)
	}
	return "aitys:" + tag + kind + ":" + base64.RawURLEncoding.EncodeToString(c.secret.Hash("redis", site, kind, key))
}
