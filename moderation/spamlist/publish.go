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
	leastWriters   = 3
	leastDeciders  = 2 // moderators; or one owner
	membersRead    = 200
	campaignsRead  = 100
	compared       = 16 // members of which the one that is most like the others is published
	lookEvery      = 5 * time.Second
	renewAfter     = time.Minute // something was decided
	renewAnyway    = time.Hour   // for what is too old by then
	renewResting   = 60          // times as long as it took
	madeInARequest = 10 * time.Second
)

// A Published is a campaign of a list.
type Published struct {
	Fingerprint string // base64url of the minima, each four bytes, big-endian
	Hosts       []string
	Members     int
	Writers     int
	LastSeen    time.Time
}

// own is what a process knows of a site's own list.
type own struct {
	hosts    map[string]bool // that stand in approved comments, and what they are below; nil: not read yet
	approved []string        // comments that may have been approved since
	changed  bool            // something was decided since the list was made
	urgent   bool            // it must not wait
	next     time.Time       // when it may be made again
}

// heard notes an event.
func (s *Service) heard(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case event.Behind:
		clear(s.own)
		clear(s.taken)
		s.change++
		return
	case event.Rules:
		delete(s.taken, e.Site)
		s.change++
		select {
		case s.wake <- struct{}{}:
		default: // awake already
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
	case event.Judged, event.Taught:
		o.changed = true
	}
}

// of is what is known of a site's own list, and whether that is anything.
func (s *Service) of(site int64) (o *own, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, known = s.own[site]; !known {
		o = &own{}
		s.own[site] = o
	}
	return o, known
}

// PublishedList returns a site's list as it was last made: neighbour.unknown where the site publishes none. Anybody may
// read it.
func (s *Service) PublishedList(ctx context.Context, site site.Site) (List, error) {
	if !site.Settings.Neighbours {
		return List{}, problem.Missing("neighbour.unknown", "This site publishes no list for its neighbours.")
	}
	l, err := s.stored(ctx, site.ID)
	if !errors.Is(err, txn.ErrNotFound) {
		return l, err
	}
	ctx, end := context.WithTimeout(ctx, madeInARequest)
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
		l, err = tx.NeighbourList(site, "")
		return err
	})
	if err != nil {
		return List{}, fmt.Errorf("read the list of a site: %w", err)
	}
	return l, nil
}

// Run makes the lists of sites anew, and reads those of others, until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.each(ctx, nil, "lists for neighbours not made", s.renew) })
	s.each(ctx, s.wake, "lists of neighbours not read", s.ask)
	return nil
}

