package campaign

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/classifier"
)

const (
	maxSiteMembers  = 200_000 // per site: about 50 MB. A larger site keeps at least its newest half
	maxMembers      = 400_000 // approximate total over all sites; the least recently used site is evicted
	maxAge          = time.Second
	rebuildInterval = 24 * time.Hour
	membersPage     = 1_000
	maxLookups      = 256 // lookups that are repeated because other processes removed members
)

// An index is an in-memory band index of sites' members. A table of bands would be most of what a comment writes, at
// random places of the file. Members store their prints instead, and bands are computed from them.
type index struct {
	mu    sync.Mutex
	sites map[int64]*siteIndex
	ticks int64
}

// A siteIndex indexes one site. Members that another process removed stay until a lookup notices. Members that
// another process put back are missing until the daily rebuild.
type siteIndex struct {
	lastUsed int64        // tick of the last use
	size     atomic.Int64 // number of members

	mu         sync.Mutex
	complete   bool      // all members were read
	began      time.Time // when the last rebuild began
	readAt     time.Time // when the table was last read to its end
	lastNumber int64     // number of the newest member that was read
	members    []indexedMember
	// bands holds bandsPerPrint bands per member; 0 means none. It is a hash table with chaining: heads has the
	// position plus 1 of the newest band in each bucket, next the one before it, and 0 ends a chain.
	bands []uint32
	heads []int32
	next  []int32
}

type indexedMember struct {
	number   int64
	sketch   classifier.Sketch
	campaign uint32 // hash of the campaign's ID when the member was read; 0: alone
	gone     bool   // removed from the band index
}

// site returns a site's index, locked. It evicts the least recently used sites while there are too many members.
func (k *index) site(site int64) *siteIndex {
	k.mu.Lock()
	of := k.sites[site]
	if of == nil {
		of = &siteIndex{}
		if k.sites == nil {
			k.sites = map[int64]*siteIndex{}
		}
		k.sites[site] = of
	}
	k.ticks++
	of.lastUsed = k.ticks
	for k.size() > maxMembers && len(k.sites) > 1 {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(k.sites)), func(a, b int64) int {
			return cmp.Compare(k.sites[a].lastUsed, k.sites[b].lastUsed)
		})
		delete(k.sites, oldest)
	}
	k.mu.Unlock()
	of.mu.Lock()
	return of
}

func (k *index) size() (all int64) {
	for _, of := range k.sites {
		all += of.size.Load()
	}
	return all
}

// forget drops a site's index.
func (k *index) forget(site int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sites, site)
}

// refresh reads new members up to a number, and all of them if the last refresh is older than maxAge. It calls after
// repeatedly; after returns members by ascending number, membersPage at a time.
func (k *index) refresh(number, site int64, now time.Time, after func(number int64) ([]Member, error)) error {
	of := k.site(site)
	defer of.mu.Unlock()
	if now.Sub(of.began).Abs() >= rebuildInterval {
		of.reset(now)
	}
	if of.complete && of.lastNumber >= number && now.Sub(of.readAt).Abs() < maxAge {
		return nil
	}
	for {
		list, err := after(of.lastNumber)
		if err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		of.add(list)
		if len(list) < membersPage {
			break
		}
	}
	of.complete, of.readAt, of.lastNumber = true, now, max(of.lastNumber, number)
	return nil
}

// candidates returns the numbers of the members, up to upTo, that must be compared with p to find its nearest.
func (k *index) candidates(p Print, upTo, site int64) []int64 {
	of := k.site(site)
	defer of.mu.Unlock()
	return of.candidates(p.bands(), p.Sketch(), upTo)
}

// markGone marks members that are no longer in the band index, by number.
func (k *index) markGone(numbers []int64, site int64) {
	of := k.site(site)
	defer of.mu.Unlock()
	for _, n := range numbers {
		if m := of.member(n); m != nil {
			m.gone = true
		}
	}
}

