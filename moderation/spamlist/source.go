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
	maxSources = 10 // of a site
	maxWeight  = 2.0
)

// A Source is another publisher's list that a site reads.
type Source struct {
	Site   int64
	ID     string
	URL    string
	Key    string // the public key of its signature, base64url
	Weight float64
	By     string // account ID
	At     time.Time

	Theirs    string    // the key of the site that made the list; "": none was read yet
	Generated time.Time // of the latest list read; zero: none
	Campaigns int       // number in the list
	Hosts     int
	TakenAt   time.Time // when a list was last read successfully; zero: never
	TriedAt   time.Time // when it was last tried; zero: never
	Failure   string    // why the last try failed; "": it did not
}

// Name returns the name of a source that moderators see: its host.
func (n Source) Name() string { return hostOf(n.URL) }

// A Draft is a source to be added. Weight multiplies its signals; 1 is usual.
type Draft struct {
	URL, Key string
	Weight   float64
}

// SpamListSources returns the sources of a site, oldest first, and the results of reading them. It needs an owner.
func (s *Service) SpamListSources(ctx context.Context, who authz.Actor, site site.Site) (list []Source, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) (err error) {
		list, err = tx.SpamListSources(site.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list spam list sources: %w", err)
	}
	return list, nil
}

// AddSpamListSource adds a source, which is read for the first time within seconds. If the site has a source with this
// URL, its key and weight are replaced. again reports that the request with this idempotency key was answered before.
// It needs an owner.
func (s *Service) AddSpamListSource(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.IdempotencyKey,
) (id string, again bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", false, err
	}
	n, err := s.draft(ctx, in)
	if err != nil {
		return "", false, err
	}
	n.Site, n.ID, n.By, n.At = site.ID, txn.NewID(), who.ID(), s.work.Now()
	add := func(tx Tx) (string, error) {
		n := n // this may run again
		list, err := tx.SpamListSources(site.ID)
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(list, func(o Source) bool { return o.URL == n.URL })
		switch {
		case i >= 0 && list[i].Key == n.Key:
			list[i].Weight = n.Weight
			n = list[i]
		case i >= 0: // a list signed with another key is worthless
			n.ID, n.At = list[i].ID, list[i].At
			if err := tx.DropSpamListSource(site.ID, n.ID); err != nil {
				return "", err
			}
		case len(list) >= maxSources:
			return "", problem.Field("/url", fmt.Sprintf("A site reads at most %d shared spam lists.", maxSources))
		}
		if err := tx.PutSpamListSource(n); err != nil {
			return "", err
		}
		return n.ID, tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: s.work.Now()})
	}
	id, again, err = txn.Idempotent(ctx, s.work, key, add)
	if errors.Is(err, txn.ErrTaken) { // another request added it at the same time, so it exists now
		id, again, err = txn.Idempotent(ctx, s.work, key, add)
	}
	if err != nil {
		return "", false, fmt.Errorf("add a spam list source: %w", err)
	}
	s.log.InfoContext(ctx, "spam list source added", "site", site.Key, "neighbour", id, "by", who.ID())
	return id, again, nil
}

// draft validates a source to be added.
func (s *Service) draft(ctx context.Context, in Draft) (n Source, err error) {
	if n.URL, err = s.address(ctx, in.URL); err != nil {
		return Source{}, err
	}
	if n.Key, err = keyOf(in.Key); err != nil {
		return Source{}, err
	}
	if n.Weight = in.Weight; !(n.Weight > 0 && n.Weight <= maxWeight) {
		return Source{}, problem.Field("/weight", "A neighbour's weight is more than 0 and at most 2; 1 is usual.")
	}
	return n, nil
}

// address validates the URL of a list.
func (s *Service) address(ctx context.Context, typed string) (string, error) {
	u, err := url.Parse(typed)
	if _, ok := text.ParseWebURL(typed); !ok || err != nil || u.Fragment != "" {
		return "", problem.Field("/url",
			"The address of a shared spam list begins with http:// or https://, without a password in it.")
	}
	if s.getter != nil {
		if err := s.getter.CheckHost(ctx, u.Hostname()); err != nil {
			return "", problem.PrivateAddress("/url", "neighbour", err)
		}
	}
	return u.String(), nil
}

// keyOf validates the public key of a source.
func keyOf(typed string) (string, error) {
	key := strings.TrimRight(strings.TrimSpace(typed), "=")
	if raw, err := base64.RawURLEncoding.DecodeString(key); err != nil || len(raw) != ed25519.PublicKeySize {
		return "", problem.Field("/key",
			"The neighbour's public key has 43 letters, digits, - and _: `aitys site key` prints it there.")
	}
	return key, nil
}

// RemoveSpamListSource removes a source. Pending comments are rescored without it. Adding it again undoes that. It needs
// an owner.
func (s *Service) RemoveSpamListSource(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	unknown := problem.Missing("neighbour.unknown", "There is no such neighbour, or not any more.")
	if !txn.IsID(id) {
		return unknown
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		if err := tx.DropSpamListSource(site.ID, id); err != nil {
			return err
		}
		return tx.Emit(event.Event{Site: site.ID, Kind: event.Rules, At: s.work.Now()})
	})
	if errors.Is(err, txn.ErrNotFound) {
		return unknown
	}
	if err != nil {
		return fmt.Errorf("remove a spam list source: %w", err)
	}
	s.log.InfoContext(ctx, "spam list source removed", "site", site.Key, "neighbour", id, "by", who.ID())
	return nil
}
