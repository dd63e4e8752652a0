package spamlist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// What a neighbour weighs, in nats, times its weight; and all of them together at most.
const (
	weighs    = 2.5
	weighMost = 3.0
	// candidates is how many fingerprints under one band are compared: the newest.
	candidates = 50
)

// codeRefused is the signal of what is nearly the same as something in a list.
const codeRefused = "neighbour.refused"

// taken is a neighbour's list in memory. It does not change.
type taken struct {
	Neighbour
	prints []classifier.Fingerprint
	maybe  []uint64        // bits of the bands: most that are asked for are under none, and memory is slow
	bands  map[uint64]span // where the prints under a band stand in under
	under  []entry
	hosts  map[string]bool
}

// A span is of those that stand together.
type span struct{ from, to int32 }

// An entry is a print under a band. Its sketch lies with it: those under a band are read in a row.
type entry struct {
	sketch classifier.Sketch
	print  int32
}

// bits are those of which one is set for each band of a list: thirteen for each of the most bands that there may be.
const bits = 1 << 20

// every is which of a fingerprint's bands are asked for: as of campaigns, every other one is enough.
const every = 2

func newTaken(n Neighbour, l read, since time.Time) *taken {
	t := &taken{Neighbour: n, hosts: map[string]bool{}, maybe: make([]uint64, bits/64)}
	for _, c := range l.campaigns { // the newest stand first in a list
		if c.lastSeen.Before(since) {
			continue
		}
		for _, h := range c.hosts {
			t.hosts[strings.ToLower(h)] = true
		}
		t.prints = append(t.prints, classifier.Fingerprint{Minima: c.minima, Letters: longEnough})
	}
	t.index()
	return t
}

// index puts the prints under their bands: the newest of each.
func (t *taken) index() {
	of := make([][]uint64, len(t.prints)) // their bands
	t.bands = make(map[uint64]span, len(t.prints))
	for i := range t.prints {
		of[i] = t.prints[i].Bands()
		for n := 0; n < len(of[i]); n += every {
			band := of[i][n]
			s := t.bands[band]
			s.to = min(s.to+1, candidates)
			t.bands[band] = s
			t.maybe[band%bits/64] |= 1 << (band % 64)
		}
	}
	room := int32(0)
	for band, s := range t.bands {
		t.bands[band] = span{room, room} // to is moved on as it is filled
		room += s.to
	}
	t.under = make([]entry, room)
	for i, bands := range of {
		sketch := t.prints[i].Sketch()
		for n := 0; n < len(bands); n += every {
			s := t.bands[bands[n]]
			if s.to-s.from == candidates {
				continue
			}
			t.under[s.to] = entry{sketch, int32(i)}
			s.to++
			t.bands[bands[n]] = s
		}
	}
}

// longEnough has bands made of what is known to be long enough.
const longEnough = 60

// has reports whether something was refused there that is nearly the same. A list does not say how long its texts
// are: they are taken to be as long as the one that is compared, and never to be the very same.
func (t *taken) has(p *campaign.Print, sketch classifier.Sketch, bands []uint64) bool {
	for i := 0; i < len(bands); i += every {
		if t.maybe[bands[i]%bits/64]&(1<<(bands[i]%64)) == 0 {
			continue
		}
		s := t.bands[bands[i]]
		for _, e := range t.under[s.from:s.to] {
			if _, far := e.sketch.Same(sketch); far {
				continue
			}
			theirs := *p
			theirs.Exact, theirs.Minima = ^p.Exact, t.prints[e.print].Minima
			if p.Like(theirs) {
				return true
			}
		}
	}
	return false
}

// leadsTo is a host of a list that a comment leads to, or to what is below it; "": none.
func (t *taken) leadsTo(hosts []string) string {
	if len(t.hosts) == 0 {
		return ""
	}
	for _, host := range hosts {
		for rest := host; rest != ""; _, rest, _ = strings.Cut(rest, ".") {
			if t.hosts[rest] {
				return rest
			}
		}
	}
	return ""
}

// Beside says what a site's neighbours have refused of each of its comments. It reads memory alone, once the lists
// are there.
func (s *Service) Beside(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error) {
	lists, err := s.lists(ctx, site)
	if err != nil || len(lists) == 0 {
		return nil, err
	}
	found := make([][]comment.Signal, len(comments))
	for i, c := range comments {
		found[i] = look(lists, c, s.prints.Of(c))
	}
	return found, nil
}

// HasBeside reports whether a site reads lists of others.
func (s *Service) HasBeside(ctx context.Context, site int64) (bool, error) {
	lists, err := s.lists(ctx, site)
	return len(lists) > 0, err
}

func look(lists []*taken, c comment.Comment, p campaign.Print) (found []comment.Signal) {
	bands, sketch := p.Bands(), p.Sketch()
	var hosts []string
	if slices.ContainsFunc(lists, func(t *taken) bool { return len(t.hosts) > 0 }) {
		for host := range hostsOf(c) {
			hosts = append(hosts, host)
		}
		slices.Sort(hosts)
	}
	left := weighMost
	for _, t := range lists {
		if t.has(&p, sketch, bands) {
			weight := min(weighs*t.Weight, left)
			left -= weight
			found = append(found, comment.Signal{Name: "neighbour", Code: codeRefused, Weight: weight,
				Args: map[string]any{"name": t.Name()},
				Text: fmt.Sprintf("Nearly the same was refused at %s.", t.Name())})
			continue
		}
		if host := t.leadsTo(hosts); host != "" { // it is told, and weighs nothing
			found = append(found, comment.Signal{Name: "neighbour", Code: "neighbour.host",
				Args: map[string]any{"name": t.Name(), "host": host},
				Text: fmt.Sprintf("It has a link to %s, as had comments refused at %s.", host, t.Name())})
		}
	}
	return found
}

// lists are a site's neighbours', from memory as long as no event is against them: those that weigh most first.
func (s *Service) lists(ctx context.Context, site int64) ([]*taken, error) {
	s.mu.Lock()
	lists, known := s.taken[site]
	change := s.change
	old := s.old[site]
	s.mu.Unlock()
	if known {
		return lists, nil
	}
	since := s.work.Now().Add(-remembered)
	var all []Neighbour
	bodies := map[string]List{}
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if all, err = tx.Neighbours(site); err != nil {
			return err
		}
		for _, n := range all {
			if n.Generated.IsZero() || reuse(old, n) != nil {
				continue
			}
			l, err := tx.NeighbourList(site, n.ID)
			if err != nil && !errors.Is(err, txn.ErrNotFound) {
				return err
			}
			bodies[n.ID] = l
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read lists of neighbours: %w", err)
	}
	for _, n := range all {
		if t := reuse(old, n); t != nil {
			t := *t
			t.Neighbour = n
			lists = append(lists, &t)
		} else if l, err := readList(bodies[n.ID].Body); err == nil {
			lists = append(lists, newTaken(n, l, since))
		}
	}
	slices.SortStableFunc(lists, func(a, b *taken) int {
		switch {
		case a.Weight > b.Weight:
			return -1
		case a.Weight < b.Weight:
			return 1
		}
		return 0
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.change == change {
		s.taken[site] = lists
	}
	s.old[site] = lists
	return lists, nil
}

// reuse finds a list that was read into memory before, and is the newest of its neighbour; nil: it is not there.
func reuse(old []*taken, n Neighbour) *taken {
	for _, t := range old {
		if t.ID == n.ID && t.Key == n.Key && t.Generated.Equal(n.Generated) {
			return t
		}
	}
	return nil
}
