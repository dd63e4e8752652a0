package site

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A Knock is an origin whose pages asked for a site's comments. A dismissed one is of no interest to the
// site's owners until it was forgotten.
type Knock struct {
	Origin    string    `json:"origin"`
	Times     int       `json:"times"`
	Last      time.Time `json:"last"`
	Dismissed bool      `json:"dismissed,omitempty"`
}

// Knocks counts the knocks at a site over all processes, and may lose some. Of the last week it keeps a few:
// those who came most often and those who came last, so that no number of others hides one for long. Those let
// in are kept apart from those refused, and count once a minute at most: nearly all who read are.
type Knocks interface {
	Knock(ctx context.Context, site int64, origin string, letIn bool)
	Knocks(ctx context.Context, site int64, letIn bool) []Knock
	// Dismiss marks one that was refused.
	Dismiss(ctx context.Context, site int64, origin string)
}

const maxOrigin = 200 // bytes of one that is worth counting

// Knock notes that a page of an origin asked: one of the site's own was let in, another was refused. Anything can
// be sent as an origin: what could not be allowed is passed over.
func (d *Directory) Knock(ctx context.Context, site Site, origin string) {
	if d.knocks == nil || len(origin) > maxOrigin {
		return
	}
	if slices.Contains(site.Origins, origin) {
		d.knocks.Knock(ctx, site.ID, origin, true)
	} else if kept, ok := text.Origin(origin); ok && kept == origin {
		d.knocks.Knock(ctx, site.ID, origin, false)
	}
}

// Knocks are the origins that were let in and those that were refused in the last week, those who came most often
// first, as the site's own origins are now. Dismissed ones are left out. It needs an owner.
func (d *Directory) Knocks(ctx context.Context, who authz.Actor, site Site) (letIn, refused []Knock, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeRead); err != nil {
		return nil, nil, fmt.Errorf("list knocks: %w", err)
	}
	if d.knocks == nil {
		return nil, nil, nil
	}
	own := func(k Knock) bool { return slices.Contains(site.Origins, k.Origin) }
	letIn = slices.DeleteFunc(d.knocks.Knocks(ctx, site.ID, true), func(k Knock) bool { return !own(k) })
	refused = slices.DeleteFunc(d.knocks.Knocks(ctx, site.ID, false), func(k Knock) bool { return own(k) || k.Dismissed })
	return letIn, refused, nil
}

// DismissKnock has an origin that was refused told of no more. It needs an owner.
func (d *Directory) DismissKnock(ctx context.Context, who authz.Actor, site Site, origin string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return fmt.Errorf("dismiss a knock: %w", err)
	}
	kept, ok := text.Origin(origin)
	if !ok || kept != origin || len(origin) > maxOrigin {
		return problem.Field("/origin", "This is no origin that was refused.")
	}
	if d.knocks != nil {
		d.knocks.Dismiss(ctx, site.ID, origin)
	}
	return nil
}
