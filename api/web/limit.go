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

// Default limits of an address prefix, by what is done.
const (
	postsPerMinute, postsBurst           = 10, 20
	previewsPerMinute, previewsBurst     = 60, 60
	votesPerMinute, votesBurst           = 60, 60
	complaintsPerMinute, complaintsBurst = 10, 20
	identitiesPerMinute, identitiesBurst = 30, 60
	passwordsPerMinute, passwordsBurst   = 10, 20
	mailsPerMinute, mailsBurst           = 3, 10
	heldPerMinute, heldBurst             = 10, 20
	logsPerMinute, logsBurst             = 10, 20
	readsPerMinute, readsBurst           = 600, 1_200
	figuresPerMinute, figuresBurst       = 30, 60
)

// Of an IPv6 address three networks are counted, for who has one has all the narrower ones in it: the /64
// once, the /56 four times and the /48 sixteen times as much.
const wider = 4

// LimitPosts counts one post on a site against the networks of the client's address: rate.limited when
// there were too many. All whose address is unknown are counted together.
func (k *Kit) LimitPosts(c echo.Context, site int64) error {
	return k.limit(c, site, "post", postsPerMinute, postsBurst)
}

// LimitPreviews does the same for previews, which cost a rendering and store nothing.
func (k *Kit) LimitPreviews(c echo.Context, site int64) error {
	return k.limit(c, site, "preview", previewsPerMinute, previewsBurst)
}

// LimitVotes does the same for votes.
func (k *Kit) LimitVotes(c echo.Context, site int64) error {
	return k.limit(c, site, "vote", votesPerMinute, votesBurst)
}

// LimitComplaints does the same for reports and appeals.
func (k *Kit) LimitComplaints(c echo.Context, site int64) error {
	return k.limit(c, site, "complaint", complaintsPerMinute, complaintsBurst)
}

// LimitIdentities does the same for who says who they are.
func (k *Kit) LimitIdentities(c echo.Context, site int64) error {
	return k.limit(c, site, "identity", identitiesPerMinute, identitiesBurst)
}

// LimitHeld does the same for who looks at what is held about an address, on any site: that reads much.
func (k *Kit) LimitHeld(c echo.Context) error { return k.limit(c, 0, "held", heldPerMinute, heldBurst) }

// LimitLogs does the same for reads of a whole log.
func (k *Kit) LimitLogs(c echo.Context, site int64) error {
	return k.limitRead(c, site, "log", logsPerMinute, logsBurst)
}

// LimitFigures does the same for reads over a whole site: its figures and takedowns.
func (k *Kit) LimitFigures(c echo.Context, site int64) error {
	return k.limitRead(c, site, "figures", figuresPerMinute, figuresBurst)
}

// LimitReads does the same for reads whose cost grows with a page.
func (k *Kit) LimitReads(c echo.Context, site int64) error {
	return k.limitRead(c, site, "read", readsPerMinute, readsBurst)
}

func (k *Kit) limitRead(c echo.Context, site int64, what string, perMinute, burst int) error {
	if _, wait := k.take(c, site, what, perMinute, burst); wait > 0 {
		return problem.TooOften("Too many reads from this address. Wait a little, then try again.", wait)
	}
	return nil
}

// MayMail does the same for who has the service send a mail, and refuses it where it sends none.
func (k *Kit) MayMail(c echo.Context, site int64) error {
	if !k.Mailing {
		return problem.Field("/email", "This service sends no mail: whoever runs it has given it no mail server (--smtp).")
	}
	return k.limit(c, site, "mail", mailsPerMinute, mailsBurst)
}

// PostLimiter counts a new comment likewise, and returns what counts it against its site; who is signed in
// there is exempt from both.
func (k *Kit) PostLimiter(c echo.Context, site site.Site) (moderation.Limiter, error) {
	who, err := k.Actor(c)
	if err == nil && who.Role(site.ID) != authz.NoRole || k.Limiter == nil {
		return nil, nil
	}
	return k.Limiter, k.LimitPosts(c, site.ID)
}

// LimitPasswords counts one try with a password, before any is hashed, against the networks of the client's
// address. What try does without an error was right, and is not counted.
func (k *Kit) LimitPasswords(c echo.Context, try func() error) error {
	giveBack, wait := k.take(c, 0, "password", passwordsPerMinute, passwordsBurst)
	if wait > 0 {
		return problem.TooOften("Too many tries from this address. Wait a little, then try again.", wait)
	}
	err := try()
	if err == nil {
		giveBack()
	}
	return err
}

func (k *Kit) limit(c echo.Context, site int64, what string, perMinute, burst int) error {
	if _, wait := k.take(c, site, what, perMinute, burst); wait > 0 {
		return problem.TooOften(
			"Too many at once from this address. Your text is safe: wait a little and send it again.", wait)
	}
	return nil
}

// take counts one against each network of the client's address, or says how long to wait for the one that
// has none left; then no narrower one has lost any.
func (k *Kit) take(
	c echo.Context, site int64, what string, perMinute, burst int,
) (giveBack func(), wait time.Duration) {
	var taken []func()
	giveBack = func() {
		for _, back := range taken {
			back()
		}
	}
	if k.Limiter == nil {
		return giveBack, 0
	}
	ctx := c.Request().Context()
	for _, network := range text.Networks(k.Address(c.Request())) {
		key := what + ":" + network
		ok, wait := k.Limiter.Allow(ctx, site, key, perMinute, burst)
		if !ok {
			giveBack()
			return nil, max(wait, 1)
		}
		rate, most := perMinute, burst
		taken = append(taken, func() { k.Limiter.GiveBack(ctx, site, key, rate, most) })
		perMinute, burst = wider*perMinute, wider*burst
	}
	return giveBack, 0
}
