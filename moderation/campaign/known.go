package campaign

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/classifier"
)

const (
	knownSites   = 64          // of so many sites bands are kept in memory
	knownMembers = 100_000     // of each, at most: some 25 MB; of one that has more the newest half is kept
	knownWhole   = 2_048       // of each the newest, with their prints: some 800 KB
	knownFor     = time.Second // until it is asked who has become a member since
	knownAnew    = 24 * time.Hour
	membersRead  = 1_000
	walked       = 256 // members under a band that are passed over, most of them gone, before the store is asked
)

// known are the bands under which sites' members are found, in memory: most comments are like none, and those that may
// be published at once wait for the answer; and most copies are like one that has just joined.
type known struct {
	mu    sync.Mutex
	sites map[int64]*knownSite
}

// A knownSite is a site's: those of members that have left elsewhere stay until they are read anew.
type knownSite struct {
	mu      sync.Mutex
	since   time.Time // when all were read
	read    time.Time // when the last ones were
	last    int64     // the number of the newest member that was read
	all     bool      // there were no more
	older   bool      // there were more than are kept
	members []knownMember
	// bands are the upper halves of the members' bands, bandsOfPrint to each; 0: it has none there. heads are the last
	// of them that ends in each number, counted from 1, and next is the one before that; 0: there is none.
	bands  []uint32
	heads  []int32
	next   []int32
	recent []Member // the newest, at their numbers among the members, in turn
}

type knownMember struct {
	number int64
	sketch classifier.Sketch
	gone   bool // from its bands
}

// of returns a site's, locked.
func (k *known) of(site int64) *knownSite {
	k.mu.Lock()
	of := k.sites[site]
	if of == nil {
		if len(k.sites) >= knownSites || k.sites == nil {
			k.sites = map[int64]*knownSite{}
		}
		of = &knownSite{}
		k.sites[site] = of
	}
	k.mu.Unlock()
	of.mu.Lock()
	return of
}

// under reports whether a member may be found under one of these bands; after reads members after a number.
func (k *known) under(
	bands []int64, site int64, now time.Time, after func(site, number int64) ([]Member, error),
) (bool, error) {
	of := k.of(site)
	defer of.mu.Unlock()
	if err := of.readOn(site, now, after); err != nil {
		return false, err
	}
	return of.older || !of.all || of.has(bands), nil
}

// has reports whether a member may be found under one of these bands.
func (k *knownSite) has(bands []int64) bool {
	return slices.ContainsFunc(bands, func(b int64) bool {
		for range k.under(b) {
			return true
		}
		return false
	})
}

// under are the members under a band by their numbers among the members, the newest first; gone ones too.
func (k *knownSite) under(band int64) iter.Seq[int] {
	return func(yield func(int) bool) {
		if len(k.heads) == 0 {
			return
		}
		is := upper(band)
		for at := k.heads[int(is)%len(k.heads)]; at != 0; at = k.next[at-1] {
			if k.bands[at-1] == is && !yield(int(at-1)/bandsOfPrint) {
				return
			}
		}
	}
}

// among returns what a print has to be compared with to find its nearest among a site's members up to a number, some of
// which may be gone or be others by now; ok: it is known, and if none is near nothing is. Where some are too old to be
// known, what is near among the others is near enough. Members after a number are read where they are not known.
func (k *known) among(
	p Print, site, upTo int64, now time.Time, after func(number int64) ([]Member, error),
) (list []Member, ok bool, err error) {
	of := k.of(site)
	defer of.mu.Unlock()
	if of.last < upTo || now.Sub(of.since).Abs() >= knownAnew {
		of.read = time.Time{}
		err := of.readOn(site, now, func(_, number int64) ([]Member, error) { return after(number) })
		if err != nil {
			return nil, false, err
		}
	}
	if !of.all || of.last < upTo {
		return nil, false, nil
	}
	list, ok = of.newest(p.bands(), p.Sketch())
	return list, ok && (!of.older || nearest(p, list) != nil), nil
}

