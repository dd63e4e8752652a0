package spamlist

import (
	"context"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

// Renew makes the lists that are due, after one that Run is making. Ask reads the due lists of other sites. Tests
// call them instead of waiting for Run.
func (s *Service) Renew(ctx context.Context) error {
	s.making.Lock()
	s.making.Unlock() //nolint:staticcheck // the lock is only waited for
	return s.renew(ctx)
}

func (s *Service) Ask(ctx context.Context) error { return s.readDue(ctx) }

// Write encodes and signs a list of campaigns.
func (s *Service) Write(ctx context.Context, site site.Site, found []Published, at time.Time) ([]byte, error) {
	return s.write(ctx, site, found, at)
}

// Written returns a fingerprint as a list encodes it.
var Written = encodeFingerprint

const MaxBytes, MaxCampaigns = maxBytes, maxCampaigns

// Due reports whether a source's list is due.
func (n Source) Due(now time.Time) bool { return n.due(now) }

// Knows reports whether comments are compared with each stored list. The process that reads a list reloads it after
// the commit.
func (s *Service) Knows(ctx context.Context, site int64, kept []Source) (bool, error) {
	lists, err := s.lists(ctx, site)
	for _, n := range kept {
		if !n.Generated.IsZero() && !slices.ContainsFunc(lists, func(t *loadedList) bool { return t.ID == n.ID }) {
			return false, err
		}
	}
	return err == nil, err
}
