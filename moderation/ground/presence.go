package ground

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
)

// A Presence is somebody who has the queue of a site open, and the comment that they look at, or "" between two.
type Presence struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"` // when they were last heard of
}

// Presences knows who is present, site by site, over all processes, and may lose some. Who is not heard of for
// three quarters of a minute has left.
type Presences interface {
	Appear(ctx context.Context, site int64, p Presence) // its At is set
	Leave(ctx context.Context, site int64, account string)
	Present(ctx context.Context, site int64) []Presence // by account
}

// LookAt notes that who looks at a comment of a site's queue, or at none. It needs a moderator. It holds nothing back
// from anybody: two may look at one comment, and the first decision counts.
func (p *Process) LookAt(ctx context.Context, who authz.Actor, site Site, comment string) error {
	if err := mayBePresent(who, site); err != nil {
		return fmt.Errorf("look at a comment: %w", err)
	}
	if comment != "" && !IsID(comment) {
		return problem.Field("/comment", "This is not the id of a comment.")
	}
	if p.presences != nil && who.ID() != "" {
		p.presences.Appear(ctx, site.ID, Presence{Account: who.ID(), Name: who.Account.Name, Comment: comment})
	}
	return nil
}

// Leave notes that who has closed the queue of a site. It needs a moderator.
func (p *Process) Leave(ctx context.Context, who authz.Actor, site Site) error {
	if err := mayBePresent(who, site); err != nil {
		return fmt.Errorf("leave the queue: %w", err)
	}
	if p.presences != nil {
		p.presences.Leave(ctx, site.ID, who.ID())
	}
	return nil
}

func mayBePresent(who authz.Actor, site Site) error {
	return who.May(site.ID, authz.Moderator, authz.ScopeDecide)
}

// Present are those who have the queue of a site open, by account.
func (p *Process) Present(ctx context.Context, site int64) []Presence {
	if p.presences == nil {
		return nil
	}
	return p.presences.Present(ctx, site)
}
