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

// An Offer is the list at a URL that a site does not read yet.
type Offer struct {
	Failure string // why the list would be refused; "": it would be read, and the other fields describe it

	Site      string // key of the site that made it
	Key       string // the public key of its signature, base64url
	Generated time.Time
	Campaigns int
	Hosts     int
	LastSeen  time.Time // of the latest campaign; zero if there is none
}

// previewTimeout limits how long a request waits for the list.
const previewTimeout = 8 * time.Second

// PreviewSpamList reads a list once and stores nothing. Without a key in in, it verifies the list with the key that
// the list names. Only the publisher can confirm that key. It needs an owner.
func (s *Service) PreviewSpamList(
	ctx context.Context, who authz.Actor, site site.Site, in Draft,
) (Offer, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Offer{}, err
	}
	n := Source{}
	var err error
	if n.URL, err = s.address(ctx, in.URL); err != nil {
		return Offer{}, err
	}
	if in.Key != "" {
		if n.Key, err = keyOf(in.Key); err != nil {
			return Offer{}, err
		}
	}
	reading, end := context.WithTimeout(ctx, previewTimeout)
	defer end()
	l, err := s.fetch(reading, n)
	switch {
	case ctx.Err() != nil:
		return Offer{}, ctx.Err()
	case err != nil:
		return Offer{Failure: err.Error()}, nil
	}
	out := Offer{Site: l.site, Generated: l.generated, Campaigns: len(l.campaigns), Hosts: l.hosts}
	out.Key, _ = l.document["key"].(string) // the signature was verified with it
	for _, c := range l.campaigns {
		if c.lastSeen.After(out.LastSeen) {
			out.LastSeen = c.lastSeen
		}
	}
	return out, nil
}

// fetch reads and verifies the current list of a source. Its errors are clauses for a person.
func (s *Service) fetch(ctx context.Context, n Source) (parsedList, error) {
	if s.getter == nil {
		return parsedList{}, refusal("this server reads no lists")
	}
	body, err := s.getter.Get(ctx, n.URL, maxBytes)
	if err != nil {
		return parsedList{}, err
	}
	l, err := readList(body)
	if err != nil {
		return parsedList{}, err
	}
	if n.Key == "" {
		n.Key, _ = l.document["key"].(string)
	}
	return l, l.verify(n, s.work.Now())
}

// A Publication describes a site's own list to its owners.
type Publication struct {
	On        bool
	Generated time.Time // zero: not made yet
	Campaigns int
	Hosts     int
}

// OwnSpamList returns what a site publishes. It needs an owner.
func (s *Service) OwnSpamList(ctx context.Context, who authz.Actor, site site.Site) (Publication, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
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

// tallySize is how many comments a Tally covers: the riskiest pending ones, and the newest decisions.
const tallySize = 1_000

// A Tally counts comments that matched a source's list: pending, recently decided, and recently approved ones.
type Tally struct{ Waiting, Decided, Approved int }

// SpamListTallies returns the Tally of each of a site's sources by name. It needs an owner.
func (s *Service) SpamListTallies(
	ctx context.Context, who authz.Actor, site site.Site,
) (map[string]Tally, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	var waiting, decided []comment.Comment
	err := s.work.View(ctx, func(tx Tx) error {
		list, err := tx.SpamListSources(site.ID)
		if err != nil || len(list) == 0 {
			return err
		}
		waiting, err = tx.Queue(comment.QueueQuery{Sites: comment.OneSite(site.ID), View: comment.ViewPending,
			Order: comment.RiskiestFirst, Limit: tallySize})
		if err != nil {
			return err
		}
		decided, err = tx.LastDecided(site.ID, tallySize)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("tally spam lists: %w", err)
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
