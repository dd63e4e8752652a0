package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// A Limiter is a set of token buckets, one per site and key. Processes share the buckets through Redis; if Redis is
// down, each process uses its own. Keys contain addresses, so a Limiter does not store them in plain text.
type Limiter interface {
	// Allow takes a token from a bucket. If there is none, it returns how long to wait.
	Allow(ctx context.Context, site int64, key string, perMinute, burst int) (ok bool, retryAfter time.Duration)
	// Refund returns a token that Allow took.
	Refund(ctx context.Context, site int64, key string, perMinute, burst int)
}

// A Rate limits how often a client's address may do something on a site. Its bucket refills at perMinute and holds
// burst. Rates of the same name share a bucket.
type Rate struct {
	name             string
	perMinute, burst int
	read             bool // refusals do not mention the text that was sent
	mails            bool // refused if the service sends no mail
	exemptStaff      bool // accounts with a role on the site are not limited
}

// The rates. The zero Rate is no limit.
var (
	NewComments = Rate{name: "post", perMinute: 10, burst: 20, exemptStaff: true}
	Edits       = Rate{name: "post", perMinute: 10, burst: 20}
	Previews    = Rate{name: "preview", perMinute: 60, burst: 60}
	Votes       = Rate{name: "vote", perMinute: 60, burst: 60}
	Reports     = Rate{name: "complaint", perMinute: 10, burst: 20} // reports and appeals
	Identities  = Rate{name: "identity", perMinute: 30, burst: 60}  // sign-ins of readers, and sign-ins through a provider
	Mails       = Rate{name: "mail", perMinute: 3, burst: 10, mails: true}
	HeldData    = Rate{name: "held", perMinute: 10, burst: 20}                 // data held about an address
	Logs        = Rate{name: "log", perMinute: 10, burst: 20, read: true}      // whole public logs
	Statistics  = Rate{name: "figures", perMinute: 30, burst: 60, read: true}  // statistics of a whole site
	Reads       = Rate{name: "read", perMinute: 600, burst: 1_200, read: true} // reads that cost more on larger pages

	passwords = Rate{name: "password", perMinute: 10, burst: 20} // see LimitPasswords
)

// networkFactor multiplies the limit of each wider network. An IPv6 address counts against three networks, because a
// client with a wide one owns every narrower one in it. The /56 allows 4 times the rate of the /64, the /48 16 times.
const networkFactor = 4

// Allow counts a request against the rate of the client's networks on a site, and returns rate.limited if there were
// too many. Site 0 counts over all sites. All clients of unknown address share a bucket.
func (k *Kit) Allow(c echo.Context, rate Rate, site int64) error {
	if rate.mails && !k.Mailing {
		return problem.Field("/email", "This service sends no mail: its operator has not set a mail server (--smtp).")
	}
	_, wait := k.take(c, site, rate)
	switch {
	case wait == 0:
		return nil
	case rate.read:
		return problem.TooOften("Too many reads from this address. Wait a little, then try again.", wait)
	}
	return problem.TooOften(
		"Too many at once from this address. Your text is safe: wait a little and send it again.", wait)
}

// PostLimiter counts a new comment against NewComments. It returns the limiter for new comments of the whole site.
// Accounts with a role on the site are exempt from both; the limiter is then nil.
func (k *Kit) PostLimiter(c echo.Context, site site.Site) (moderation.Limiter, error) {
	who, err := k.Actor(c)
	if err == nil && who.Role(site.ID) != authz.NoRole || k.Limiter == nil {
		return nil, nil
	}
	return k.Limiter, k.Allow(c, NewComments, site.ID)
}

// LimitPasswords counts a password attempt against the client's networks, then calls try, which hashes the password. It
// refunds an attempt that succeeds, so it cannot be a step of the chain.
func (k *Kit) LimitPasswords(c echo.Context, try func() error) error {
	giveBack, wait := k.take(c, 0, passwords)
	if wait > 0 {
		return problem.TooOften("Too many tries from this address. Wait a little, then try again.", wait)
	}
	err := try()
	if err == nil {
		giveBack()
	}
	return err
}

// take takes a token from each network of the client's address. If a network has none, take refunds the tokens of
// narrower networks and returns how long to wait, at least 1 ns. giveBack refunds all tokens.
func (k *Kit) take(c echo.Context, site int64, rate Rate) (giveBack func(), wait time.Duration) {
	var taken []func()
	giveBack = func() {
		for _, back := range taken {
			back()
		}
	}
	if k.Limiter == nil {
		return giveBack, 0
	}
	ctx, perMinute, burst := c.Request().Context(), rate.perMinute, rate.burst
	for _, network := range text.Networks(k.Address(c.Request())) {
		key := rate.name + ":" + network
		ok, wait := k.Limiter.Allow(ctx, site, key, perMinute, burst)
		if !ok {
			giveBack()
			return nil, max(wait, 1)
		}
		rate, most := perMinute, burst // copies: the loop changes both
		taken = append(taken, func() { k.Limiter.Refund(ctx, site, key, rate, most) })
		perMinute, burst = networkFactor*perMinute, networkFactor*burst
	}
	return giveBack, 0
}
