package spamlist

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	maxNeighbours = 10 // of a site
	maxWeight     = 2.0
)

// A Neighbour is another publisher's list that a site reads.
type Neighbour struct {
	Site   int64
	ID     string
	URL    string
	Key    string // the public key that the list is signed with, base64url
	Weight float64
	By     string // account id
	At     time.Time

	Theirs    string    // the key of the site that made the list; "": none was taken yet
	Generated time.Time // of the list that was taken last; zero: none was
	Campaigns int       // that it has
	Hosts     int
	TakenAt   time.Time // when a list was last found to be good; zero: never
	TriedAt   time.Time // when it was last asked for; zero: never
	Failure   string    // why that was not taken; "": it was
}

// Name is what moderators are told that a neighbour is called.
func (n Neighbour) Name() string { return hostOf(n.URL) }

// A Draft is a neighbour to be added. Weight is what its word counts for, 1 as contracted.
type Draft struct {
	URL, Key string
	Weight   float64
}

// Neighbours lists whose lists a site reads, oldest first, and what became of reading them. It needs an owner.
func (s *Service) Neighbours(ctx context.Context, who authz.Actor, site site.Site) (list []Neighbour, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.Neighbours(site.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list neighbours: %w", err)
	}
	return list, nil
}

// AddNeighbour has a site read another publisher's list, which is read for the first time within seconds. One whose
// address the site has already gets the key and the weight that are given now. It needs an owner. again says that the
// POST of the key was answered before.
func (s *Service) AddNeighbour(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.Key,
) (id string, again bool, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", false, err
	}
	n, err := s.draft(ctx, in)
	if err != nil {
		return "", false, err
	}
	n.Site, n.ID, n.By, n.At = site.ID, txn.NewID(), who.ID(), s.work.Now()
	add := func(tx Tx) (string, error) {
		n := n // this may run again
		list, err := tx.Neighbours(site.ID)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(list, func(o Neighbour) bool { return o.URL == n.URL })
		switch {
		case i >= 0 && list[i].Key == n.Key:
			list[i].Weight = n.Weight
			n = list[i]
		case i >= 0: // what another key signed is worth nothing
			n.ID, n.At = list[i].ID, list[i].At
			if err := tx.DropNeighbour(site.ID, n.ID); err != nil {
				return "", err
			}
		case len(list) >= maxNeighbours:
			return "", problem.Field("/url", fmt.Sprintf("A site reads the lists of at most %d neighbours.", maxNeighbours))
		}
		if err := tx.PutNeighbour(n); err != nil {
			return "", err
		}
		return n.ID, tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: s.work.Now()})
	}
	id, again, err = txn.Answered(ctx, s.work, key, add)
	if errors.Is(err, txn.ErrTaken) { // by whoever added it at the same instant: it is there now
		id, again, err = txn.Answered(ctx, s.work, key, add)
	}
	if err != nil {
		return "", false, fmt.Errorf("add neighbour: %w", err)
	}
	s.log.InfoContext(ctx, "neighbour added", "site", site.Key, "neighbour", id, "by", who.ID())
	return id, again, nil
}

// draft checks a neighbour that is to be added.
func (s *Service) draft(ctx context.Context, in Draft) (n Neighbour, err error) {
	if n.URL, err = s.address(ctx, in.URL); err != nil {
		return Neighbour{}, err
	}
	if n.Key, err = keyOf(in.Key); err != nil {
		return Neighbour{}, err
	}
	if n.Weight = in.Weight; !(n.Weight > 0 && n.Weight <= maxWeight) {
		return Neighbour{}, problem.Field("/weight", "A neighbour's weight is more than 0 and at most 2; 1 is usual.")
	}
	return n, nil
}

// address checks where a list stands.
func (s *Service) address(ctx context.Context, typed string) (string, error) {
	u, err := url.Parse(typed)
	if _, ok := text.ParseWeb(typed); !ok || err != nil || u.Fragment != "" {
		return "", problem.Field("/url",
			"The address of a neighbour's list begins with http:// or https://, without a password in it.")
	}
	if s.getter != nil {
		if err := s.getter.CheckHost(ctx, u.Hostname()); err != nil {
			return "", problem.Field("/url", "This address is inside a network that the server must not reach; "+
				"the operator can allow that with --reach neighbour=NETWORK.")
		}
	}
	return u.String(), nil
}

// keyOf checks the public key of a neighbour.
func keyOf(typed string) (string, error) {
	key := strings.TrimRight(strings.TrimSpace(typed), "=")
	if raw, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(raw) != ed25519.PublicKeySize {
		return "", problem.Field("/key",
			"The neighbour's public key has 43 letters, digits, - and _: `aitys site key` prints it there.")
	}
	return key, nil
}

// RemoveNeighbour has a site read a neighbour's list no longer: what waits is judged anew without it. To add it again
// brings it back. It needs an owner.
func (s *Service) RemoveNeighbour(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	unknown := problem.Missing("neighbour.unknown", "There is no such neighbour, or not any more.")
	if !txn.IsID(id) {
		return unknown
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.DropNeighbour(site.ID, id); err != nil {
			return err
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: s.work.Now()})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return unknown
	}
	if err != nil {
		return fmt.Errorf("remove neighbour: %w", err)
	}
	s.log.InfoContext(ctx, "neighbour removed", "site", site.Key, "neighbour", id, "by", who.ID())
	return nil
}