// apply updates the index after a changeset was committed.
func (k *index) apply(r *changeset) {
	of := k.site(r.site)
	defer of.mu.Unlock()
	if of.complete && of.lastNumber >= r.startNumber { // otherwise they are read together with the members before them
		of.add(r.added)
	}
	back := false
	for number, banded := range r.banded {
		m := of.member(number)
		switch {
		case m != nil:
			back = back || m.gone && banded
			m.gone = !banded
		case banded && number <= of.lastNumber:
			of.began = time.Time{} // it was not in the index when the others were read: rebuild
		}
	}
	if back {
		of.index()
	}
}

// reset empties the index.
func (k *siteIndex) reset(now time.Time) {
	k.complete, k.began, k.lastNumber, k.members, k.bands = false, now, 0, nil, nil
	k.index()
}

// member returns the indexed member with a number, or nil.
func (k *siteIndex) member(number int64) *indexedMember {
	at, found := slices.BinarySearchFunc(k.members, number, func(m indexedMember, number int64) int {
		return cmp.Compare(m.number, number)
	})
	if !found {
		return nil
	}
	return &k.members[at]
}

// add appends members in the order of their numbers. It skips members that are indexed already.
func (k *siteIndex) add(list []Member) {
	if len(k.members)+len(list) > maxSiteMembers {
		k.shrink()
	}
	for _, m := range list {
		sketch := m.Print.Sketch()
		if m.Number <= k.lastNumber {
			if before := k.member(m.Number); before == nil || before.sketch != sketch {
				k.began = time.Time{} // the clock was set back and a number was reused: rebuild
			}
			continue
		}
		k.lastNumber = m.Number
		bands := m.Print.bands()
		k.members = append(k.members, indexedMember{m.Number, sketch, campaignHash(m.Campaign), !m.Banded})
		if k.bands = append(k.bands, bands[:]...); len(k.bands) > 2*len(k.heads) {
			k.index()
		}
		for at := len(k.next); at < len(k.bands); at++ {
			k.link(at)
		}
	}
	k.size.Store(int64(len(k.members)))
}

var campaignSeed = maphash.MakeSeed()

// campaignHash returns a 32-bit hash of a campaign's ID. After a collision shrink keeps fewer members.
func campaignHash(campaign string) uint32 {
	if campaign == "" {
		return 0
	}
	return uint32(maphash.String(campaignSeed, campaign)) | 1
}

// shrink drops members that left the index and all but the newest maxIndexed members of each campaign, so that
// 100,000 copies take the space of 50. If too many remain, it keeps the newest half.
func (k *siteIndex) shrink() {
	copies := map[uint32]int{}
	for i, m := range slices.Backward(k.members) {
		if m.campaign != 0 && !m.gone {
			copies[m.campaign]++
			k.members[i].gone = copies[m.campaign] > maxIndexed
		}
	}
	members, bands := k.members, k.bands
	k.members, k.bands = nil, nil
	for i, m := range members {
		if !m.gone {
			k.members = append(k.members, m)
			k.bands = append(k.bands, bands[i*bandsPerPrint:(i+1)*bandsPerPrint]...)
		}
	}
	if drop := len(k.members) - maxSiteMembers/2; drop > 0 {
		k.members, k.bands = slices.Clone(k.members[drop:]), slices.Clone(k.bands[drop*bandsPerPrint:])
	}
	k.index()
}

// index rebuilds the hash table.
func (k *siteIndex) index() {
	k.heads, k.next = make([]int32, len(k.bands)), make([]int32, 0, len(k.bands))
	for at := range k.bands {
		k.link(at)
	}
	k.size.Store(int64(len(k.members)))
}

func (k *siteIndex) link(at int) {
	head := &k.heads[int(k.bands[at])%len(k.heads)]
	k.next = append(k.next, *head)
	if k.bands[at] != 0 {
		*head = int32(at + 1)
	}
}

