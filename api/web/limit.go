package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/ground"
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

// A Rate limits how often a client's address may do something on a site.
type Rate struct {
	name             string
	perMinute, burst int
	read             bool // the caller sent no text that could be lost
	staff            bool // staff of the site are exempt
}

// The rates. The zero Rate is no limit.
var (
	Posts       = Rate{name: "post", perMinute: 10, burst: 20}
	NewComments = Rate{name: "post", perMinute: 10, burst: 20, staff: true} // counted with Posts, by PostLimiter
	Previews    = Rate{name: "preview", perMinute: 60, burst: 60}           // cost a rendering and store nothing
	Votes       = Rate{name: "vote", perMinute: 60, burst: 60}
	Complaints  = Rate{name: "complaint", perMinute: 10, burst: 20} // reports and appeals
	Identities  = Rate{name: "identity", perMinute: 30, burst: 60}  // attempts to sign in as a reader
	Mails       = Rate{name: "mail", perMinute: 3, burst: 10}       // requests that send a mail
	Held        = Rate{name: "held", perMinute: 10, burst: 20}      // of what is held about an address, on any site
	Logs        = Rate{name: "log", perMinute: 10, burst: 20, read: true}
	Figures     = Rate{name: "figures", perMinute: 30, burst: 60, read: true}  // reads over a whole site
	Reads       = Rate{name: "read", perMinute: 600, burst: 1_200, read: true} // reads whose cost grows with a page

	passwords = Rate{name: "password", perMinute: 10, burst: 20}
)

// Of an IPv6 address three networks are counted, for who has one has all the narrower ones in it: the /64
// once, the /56 four times and the /48 sixteen times as much.
const wider = 4

// Allow counts one use of a rate on a site against the networks of the client's address: rate.limited if there were too
// many. All clients of unknown address are counted together. Mails are refused if the service sends none.
func (k *Kit) Allow(c echo.Context, rate Rate, site int64) error {
	if rate == Mails && !k.Mailing {
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

// PostLimiter counts a new comment against Posts, and returns what counts it against its site. Staff of the site are
// exempt from both.
func (k *Kit) PostLimiter(c echo.Context, site ground.Site) (moderation.Limiter, error) {
	who, err := k.Actor(c)
	if err == nil && who.Role(site.ID) != authz.NoRole || k.Limiter == nil {
		return nil, nil
	}
	return k.Limiter, k.Allow(c, NewComments, site.ID)
}

// LimitPasswords counts one try with a password, before any is hashed, against the networks of the client's
// address. What try does without an error was right, and is not counted.
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
