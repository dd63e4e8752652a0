// Package presence knows which moderators have a queue open, and which comment each looks at. It locks nothing: two may
// look at one comment, and the first decision counts.
package presence

import (
	"context"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Presence is somebody who has the queue of a site open, and the comment that they look at, or "" between two.
type Presence struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"` // when they were last heard of
}

// Presences stores who is present, by site, for all processes, and may lose some. Who was not heard of for
// 45 seconds has left.
type Presences interface {
	Appear(ctx context.Context, site int64, p Presence) // sets its At
	Leave(ctx context.Context, site int64, account string)
	Present(ctx context.Context, site int64) []Presence // by account
}

// A Service records and lists who is present. With nil Presences nobody is.
type Service struct{ Presences Presences }

// LookAt records that who looks at a comment of a site's queue, or at none. It needs a moderator.
func (s Service) LookAt(ctx context.Context, who authz.Actor, at site.Site, comment string) error {
	if err := mayBePresent(who, at); err != nil {
		return fmt.Errorf("look at a comment: %w", err)
	}
	if comment != "" && !txn.IsID(comment) {
		return problem.Field("/comment", "This is not the id of a comment.")
	}
	if s.Presences != nil && who.ID() != "" {
		s.Presences.Appear(ctx, at.ID, Presence{Account: who.ID(), Name: who.Account.Name, Comment: comment})
	}
	return nil
}

// Leave records that who has closed the queue of a site. It needs a moderator.
func (s Service) Leave(ctx context.Context, who authz.Actor, of site.Site) error {
	if err := mayBePresent(who, of); err != nil {
		return fmt.Errorf("leave the queue: %w", err)
	}
	if s.Presences != nil {
		s.Presences.Leave(ctx, of.ID, who.ID())
	}
	return nil
}

func mayBePresent(who authz.Actor, of site.Site) error {
	return who.May(of.ID, authz.Moderator, authz.ScopeDecide)
}

// Present returns those who have the queue of a site open, by account.
func (s Service) Present(ctx context.Context, siteID int64) []Presence {
	if s.Presences == nil {
		return nil
	}
	return s.Presences.Present(ctx, siteID)
}