// candidates returns the numbers of the maxCompared nearest members by sketch, nearest first, the older of two that
// are equal. It looks at the newest maxCandidates members of each band.
func (k *siteIndex) candidates(bands [bandsPerPrint]uint32, sketch classifier.Sketch, upTo int64) (numbers []int64) {
	var room [bandsPerPrint * maxCandidates]int32
	found := room[:0] // positions of members, with duplicates
	for _, b := range bands {
		found = k.find(b, upTo, found)
	}
	slices.Sort(found)
	type near struct{ member, same int32 }
	var best [bandsPerPrint * maxCandidates]near
	all := best[:0]
	for _, m := range slices.Compact(found) {
		if same, far := sketch.MaxShared(k.members[m].sketch); !far {
			all = append(all, near{m, int32(same)})
		}
	}
	slices.SortFunc(all, func(a, b near) int {
		return cmp.Or(cmp.Compare(b.same, a.same), cmp.Compare(a.member, b.member))
	})
	for _, n := range all[:min(len(all), maxCompared)] {
		numbers = append(numbers, k.members[n.member].number)
	}
	return numbers
}

// find appends the newest members of a band to found. It unlinks members that are gone.
func (k *siteIndex) find(band uint32, upTo int64, found []int32) []int32 {
	if len(k.heads) == 0 {
		return found
	}
	at := &k.heads[int(band)%len(k.heads)]
	for n := 0; *at != 0 && n < maxCandidates; {
		i := int(*at - 1)
		m := &k.members[i/bandsPerPrint]
		if m.gone {
			*at = k.next[i]
			continue
		}
		if k.bands[i] == band && m.number <= upTo {
			found = append(found, int32(i/bandsPerPrint))
			n++
		}
		at = &k.next[i]
	}
	return found
}

// nearTo returns, for each print, its candidates up to a number, as they are stored now. The index must have been
// refreshed to that number.
func (s *Service) nearTo(tx Tx, site, upTo int64, prints ...Print) ([][]Member, error) {
	near := make([][]Member, len(prints))
	for range maxLookups {
		var all []int64
		of := make([][]int64, len(prints))
		for i, p := range prints {
			of[i] = s.index.candidates(p, upTo, site)
			all = append(all, of[i]...)
		}
		if len(all) == 0 {
			break
		}
		slices.Sort(all)
		all = slices.Compact(all)
		found, err := tx.MembersNumbered(site, all)
		if err != nil {
			return nil, fmt.Errorf("read members: %w", err)
		}
		by := make(map[int64]Member, len(found))
		for _, m := range found {
			if m.Banded {
				by[m.Number] = m
			}
		}
		for i, numbers := range of {
			near[i] = nil
			for _, n := range numbers {
				if m, stands := by[n]; stands {
					near[i] = append(near[i], m)
				}
			}
		}
		if len(by) == len(all) {
			break
		}
		s.index.markGone(slices.DeleteFunc(all, func(n int64) bool { _, stands := by[n]; return stands }), site)
	}
	return near, nil
}

// nearToNow returns a function that refreshes the index to upTo and then calls nearTo.
func (s *Service) nearToNow(tx Tx, site, upTo int64, now time.Time) func(Print) ([]Member, error) {
	return func(p Print) ([]Member, error) {
		if err := s.refreshInTx(tx, site, upTo, now); err != nil {
			return nil, err
		}
		near, err := s.nearTo(tx, site, upTo, p)
		if err != nil {
			return nil, err
		}
		return near[0], nil
	}
}

// refreshInTx refreshes the index up to a number within a transaction.
func (s *Service) refreshInTx(tx Tx, site, upTo int64, now time.Time) error {
	return s.index.refresh(upTo, site, now, func(number int64) ([]Member, error) {
		return tx.MembersAfter(site, number, membersPage)
	})
}

// refreshIndex refreshes the index to what was committed a second ago, outside of a transaction.
func (s *Service) refreshIndex(ctx context.Context, site int64) error {
	return s.index.refresh(math.MinInt64, site, s.work.Now(), func(number int64) (list []Member, err error) {
		err = s.work.ViewUnisolated(ctx, func(tx Tx) (err error) {
			list, err = tx.MembersAfter(site, number, membersPage)
			return err
		})
		return list, err
	})
}
