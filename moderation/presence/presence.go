// Package presence records which moderators have a queue open, and which comment each of them views. It locks nothing:
// two moderators may view one comment, and the first decision wins.
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

// A Presence is a moderator who has a site's queue open. Comment is the ID of the viewed comment, or "".
type Presence struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"` // last sign of presence
}

// Store stores the present moderators by site, shared by all processes. It may lose entries. An entry expires after 45
// seconds.
type Store interface {
	Appear(ctx context.Context, site int64, p Presence) // sets its At
	Leave(ctx context.Context, site int64, account string)
	Present(ctx context.Context, site int64) []Presence // by account
}

// A Service records and lists present moderators. If Presences is nil, it records nothing.
type Service struct{ Store Store }

// LookAt records that the actor views a comment of a site's queue, or none if comment is "". It needs a moderator.
func (s Service) LookAt(ctx context.Context, who authz.Actor, at site.Site, comment string) error {
	if err := authorize(who, at); err != nil {
		return fmt.Errorf("look at a comment: %w", err)
	}
	if comment != "" && !txn.IsID(comment) {
		return problem.Field("/comment", "This is not the ID of a comment.")
	}
	if s.Store != nil && who.ID() != "" {
		s.Store.Appear(ctx, at.ID, Presence{Account: who.ID(), Name: who.Account.Name, Comment: comment})
	}
	return nil
}

// Leave records that the actor has closed a site's queue. It needs a moderator.
func (s Service) Leave(ctx context.Context, who authz.Actor, of site.Site) error {
	if err := authorize(who, of); err != nil {
		return fmt.Errorf("leave the queue: %w", err)
	}
	if s.Store != nil {
		s.Store.Leave(ctx, of.ID, who.ID())
	}
	return nil
}

func authorize(who authz.Actor, of site.Site) error {
	return who.Authorize(of.ID, authz.Moderator, authz.ScopeDecide)
}

// Present returns the moderators who have a site's queue open, by account.
func (s Service) Present(ctx context.Context, siteID int64) []Presence {
	if s.Store == nil {
		return nil
	}
	return s.Store.Present(ctx, siteID)
}
