package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Limiter counts what happens on a site under a key, over all processes where they can see each
// other. When another time is too often, it says how long to wait. It must answer when the
// shared count is out of reach, from a count of its own. Keys hold addresses: they are not
// stored in clear.
type Limiter interface {
	Allow(ctx context.Context, site int64, key string, perMinute, burst int) (ok bool, retryAfter time.Duration)
	// GiveBack returns one that Allow took.
	GiveBack(ctx context.Context, site int64, key string, perMinute, burst int)
}

// Default limits of an address prefix, by what is done.
const (
	postsPerMinute, postsBurst         = 10, 20
	previewsPerMinute, previewsBurst   = 60, 60
	passwordsPerMinute, passwordsBurst = 10, 20
)

// LimitPosts counts one post on a site against the client's address prefix: rate.limited when
// there were too many. All whose address is unknown are counted together.
func (k *Kit) LimitPosts(c echo.Context, site int64) error {
	return k.limit(c, site, "post", postsPerMinute, postsBurst)
}

// LimitPreviews does the same for previews, which cost a rendering and store nothing.
func (k *Kit) LimitPreviews(c echo.Context, site int64) error {
	return k.limit(c, site, "preview", previewsPerMinute, previewsBurst)
}

// LimitPasswords counts one try with a password, before any is hashed, against the client's address
// prefix. What try does without an error was right, and is not counted.
func (k *Kit) LimitPasswords(c echo.Context, try func() error) error {
	if k.Limiter == nil {
		return try()
	}
	ctx, key := c.Request().Context(), "password:"+text.Prefix(k.Address(c.Request()))
	ok, wait := k.Limiter.Allow(ctx, 0, key, passwordsPerMinute, passwordsBurst)
	if !ok {
		return problem.TooOften("Too many tries from this address. Wait a little, then try again.", wait)
	}
	err := try()
	if err == nil {
		k.Limiter.GiveBack(ctx, 0, key, passwordsPerMinute, passwordsBurst)
	}
	return err
}

func (k *Kit) limit(c echo.Context, site int64, what string, perMinute, burst int) error {
	if k.Limiter == nil {
		return nil
	}
	r := c.Request()
	ok, wait := k.Limiter.Allow(r.Context(), site, what+":"+text.Prefix(k.Address(r)), perMinute, burst)
	if ok {
		return nil
	}
	return problem.TooOften(
		"Too many at once from this address. Your text is safe: wait a little and send it again.", wait)
}
