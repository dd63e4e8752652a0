package spamlist

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	minWriters     = 3
	minModerators  = 2 // moderators; one owner is enough too
	membersPage    = 200
	campaignsPage  = 100
	maxCompared    = 16 // members among which the published one is chosen
	pollInterval   = 5 * time.Second
	minPause       = time.Minute // after a decision
	maxAge         = time.Hour   // without changes, because campaigns expire
	pauseFactor    = 60          // pause after making a list, in multiples of the time that it took
	requestTimeout = 10 * time.Second
)

// A Published is a campaign of a list.
type Published struct {
	Fingerprint string // base64url of the minima, each four bytes, big-endian
	Hosts       []string
	Members     int
	Writers     int
	LastSeen    time.Time
}

// ownList is the state of a site's own list in this process.
type ownList struct {
	hosts    map[string]bool // hosts in approved comments and their parent domains; nil: not read yet
	approved []string        // comments that may have been approved since
	changed  bool            // a decision was made since the list was made
	urgent   bool            // do not wait for next
	next     time.Time       // earliest time of the next list
}

// onEvent updates the state of lists after an event.
func (s *Service) onEvent(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case event.Behind:
		clear(s.own)
		clear(s.loaded)
		s.changes++
		return
	case event.Rules:
		delete(s.loaded, e.Site)
		s.changes++
		select {
		case s.wake <- struct{}{}:
		default: // already awake
		}
		return
	}
	o := s.own[e.Site]
	if o == nil {
		return
	}
	switch e.Kind {
	case event.Arrived, event.Edited, event.Decided, event.Removed, event.Withheld:
		o.urgent = o.urgent || e.Kind == event.Withheld
		o.changed = true
		if o.hosts != nil && e.Comment != "" {
			o.approved = append(o.approved, e.Comment)
		}
	case event.Rescored, event.Taught:
		o.changed = true
	}
}

// state returns the state state a site's own list, and whether it existed before.
func (s *Service) state(site int64) (o *ownList, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, known = s.own[site]; !known {
		o = &ownList{}
		s.own[site] = o
	}
	return o, known
}

// PublishedSpamList returns a site's latest list, or neighbour.unknown if the site publishes none. Anyone may read it.
func (s *Service) PublishedSpamList(ctx context.Context, site site.Site) (List, error) {
	if !site.Settings.Neighbours {
		return List{}, problem.Missing("neighbour.unknown", "This site publishes no spam list.")
	}
	l, err := s.stored(ctx, site.ID)
	if !errors.Is(err, txn.ErrNotFound) {
		return l, err
	}
	ctx, end := context.WithTimeout(ctx, requestTimeout)
	defer end()
	if err := s.make(ctx, site); err != nil {
		if ctx.Err() != nil {
			err = problem.TryAgain(err)
		}
		return List{}, err
	}
	return s.stored(ctx, site.ID)
}

func (s *Service) stored(ctx context.Context, site int64) (l List, err error) {
	err = s.work.View(ctx, func(tx Tx) (err error) {
		l, err = tx.SpamList(site, "")
		return err
	})
	if err != nil {
		return List{}, fmt.Errorf("read the list of a site: %w", err)
	}
	return l, nil
}

// Run makes due lists of sites and reads due lists of others until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.each(ctx, nil, "spam lists not made", s.renew) })
	s.each(ctx, s.wake, "spam lists not read", s.readDue)
	return nil
}

// each calls fn at every pollInterval and after each wake, until ctx ends.
func (s *Service) each(ctx context.Context, wake <-chan struct{}, failed string, fn func(context.Context) error) {
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		if err := fn(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, failed, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-look.C:
		}
	}
}

// renew makes the lists that are due.
func (s *Service) renew(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if !site.Settings.Neighbours || !s.due(site.ID) || !s.work.Claim(ctx, site.ID, "neighbours", pollInterval) {
			continue
		}
		if err := s.make(ctx, site); err != nil {
			return fmt.Errorf("of %s: %w", site.Key, err)
		}
	}
	return nil
}

