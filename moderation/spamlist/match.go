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

// A match weighs signalWeight, in nats, times the weight of its source. All matches together weigh at most
// maxTotalWeight.
const (
	signalWeight   = 2.5
	maxTotalWeight = 3.0
	// maxCandidates limits how many of a band's newest fingerprints are compared.
	maxCandidates = 50
)

// codeRefused is the code of the signal for a near-duplicate of a listed campaign.
const codeRefused = "neighbour.refused"

// loadedList is a source's list in memory. It is immutable.
type loadedList struct {
	Source
	prints  []classifier.Fingerprint
	filter  []uint64        // bitmap of bands: most lookups find none, and memory is slow
	bands   map[uint64]span // where the entries of a band are in entries
	entries []entry
	hosts   map[string]bool
}

// A span is a range of entries.
type span struct{ from, to int32 }

// An entry is a fingerprint in a band. It has a copy of the sketch, because the entries of a band are read in a row.
type entry struct {
	sketch classifier.Sketch
	print  int32
}

// filterBits is the size of that bitmap: 13 bits for each band of the largest list.
const filterBits = 1 << 20

// bandStep selects which bands are looked up: every other one is enough, as for campaigns.
const bandStep = 2

func newLoadedList(n Source, l parsedList, since time.Time) *loadedList {
	t := &loadedList{Source: n, hosts: map[string]bool{}, filter: make([]uint64, filterBits/64)}
	for _, c := range l.campaigns { // newest first in a list
		if c.lastSeen.Before(since) {
			continue
		}
		for _, h := range c.hosts {
			t.hosts[strings.ToLower(h)] = true
		}
		t.prints = append(t.prints, classifier.Fingerprint{Minima: c.minima, Letters: minLength})
	}
	t.index()
	return t
}

// index builds the index from band to fingerprints, with the newest of each band.
func (t *loadedList) index() {
	of := make([][]uint64, len(t.prints)) // bands by fingerprint
	t.bands = make(map[uint64]span, len(t.prints))
	for i := range t.prints {
		of[i] = t.prints[i].Bands()
		for n := 0; n < len(of[i]); n += bandStep {
			band := of[i][n]
			s := t.bands[band]
			s.to = min(s.to+1, maxCandidates)
			t.bands[band] = s
			t.filter[band%filterBits/64] |= 1 << (band % 64)
		}
	}
	room := int32(0)
	for band, s := range t.bands {
		t.bands[band] = span{room, room} // to advances as entries are added
		room += s.to
	}
	t.entries = make([]entry, room)
	for i, bands := range of {
		sketch := t.prints[i].Sketch()
		for n := 0; n < len(bands); n += bandStep {
			s := t.bands[bands[n]]
			if s.to-s.from == maxCandidates {
				continue
			}
			t.entries[s.to] = entry{sketch, int32(i)}
			s.to++
			t.bands[bands[n]] = s
		}
	}
}

// minLength is a length at which a fingerprint has bands.
const minLength = 60

// matches reports whether the list matches a near-duplicate. A list does not contain the lengths of its texts, so the
// length of the compared text is assumed, and exact equality is excluded.
func (t *loadedList) matches(p *campaign.Print, sketch classifier.Sketch, bands []uint64) bool {
	for i := 0; i < len(bands); i += bandStep {
		if t.filter[bands[i]%filterBits/64]&(1<<(bands[i]%64)) == 0 {
			continue
		}
		s := t.bands[bands[i]]
		for _, e := range t.entries[s.from:s.to] {
			if _, far := e.sketch.MaxShared(sketch); far {
				continue
			}
			theirs := *p
			theirs.Exact, theirs.Minima = ^p.Exact, t.prints[e.print].Minima
			if p.NearDuplicate(theirs) {
				return true
			}
		}
	}
	return false
}

// leadsTo returns a listed host that equals one of hosts or is a parent domain of it, or "".
func (t *loadedList) leadsTo(hosts []string) string {
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

// Match returns the signals of each comment from the site's lists. It reads only memory once the lists are loaded.
func (s *Service) Match(ctx context.Context, site int64, comments []comment.Comment) ([][]comment.Signal, error) {
	lists, err := s.lists(ctx, site)
	if err != nil || len(lists) == 0 {
		return nil, err
	}
	found := make([][]comment.Signal, len(comments))
	for i, c := range comments {
		found[i] = signals(lists, c, s.prints.Of(c))
	}
	return found, nil
}

// HasLists reports whether a site reads lists of other sites.
func (s *Service) HasLists(ctx context.Context, site int64) (bool, error) {
	lists, err := s.lists(ctx, site)
	return len(lists) > 0, err
}

func signals(lists []*loadedList, c comment.Comment, p campaign.Print) (found []comment.Signal) {
	bands, sketch := p.Bands(), p.Sketch()
	var hosts []string
	if slices.ContainsFunc(lists, func(t *loadedList) bool { return len(t.hosts) > 0 }) {
		for host := range hostsOf(c) {
			hosts = append(hosts, host)
		}
		slices.Sort(hosts)
	}
	left := maxTotalWeight
	for _, t := range lists {
		if t.matches(&p, sketch, bands) {
			weight := min(signalWeight*t.Weight, left)
			left -= weight
			found = append(found, comment.Signal{Name: "neighbour", Code: codeRefused, Weight: weight,
				Args: map[string]any{"name": t.Name()},
				Text: fmt.Sprintf("Nearly the same was refused at %s.", t.Name())})
			continue
		}
		if host := t.leadsTo(hosts); host != "" { // shown as a signal with weight 0
			found = append(found, comment.Signal{Name: "neighbour", Code: "neighbour.host",
				Args: map[string]any{"name": t.Name(), "host": host},
				Text: fmt.Sprintf("It has a link to %s, as had comments refused at %s.", host, t.Name())})
		}
	}
	return found
}

// lists returns a site's lists, highest weight first. They stay in memory until an event about them.
func (s *Service) lists(ctx context.Context, site int64) ([]*loadedList, error) {
	s.mu.Lock()
	lists, known := s.loaded[site]
	change := s.changes
	old := s.previous[site]
	s.mu.Unlock()
	if known {
		return lists, nil
	}
	since := s.work.Now().Add(-retention)
	var all []Source
	bodies := map[string]List{}
	err := s.work.View(ctx, func(tx Tx) (err error) {
		if all, err = tx.SpamListSources(site); err != nil {
			return err
		}
		for _, n := range all {
			if n.Generated.IsZero() || reuse(old, n) != nil {
				continue
			}
			l, err := tx.SpamList(site, n.ID)
			if err != nil && !errors.Is(err, txn.ErrNotFound) {
				return err
			}
			bodies[n.ID] = l
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read spam lists: %w", err)
	}
	for _, n := range all {
		if t := reuse(old, n); t != nil {
			t := *t
			t.Source = n
			lists = append(lists, &t)
		} else if l, err := readList(bodies[n.ID].Body); err == nil {
			lists = append(lists, newLoadedList(n, l, since))
		}
	}
	slices.SortStableFunc(lists, func(a, b *loadedList) int {
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
	if s.changes == change {
		s.loaded[site] = lists
	}
	s.previous[site] = lists
	return lists, nil
}

// reuse returns the loaded list of a source if it is current, or nil.
func reuse(old []*loadedList, n Source) *loadedList {
	for _, t := range old {
		if t.ID == n.ID && t.Key == n.Key && t.Generated.Equal(n.Generated) {
			return t
		}
	}
	return nil
}
