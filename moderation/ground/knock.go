package ground

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/text"
)

// A Knock is an origin whose pages asked for a site's comments without being the site's.
type Knock struct {
	Origin string    `json:"origin"`
	Times  int       `json:"times"`
	Last   time.Time `json:"last"`
}

// Knocks counts the knocks at a site over all processes, and may lose some. Of the last week it keeps a few:
// those who came most often and those who came last, so that no number of others hides one for long.
type Knocks interface {
	Knock(ctx context.Context, site int64, origin string)
	Knocks(ctx context.Context, site int64) []Knock
}

const maxOrigin = 200 // bytes of one that is worth counting

// Knock notes that a page of another origin was refused. Anything can be sent as an origin: what could not be
// allowed is passed over.
func (p *Process) Knock(ctx context.Context, site Site, origin string) {
	if kept, ok := text.Origin(origin); p.knocks != nil && ok && kept == origin && len(origin) <= maxOrigin {
		p.knocks.Knock(ctx, site.ID, origin)
	}
}

// Knocks are the origins that were refused in the last week, those who came most often first. It needs an owner.
func (p *Process) Knocks(ctx context.Context, who people.Actor, site Site) ([]Knock, error) {
	if err := who.May(site.ID, people.Owner, people.ScopeRead); err != nil {
		return nil, fmt.Errorf("list knocks: %w", err)
	}
	if p.knocks == nil {
		return nil, nil
	}
	return slices.DeleteFunc(p.knocks.Knocks(ctx, site.ID), func(k Knock) bool {
		return slices.Contains(site.Origins, k.Origin)
	}), nil
}
