package spamlist

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// An Offer is what stands at an address, before a site reads it.
type Offer struct {
	Failure string // why it would not be taken; "": it would, and the rest is what it says

	Site      string // key of the site that made it
	Key       string // the public key that it is signed with, base64url
	Generated time.Time
	Campaigns int
	Hosts     int
	LastSeen  time.Time // of the latest campaign; zero: it has none
}

// previewFor is how long somebody waits for a list that they look at.
const previewFor = 8 * time.Second

// PreviewNeighbour reads a list once, and keeps nothing. Where in has no key, the list is held to the one that it
// names: whether that is the neighbour's, only the neighbour can say. It needs an owner.
func (s *Service) PreviewNeighbour(
	ctx context.Context, who authz.Actor, site site.Site, in Draft,
) (Offer, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Offer{}, err
	}
	n := Neighbour{}
	var err error
	if n.URL, err = s.address(ctx, in.URL); err != nil {
		return Offer{}, err
	}
	if in.Key != "" {
		if n.Key, err = keyOf(in.Key); err != nil {
			return Offer{}, err
		}
	}
	reading, end := context.WithTimeout(ctx, previewFor)
	defer end()
	l, err := s.offered(reading, n)
	switch {
	case ctx.Err() != nil:
		return Offer{}, ctx.Err()
	case err != nil:
		return Offer{Failure: err.Error()}, nil
	}
	out := Offer{Site: l.site, Generated: l.generated, Campaigns: len(l.campaigns), Hosts: l.hosts}
	out.Key, _ = l.whole["key"].(string) // it was verified with it
	for _, c := range l.campaigns {
		if c.lastSeen.After(out.LastSeen) {
			out.LastSeen = c.lastSeen
		}
	}
	return out, nil
}

// offered is the list of a neighbour as it stands now; its errors are clauses for a person.
func (s *Service) offered(ctx context.Context, n Neighbour) (read, error) {
	if s.getter == nil {
		return read{}, refusal("lists are not read here")
	}
	body, err := s.getter.Get(ctx, n.URL, maxBytes)
	if err != nil {
		return read{}, err
	}
	l, err := readList(body)
	if err != nil {
		return read{}, err
	}
	if n.Key == "" {
		n.Key, _ = l.whole["key"].(string)
	}
	return l, l.of(n, s.work.Now())
}

// A Publication is a site's own list as its owners see it.
type Publication struct {
	On        bool
	Generated time.Time // zero: none was made yet
	Campaigns int
	Hosts     int
}

// OwnList returns what a site publishes. It needs an owner.
func (s *Service) OwnList(ctx context.Context, who authz.Actor, site site.Site) (Publication, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Publication{}, err
	}
	if !site.Settings.Neighbours {
		return Publication{}, nil
	}
	l, err := s.stored(ctx, site.ID)
	if errors.Is(err, txn.ErrNotFound) {
		return Publication{On: true}, nil
	}
	if err != nil {
		return Publication{}, err
	}
	said, err := readList(l.Body)
	if err != nil {
		return Publication{}, fmt.Errorf("read the list of a site: %w", err)
	}
	return Publication{On: true, Generated: l.Generated, Campaigns: len(said.campaigns), Hosts: said.hosts}, nil
}

// tallied is how many comments a Tally looks at: of those that wait, the riskiest, and of the decisions, the newest.
const tallied = 1_000

// A Tally is how many comments were nearly the same as something in a neighbour's list: of those that wait, of those
// that were decided last, and of the latter that were approved.
type Tally struct{ Waiting, Decided, Approved int }

// NeighbourTallies counts what the lists of a site's neighbours met, by their names. It needs an owner.
func (s *Service) NeighbourTallies(
	ctx context.Context, who authz.Actor, site site.Site,
) (map[string]Tally, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	var waiting, decided []comment.Comment
	err := s.work.View(ctx, func(tx Tx) error {
		list, err := tx.Neighbours(site.ID)
		if err != nil || len(list) == 0 {
			return err
		}
		waiting, err = tx.Queue(comment.QueueQuery{Site: site.ID, View: comment.ViewPending,
			Order: comment.RiskiestFirst, Limit: tallied})
		if err != nil {
			return err
		}
		decided, err = tx.LastDecided(site.ID, tallied)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tally neighbours: %w", err)
	}
	all := map[string]Tally{}
	count := func(c comment.Comment, one Tally) {
		for _, signal := range c.Verdict.Signals {
			if name, _ := signal.Args["name"].(string); signal.Code == codeRefused {
				t := all[name]
				all[name] = Tally{t.Waiting + one.Waiting, t.Decided + one.Decided, t.Approved + one.Approved}
			}
		}
	}
	for _, c := range waiting {
		count(c, Tally{Waiting: 1})
	}
	for _, c := range decided {
		one := Tally{Decided: 1}
		if c.State == comment.Approved {
			one.Approved = 1
		}
		count(c, one)
	}
	return all, nil
}
