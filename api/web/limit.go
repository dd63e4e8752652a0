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

// A Limiter counts what happens on a site under a key, over all processes where they can see each
// other. When another time is too often, it says how long to wait. It must answer when the
// shared count is out of reach, from a count of its own. Keys hold addresses: they are not
// stored in clear.
type Limiter interface {
	Allow(ctx context.Context, site int64, key string, perMinute, burst int) (ok bool, retryAfter time.Duration)
	// GiveBack returns one that Allow took.
	GiveBack(ctx context.Context, site int64, key string, perMinute, burst int)
}

// A Rate limits how often a client's address may do something on a site. Its bucket refills at perMinute and holds
// burst. Rates of the same name share a bucket.
type Rate struct {
	name             string
	perMinute, burst int
	read             bool // nothing was sent that could be lost
	mails            bool // refused if the service sends no mail
	exemptStaff      bool // accounts with a role on the site are not limited
}

// The rates. The zero Rate is no limit.
var (
	NewComments = Rate{name: "post", perMinute: 10, burst: 20, exemptStaff: true}
	Edits       = Rate{name: "post", perMinute: 10, burst: 20}
	Previews    = Rate{name: "preview", perMinute: 60, burst: 60}
	Votes       = Rate{name: "vote", perMinute: 60, burst: 60}
	Complaints  = Rate{name: "complaint", perMinute: 10, burst: 20} // reports and appeals
	Identities  = Rate{name: "identity", perMinute: 30, burst: 60}  // sign-ins of readers, and by a provider
	Mails       = Rate{name: "mail", perMinute: 3, burst: 10, mails: true}
	Held        = Rate{name: "held", perMinute: 10, burst: 20}                 // data held about an address
	Logs        = Rate{name: "log", perMinute: 10, burst: 20, read: true}      // whole public logs
	Figures     = Rate{name: "figures", perMinute: 30, burst: 60, read: true}  // reads over a whole site
	Reads       = Rate{name: "read", perMinute: 600, burst: 1_200, read: true} // reads whose cost grows with a page

	passwords = Rate{name: "password", perMinute: 10, burst: 20} // of LimitPasswords
)

// Of an IPv6 address three networks are counted, for who has one has all the narrower ones in it: the /64
// once, the /56 four times and the /48 sixteen times as much.
const wider = 4

// Allow counts a request against the rate of the client's networks on a site, and returns rate.limited if there were
// too many. Site 0 counts over all sites. All clients of unknown address share a bucket.
func (k *Kit) Allow(c echo.Context, rate Rate, site int64) error {
	if rate.mails && !k.Mailing {
		return problem.Field("/email", "This service sends no mail: whoever runs it has given it no mail server (--smtp).")
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

// PostLimiter counts a new comment against NewComments, and returns what limits new comments of the whole site. Accounts
// with a role on the site are exempt from both: the limiter is nil.
func (k *Kit) PostLimiter(c echo.Context, site site.Site) (moderation.Limiter, error) {
	who, err := k.Actor(c)
	if err == nil && who.Role(site.ID) != authz.NoRole || k.Limiter == nil {
		return nil, nil
	}
	return k.Limiter, k.Allow(c, NewComments, site.ID)
}

// LimitPasswords counts an attempt with a password against the client's networks before it is hashed, then calls try.
// An attempt that succeeds is given back, so it cannot be a step of the chain.
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

// take counts one against each network of the client's address, or says how long to wait for the one that
// has none left; then no narrower one has lost any.
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
		rate, most := perMinute, burst // what is given back, not what is taken next
		taken = append(taken, func() { k.Limiter.GiveBack(ctx, site, key, rate, most) })
		perMinute, burst = wider*perMinute, wider*burst
	}
	return giveBack, 0
}
