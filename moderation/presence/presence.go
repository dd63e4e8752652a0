// Package presence records which moderators have a queue open, and which comment each of them views. It locks nothing:
// two moderators may view one comment, and the first decision wins.
package presence

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// A Presence is a moderator who has a site's queue open. Comment is the ID of the viewed comment, or "". Split is a
// counter that each start and end of a split increments. An odd value means that the queue is split. Sites are the IDs of
// the sites that the moderator may moderate; nil means all.
type Presence struct {
	Account string    `json:"account"`
	Site    int64     `json:"site"`
	Name    string    `json:"name"`
	Comment string    `json:"comment"`
	Split   int       `json:"split,omitempty"`
	Sites   []int64   `json:"sites,omitempty"`
	At      time.Time `json:"at"` // last sign of presence
}

// Store stores the present moderators by site, shared by all processes. It may lose entries. An entry expires after 45
// seconds.
type Store interface {
	Appear(ctx context.Context, site int64, p Presence) // sets its At
	Leave(ctx context.Context, site int64, account string)
	Present(ctx context.Context, site int64) []Presence // by account
}

// anySite is the place in a Store of the last presence of each moderator, whatever its site.
const anySite = 0

// A Service records and lists present moderators. If Store is nil, it records nothing.
type Service struct{ Store Store }

// maxSplit is the largest accepted Presence.Split.
const maxSplit = 1_000_000

// LookAt records that the actor views a comment of a site's queue, or none if comment is "". It needs a moderator.
func (s Service) LookAt(ctx context.Context, who authz.Actor, at site.Site, comment string, split int) error {
	if err := authorize(who, at); err != nil {
		return fmt.Errorf("look at a comment: %w", err)
	}
	if comment != "" && !txn.IsID(comment) {
		return problem.Field("/comment", "This is not the ID of a comment.")
	}
	if split < 0 || split > maxSplit {
		return problem.Field("/split", fmt.Sprintf("Use a number from 0 to %d.", maxSplit))
	}
	if s.Store != nil && who.ID() != "" {
		p := Presence{Account: who.ID(), Site: at.ID, Name: who.Account.Name, Comment: comment, Split: split, Sites: sitesOf(who)}
		s.Store.Appear(ctx, at.ID, p)
		s.Store.Appear(ctx, anySite, p)
	}
	return nil
}

// sitesOf returns the IDs of the sites that the actor may moderate, or nil for all sites.
func sitesOf(who authz.Actor) []int64 {
	if who.GlobalRole() >= authz.Moderator {
		return nil
	}
	sites := slices.Clone(who.Sites) // those of the token
	if len(sites) == 0 {
		sites = slices.Sorted(maps.Keys(who.Account.Roles))
	}
	return slices.DeleteFunc(sites, func(site int64) bool { return who.Role(site) < authz.Moderator })
}

// LookAtOfAny is LookAt for the queue of all sites: the actor leaves the site of the comment that it viewed before.
func (s Service) LookAtOfAny(ctx context.Context, who authz.Actor, at site.Site, comment string, split int) error {
	last := s.last(ctx, who)
	if err := s.LookAt(ctx, who, at, comment, split); err != nil {
		return err
	}
	if last.Site != 0 && last.Site != at.ID {
		s.Store.Leave(ctx, last.Site, who.ID())
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
	if s.last(ctx, who).Site == of.ID {
		s.Store.Leave(ctx, anySite, who.ID())
	}
	return nil
}

// LeaveAll records that the actor has closed the queue of all sites.
func (s Service) LeaveAll(ctx context.Context, who authz.Actor) error {
	if err := who.CheckSignedIn(); err != nil {
		return err
	}
	if last := s.last(ctx, who); last.Site != 0 {
		s.Store.Leave(ctx, last.Site, who.ID())
		s.Store.Leave(ctx, anySite, who.ID())
	}
	return nil
}

// last returns the last presence of the actor, or a zero one.
func (s Service) last(ctx context.Context, who authz.Actor) Presence {
	for _, p := range s.Present(ctx, anySite) {
		if p.Account == who.ID() {
			return p
		}
	}
	return Presence{}
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

// PresentAnywhere returns the last presence of each moderator on the sites on which the actor has a role, by account.
func (s Service) PresentAnywhere(ctx context.Context, who authz.Actor) []Presence {
	return slices.DeleteFunc(s.Present(ctx, anySite), func(p Presence) bool { return who.Role(p.Site) == authz.NoRole })
}