// each calls fn now and then, and when it is woken, until ctx ends.
func (s *Service) each(ctx context.Context, wake <-chan struct{}, failed string, fn func(context.Context) error) {
	look := time.NewTicker(lookEvery)
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

// renew makes the lists that are not what was decided since.
func (s *Service) renew(ctx context.Context) error {
	sites, err := s.work.StoredSites(ctx)
	if err != nil {
		return err
	}
	for _, site := range sites {
		if !site.Settings.Neighbours || !s.due(site.ID) || !s.work.Claim(ctx, site.ID, "neighbours", lookEvery) {
			continue
		}
		if err := s.make(ctx, site); err != nil {
			return fmt.Errorf("of %s: %w", site.Key, err)
		}
	}
	return nil
}

// due reports whether a site's list may have to be another one.
func (s *Service) due(site int64) bool {
	o, known := s.of(site)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.work.Now()
	return !known || o.urgent || !now.Before(o.next) && (o.changed || now.Sub(o.next) > renewAnyway)
}

// make makes a site's list, and keeps it if it says something else than the last one.
func (s *Service) make(ctx context.Context, site site.Site) error {
	s.making.Lock()
	defer s.making.Unlock()
	o, _ := s.of(site.ID)
	began := time.Now()
	s.mu.Lock()
	o.changed, o.urgent = false, false
	s.mu.Unlock()
	err := s.makeOf(ctx, site, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	o.next = s.work.Now().Add(max(renewAfter, renewResting*time.Since(began)))
	if err != nil {
		o.changed = true
		return fmt.Errorf("make a list for neighbours: %w", err)
	}
	return nil
}

func (s *Service) makeOf(ctx context.Context, site site.Site, o *own) error {
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
	case err == nil && saysTheSame(before.Body, found) && now.Sub(before.Generated) < renewAnyway:
		return nil
	case err != nil && !errors.Is(err, txn.ErrNotFound):
		return err
	}
	body, err := s.write(ctx, site, found, now)
	if err != nil {
		return err
	}
	return s.work.Update(ctx, func(tx Tx) error {
		_, err := tx.PutNeighbourList(List{Site: site.ID, Generated: now, Body: body})
		return err
	})
}

// write writes and signs a list. Where it is too long, it ends earlier.
func (s *Service) write(ctx context.Context, site site.Site, found []Published, at time.Time) ([]byte, error) {
	for {
		list := map[string]any{"format": format, "site": site.Key, "generated_at": at.Format(time.RFC3339Nano),
			"tokeniser": classifier.TokeniserVersion, "campaigns": said(found)}
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

// said is campaigns as a list has them.
func said(found []Published) []any {
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

// saysTheSame reports whether a list has just these campaigns, as far as they fit.
func saysTheSame(body []byte, found []Published) bool {
	var before struct {
		Campaigns json.RawMessage `json:"campaigns"`
	}
	if json.Unmarshal(body, &before) != nil {
		return false
	}
	now, err := json.Marshal(said(found))
	return err == nil && string(now) == string(before.Campaigns)
}

// refused are a site's campaigns that people refused as spam, those with the latest copy first.
func (s *Service) refused(ctx context.Context, site site.Site, stand map[string]bool) (all []Published, err error) {
	since := s.work.Now().Add(-remembered)
	var after *campaign.Campaign
	deciders := map[string]authz.Role{}
	for len(all) < maxCampaigns {
		var some []campaign.Campaign
		err := s.work.View(ctx, func(tx Tx) (err error) {
			some, err = tx.CampaignsBefore(site.ID, after, campaignsRead)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read campaigns: %w", err)
		}
		for _, k := range some {
			if k.LastSeen.Before(since) {
				return all, nil
			}
			if k.Approved > 0 || k.Refused < leastWriters {
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
		if len(some) < campaignsRead {
			return all, nil
		}
		after = &some[len(some)-1]
	}
	return all, nil
}

// publish says of a campaign what others may know; not ok: nothing.
func publish(
	tx Tx, site site.Site, k campaign.Campaign, roles map[string]authz.Role, stand map[string]bool,
) (out Published, ok bool, err error) {
	members, err := tx.MembersOf(site.ID, k.ID, max(0, k.Joined-membersRead), k.Joined, false, membersRead)
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
	if len(writers) < leastWriters {
		return out, false, nil
	}
	if enough, err := decided(tx, site.ID, spam, roles); err != nil || !enough {
		return out, false, err
	}
	print, ok := mostLike(members, spam)
	return Published{Fingerprint: print, Hosts: hosts(site, spam, stand), Members: len(spam), Writers: len(writers),
		LastSeen: k.LastSeen.UTC().Truncate(time.Second)}, ok, nil
}

// decided reports whether an owner, or two moderators, refused comments. roles are those of accounts that were read.
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
			role = a.Role(site) // of nobody it is none
			roles[e.By] = role
		}
		switch {
		case role >= authz.Owner:
			return true, nil
		case role >= authz.Moderator:
			moderators[e.By] = true
		}
	}
	return len(moderators) >= leastDeciders, nil
}

// mostLike is the fingerprint of that one of the newest members that has most in common with the others.
func mostLike(members []campaign.Member, spam map[string]comment.Comment) (print string, ok bool) {
	var among []campaign.Member
	for _, m := range slices.Backward(members) {
		_, refused := spam[m.Comment]
		if refused && m.Print.Version == classifier.TokeniserVersion && len(among) < compared {
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
			most, print = sum, written(m.Print.Fingerprint)
		}
	}
	return print, len(among) > 0
}

// written is a fingerprint as a list has it.
func written(f classifier.Fingerprint) string {
	raw := make([]byte, 0, 4*len(f.Minima))
	for _, m := range f.Minima {
		raw = binary.BigEndian.AppendUint32(raw, m)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
