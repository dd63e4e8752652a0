package spamlist

import (
	"context"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

// Renew makes the lists that are due, once the one that Run may be making is made; Ask reads those of others that are
// due. Tests do not wait for Run to do so.
func (s *Service) Renew(ctx context.Context) error {
	s.making.Lock()
	s.making.Unlock() //nolint:staticcheck // the lock is only waited for
	return s.renew(ctx)
}

func (s *Service) Ask(ctx context.Context) error { return s.ask(ctx) }

// Write writes a list of campaigns.
func (s *Service) Write(ctx context.Context, site site.Site, found []Published, at time.Time) ([]byte, error) {
	return s.write(ctx, site, found, at)
}

// Written is a fingerprint as a list has it.
var Written = written

const MaxBytes, MaxCampaigns = maxBytes, maxCampaigns

// Due reports whether a neighbour's list is to be asked for.
func (n Neighbour) Due(now time.Time) bool { return n.due(now) }

// Knows reports whether comments are compared with each list that is kept: who took one tells it after the commit.
func (s *Service) Knows(ctx context.Context, site int64, kept []Neighbour) (bool, error) {
	lists, err := s.lists(ctx, site)
	for _, n := range kept {
		if !n.Generated.IsZero() && !slices.ContainsFunc(lists, func(t *taken) bool { return t.ID == n.ID }) {
			return false, err
		}
	}
	return err == nil, err
}