// newest returns those of the members that MembersUnder would which may be nearly the same; ok: all of them are kept
// whole.
func (k *knownSite) newest(bands []int64, sketch classifier.Sketch) (list []Member, ok bool) {
	shared := map[int]int{} // bands that a member is found under, by which member it is
	for _, b := range bands {
		passed, found := 0, 0
		for m := range k.under(b) {
			if passed++; passed > walked {
				return nil, false
			}
			if k.members[m].gone {
				continue
			}
			shared[m]++
			if found++; found == looked {
				break
			}
		}
	}
	which := slices.SortedFunc(maps.Keys(shared), func(a, b int) int {
		return cmp.Or(cmp.Compare(shared[b], shared[a]), cmp.Compare(b, a))
	})
	for _, m := range which[:min(len(which), compared)] {
		switch {
		case sketch.Far(k.members[m].sketch):
		case m < len(k.members)-knownWhole:
			return nil, false
		default:
			list = append(list, k.recent[m%knownWhole])
		}
	}
	return list, true
}

// changed notes what a register did, where all that were members before are known.
func (k *known) changed(r *register) {
	of := k.of(r.site)
	defer of.mu.Unlock()
	if !of.all || of.last < r.opened {
		return
	}
	of.add(r.entered)
	for number, banded := range r.banded {
		if m := of.member(number); m != nil {
			m.gone = !banded
		}
	}
}

// member returns what is known of the member with a number, or nil.
func (k *knownSite) member(number int64) *knownMember {
	at, found := slices.BinarySearchFunc(k.members, number, func(m knownMember, number int64) int {
		return cmp.Compare(m.number, number)
	})
	if !found {
		return nil
	}
	return &k.members[at]
}

// add notes members, in the order of their numbers, but for those that were read after they had entered.
func (k *knownSite) add(list []Member) {
	if drop := len(k.members) - knownMembers/2; len(k.members)+len(list) > knownMembers {
		k.older = true
		k.members, k.bands = slices.Clone(k.members[drop:]), slices.Clone(k.bands[drop*bandsOfPrint:])
		recent := make([]Member, len(k.recent))
		for m := len(k.members) - len(recent); m < len(k.members); m++ {
			recent[m%knownWhole] = k.recent[(m+drop)%knownWhole]
		}
		k.recent = recent
		k.index()
	}
	for _, m := range list {
		sketch := m.Print.Sketch()
		if before := k.member(m.Number); before != nil && before.sketch == sketch {
			continue
		}
		k.last = max(k.last, m.Number)
		var bands [bandsOfPrint]uint32
		for i, b := range m.Print.bands() {
			bands[i] = upper(b)
		}
		if k.bands = append(k.bands, bands[:]...); len(k.bands) > 2*len(k.heads) {
			k.index()
		}
		for at := len(k.next); at < len(k.bands); at++ {
			k.link(at)
		}
		if len(k.members) < knownWhole {
			k.recent = append(k.recent, m)
		} else {
			k.recent[len(k.members)%knownWhole] = m
		}
		k.members = append(k.members, knownMember{m.Number, sketch, !m.Banded})
	}
}

// index links all bands anew.
func (k *knownSite) index() {
	k.heads, k.next = make([]int32, len(k.bands)), make([]int32, 0, len(k.bands))
	for at := range k.bands {
		k.link(at)
	}
}

func (k *knownSite) link(at int) {
	head := &k.heads[int(k.bands[at])%len(k.heads)]
	k.next = append(k.next, *head)
	if k.bands[at] != 0 {
		*head = int32(at + 1)
	}
}

// readOn reads who has become a member since it was read last, a thousand at a time: nobody waits for all of them. Of
// those who ask at once, one may have looked at the clock before another that has read meanwhile.
func (k *knownSite) readOn(site int64, now time.Time, after func(site, number int64) ([]Member, error)) error {
	switch {
	case now.Sub(k.since).Abs() >= knownAnew:
		k.since, k.last, k.older, k.members, k.bands, k.heads, k.next, k.recent = now, 0, false, nil, nil, nil, nil, nil
	case k.all && now.Sub(k.read).Abs() < knownFor:
		return nil
	}
	list, err := after(site, k.last)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	k.add(list)
	k.read, k.all = now, len(list) < membersRead
	return nil
}

func upper(band int64) uint32 { return uint32(uint64(band) >> 32) }

// after reads members after a number.
func (s *Service) after(ctx context.Context) func(site, number int64) ([]Member, error) {
	return func(site, number int64) (list []Member, err error) {
		err = s.work.Glance(ctx, func(tx Tx) (err error) {
			list, err = tx.MembersAfter(site, number, membersRead)
			return err
		})
		return list, err
	}
}