// due reports whether a site's list may have changed.
func (s *Service) due(site int64) bool {
	o, known := s.state(site)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.work.Now()
	return !known || o.urgent || !now.Before(o.next) && (o.changed || now.Sub(o.next) > maxAge)
}

// make makes a site's list, and stores it if its content changed or it is too old.
func (s *Service) make(ctx context.Context, site site.Site) error {
	s.making.Lock()
	defer s.making.Unlock()
	o, _ := s.state(site.ID)
	began := time.Now()
	s.mu.Lock()
	o.changed, o.urgent = false, false
	s.mu.Unlock()
	err := s.makeIfChanged(ctx, site, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	o.next = s.work.Now().Add(max(minPause, pauseFactor*time.Since(began)))
	if err != nil {
		o.changed = true
		return fmt.Errorf("make a spam list: %w", err)
	}
	return nil
}

func (s *Service) makeIfChanged(ctx context.Context, site site.Site, o *ownList) error {
	if err := s.readHosts(ctx, site, o); err != nil {
		return err
	}
	found, err := s.refused(ctx, site, o.hosts)
	if err != nil {
		return err
	}
	now := s.work.Now()
	before, err := s.stored(ctx, site.ID)
	switch {
	case err == nil && sameCampaigns(before.Body, found) && now.Sub(before.Generated) < maxAge:
		return nil
	case err != nil && !errors.Is(err, txn.ErrNotFound):
		return err
	}
	body, err := s.write(ctx, site, found, now)
	if err != nil {
		return err
	}
	return s.work.Update(ctx, func(tx Tx) error {
		_, err := tx.PutSpamList(List{Site: site.ID, Generated: now, Body: body})
		return err
	})
}

// write encodes and signs a list. It drops the last campaigns if the list is too long.
func (s *Service) write(ctx context.Context, site site.Site, found []Published, at time.Time) ([]byte, error) {
	for {
		list := map[string]any{"format": format, "site": site.Key, "generated_at": at.Format(time.RFC3339Nano),
			"tokeniser": classifier.TokeniserVersion, "campaigns": encodeCampaigns(found)}
		if err := s.signer.Sign(ctx, site, list); err != nil {
			return nil, err
		}
		body, err := json.Marshal(list)
		if err != nil {
			return nil, fmt.Errorf("encode: %w", err)
		}
		if len(body) <= maxBytes {
			return body, nil
		}
		found = found[:min(len(found)-1, len(found)*maxBytes/len(body))]
	}
}

// encodeCampaigns returns campaigns as a list encodes them.
func encodeCampaigns(found []Published) []any {
	all := make([]any, len(found))
	for i, p := range found {
		hosts := make([]any, len(p.Hosts))
		for j, h := range p.Hosts {
			hosts[j] = h
		}
		all[i] = map[string]any{"fingerprint": p.Fingerprint, "hosts": hosts, "members": p.Members,
			"writers": p.Writers, "last_seen": p.LastSeen.Format(time.RFC3339)}
	}
	return all
}

// sameCampaigns reports whether a list has exactly these campaigns. It returns false if some did not fit.
func sameCampaigns(body []byte, found []Published) bool {
	var before struct {
		Campaigns json.RawMessage `json:"campaigns"`
	}
	if json.Unmarshal(body, &before) != nil {
		return false
	}
	now, err := json.Marshal(encodeCampaigns(found))
	return err == nil && string(now) == string(before.Campaigns)
}

// refused returns a site's spam campaigns that may be published, the one with the latest copy first.
func (s *Service) refused(ctx context.Context, site site.Site, stand map[string]bool) (all []Published, err error) {
	since := s.work.Now().Add(-retention)
	var after *campaign.Campaign
	deciders := map[string]authz.Role{}
	for len(all) < maxCampaigns {
		var some []campaign.Campaign
		err := s.work.View(ctx, func(tx Tx) (err error) {
			some, err = tx.CampaignsBefore(site.ID, after, campaignsPage)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read campaigns: %w", err)
		}
		for _, k := range some {
			if k.LastSeen.Before(since) {
				return all, nil
			}
			if k.Approved > 0 || k.Refused < minWriters {
				continue
			}
			err := s.work.View(ctx, func(tx Tx) error {
				p, ok, err := publish(tx, site, k, deciders, stand)
				if ok && len(all) < maxCampaigns {
					all = append(all, p)
				}
				return err
			})
			if err != nil {
				return nil, fmt.Errorf("read a campaign: %w", err)
			}
		}
		if len(some) < campaignsPage {
			return all, nil
		}
		after = &some[len(some)-1]
	}
	return all, nil
}

// publish returns the public part of a campaign; ok is false if it must not be published.
func publish(
	tx Tx, site site.Site, k campaign.Campaign, roles map[string]authz.Role, stand map[string]bool,
) (out Published, ok bool, err error) {
	members, err := tx.MembersOf(site.ID, k.ID, max(0, k.Joined-membersPage), k.Joined, false, membersPage)
	if err != nil {
		return out, false, err
	}
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Comment
	}
	comments, err := tx.CommentsByID(site.ID, ids)
	if err != nil {
		return out, false, err
	}
	spam := map[string]comment.Comment{}
	writers := map[string]bool{}
	for _, c := range comments {
		if c.State != comment.Spam || c.Withheld != nil {
			continue
		}
		spam[c.ID] = c
		if who := cmp.Or(string(c.Writer), string(c.Address)); who != "" {
			writers[who] = true
		}
	}
	if len(writers) < minWriters {
		return out, false, nil
	}
	if enough, err := decided(tx, site.ID, spam, roles); err != nil || !enough {
		return out, false, err
	}
	print, ok := medoid(members, spam)
	return Published{Fingerprint: print, Hosts: hosts(site, spam, stand), Members: len(spam), Writers: len(writers),
		LastSeen: k.LastSeen.UTC().Truncate(time.Second)}, ok, nil
}

// decided reports whether an owner or two moderators refused the comments. It caches the roles of accounts in roles.
func decided(
	tx Tx, site int64, spam map[string]comment.Comment, roles map[string]authz.Role,
) (enough bool, err error) {
	entries, err := tx.DecisionsOf(site, slices.Sorted(maps.Keys(spam))...)
	if err != nil {
		return false, err
	}
	moderators := map[string]bool{}
	for _, e := range entries {
		if e.Seq != spam[e.Comment].Standing {
			continue
		}
		role, known := roles[e.By]
		if !known {
			a, err := tx.AccountByID(e.By)
			if err != nil && !errors.Is(err, txn.ErrNotFound) {
				return false, err
			}
			role = a.Role(site) // no role if the account does not exist
			roles[e.By] = role
		}
		switch {
		case role >= authz.Owner:
			return true, nil
		case role >= authz.Moderator:
			moderators[e.By] = true
		}
	}
	return len(moderators) >= minModerators, nil
}

// medoid returns the fingerprint of the newest members' medoid, which is the most similar to the others.
func medoid(members []campaign.Member, spam map[string]comment.Comment) (print string, ok bool) {
	var among []campaign.Member
	for _, m := range slices.Backward(members) {
		_, refused := spam[m.Comment]
		if refused && m.Print.Version == classifier.TokeniserVersion && len(among) < maxCompared {
			among = append(among, m)
		}
	}
	most := -1.0
	for _, m := range among {
		sum := 0.0
		for _, other := range among {
			sum += m.Print.Similarity(other.Print.Fingerprint)
		}
		if sum > most {
			most, print = sum, encodeFingerprint(m.Print.Fingerprint)
		}
	}
	return print, len(among) > 0
}

// encodeFingerprint returns a fingerprint as a list encodes it.
func encodeFingerprint(f classifier.Fingerprint) string {
	raw := make([]byte, 0, 4*len(f.Minima))
	for _, m := range f.Minima {
		raw = binary.BigEndian.AppendUint32(raw, m)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
