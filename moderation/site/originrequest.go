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

// An OriginRequest counts requests for a site's comments from pages of one origin. A dismissed one is hidden from the
// site's owners until its count expires.
type OriginRequest struct {
	Origin    string    `json:"origin"`
	Times     int       `json:"times"`
	Last      time.Time `json:"last"`
	Dismissed bool      `json:"dismissed,omitempty"`
}

// OriginRequests counts origin requests of all processes; some may be lost. For the last week it keeps a few origins
// per site: those with the most requests and those with the latest. So a flood of origins hides none for long. Allowed
// origins are counted separately from refused ones, at most once a minute, because they are the origins of nearly all
// readers.
type OriginRequests interface {
	RecordOrigin(ctx context.Context, site int64, origin string, letIn bool)
	OriginRequests(ctx context.Context, site int64, letIn bool) []OriginRequest
	// Dismiss marks a refused origin as dismissed.
	Dismiss(ctx context.Context, site int64, origin string)
}

const maxOrigin = 200 // bytes; longer origins are not counted

// RecordOrigin counts a request from a page of an origin: as allowed if the origin is one of the site's, else as
// refused. The Origin header is untrusted, so origins that could never be allowed are ignored.
func (d *Directory) RecordOrigin(ctx context.Context, site Site, origin string) {
	if d.requests == nil || len(origin) > maxOrigin {
		return
	}
	if slices.Contains(site.Origins, origin) {
		d.requests.RecordOrigin(ctx, site.ID, origin, true)
	} else if kept, ok := text.Origin(origin); ok && kept == origin {
		d.requests.RecordOrigin(ctx, site.ID, origin, false)
	}
}

// OriginRequests returns the allowed and the refused origins of the last week, ordered by number of requests. It
// compares with the site's current origins. Dismissed origins are left out. It needs an owner.
func (d *Directory) OriginRequests(ctx context.Context, who authz.Actor, site Site) (letIn, refused []OriginRequest, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeRead); err != nil {
		return nil, nil, fmt.Errorf("list origin requests: %w", err)
	}
	if d.requests == nil {
		return nil, nil, nil
	}
	own := func(k OriginRequest) bool { return slices.Contains(site.Origins, k.Origin) }
	letIn = slices.DeleteFunc(d.requests.OriginRequests(ctx, site.ID, true), func(k OriginRequest) bool { return !own(k) })
	refused = slices.DeleteFunc(d.requests.OriginRequests(ctx, site.ID, false), func(k OriginRequest) bool { return own(k) || k.Dismissed })
	return letIn, refused, nil
}

// DismissOrigin hides a refused origin from OriginRequests. It needs an owner.
func (d *Directory) DismissOrigin(ctx context.Context, who authz.Actor, site Site, origin string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return fmt.Errorf("dismiss an origin request: %w", err)
	}
	kept, ok := text.Origin(origin)
	if !ok || kept != origin || len(origin) > maxOrigin {
		return problem.Field("/origin", "This origin was not refused.")
	}
	if d.requests != nil {
		d.requests.Dismiss(ctx, site.ID, origin)
	}
	return nil
}
