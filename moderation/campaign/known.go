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
	knownMembers = 200_000 // of a site, at most: some 50 MB; of one that has more the newest half at least
	knownInAll   = 400_000 // of all sites, more or less: those that were asked for last
	knownFor     = time.Second
	knownAnew    = 24 * time.Hour
	membersRead  = 1_000
	lookedAgain  = 256 // times that members which have left elsewhere are looked behind
)

// known are sites' members under their bands, in memory. A table of bands would be most of what a comment writes, all
// over the file: members keep their prints, of which the bands are made again.
type known struct {
	mu    sync.Mutex
	sites map[int64]*knownSite
	asked int64
}

// A knownSite is a site's. Members that other processes took from under their bands stay until that is seen, and
// those that they put back are missing until all are read anew, once a day.
type knownSite struct {
	asked int64        // when it was asked for, as known counts
	size  atomic.Int64 // how many members there are

	mu      sync.Mutex
	all     bool      // they have been read
	began   time.Time // when reading them began
	read    time.Time // when it was seen last that there are no more
	last    int64     // members up to this number were read
	members []knownMember
	// bands are the members' bands, bandsOfPrint to each; 0: it has none there. heads are the last
	// of them that ends in each number, counted from 1, and next is the one before that; 0: there is none.
	bands []uint32
	heads []int32
	next  []int32
}

type knownMember struct {
	number   int64
	sketch   classifier.Sketch
	campaign uint32 // some bits of its id, as it was when the member was read; 0: it was alone
	gone     bool   // from under its bands
}

// of returns a site's, locked, and lets go of those that were asked for longest ago where there are too many.
func (k *known) of(site int64) *knownSite {
	k.mu.Lock()
	of := k.sites[site]
	if of == nil {
		of = &knownSite{}
		if k.sites == nil {
			k.sites = map[int64]*knownSite{}
		}
		k.sites[site] = of
	}
	k.asked++
	of.asked = k.asked
	for k.size() > knownInAll && len(k.sites) > 1 {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(k.sites)), func(a, b int64) int {
			return cmp.Compare(k.sites[a].asked, k.sites[b].asked)
		})
		delete(k.sites, oldest)
	}
	k.mu.Unlock()
	of.mu.Lock()
	return of
}

func (k *known) size() (all int64) {
	for _, of := range k.sites {
		all += of.size.Load()
	}
	return all
}

// forget forgets what is known of a site.
func (k *known) forget(site int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sites, site)
}

// readTo has a site's members known up to a number, and to the last one where any were read longer than knownFor ago.
// It reads with after, some at a time, in the order of their numbers.
func (k *known) readTo(number, site int64, now time.Time, after func(number int64) ([]Member, error)) error {
	of := k.of(site)
	defer of.mu.Unlock()
	if now.Sub(of.began).Abs() >= knownAnew {
		of.begin(now)
	}
	if of.all && of.last >= number && now.Sub(of.read).Abs() < knownFor {
		return nil
	}
	for {
		list, err := after(of.last)
		if err != nil {
			return fmt.Errorf("read members: %w", err)
		}
		of.add(list)
		if len(list) < membersRead {
			break
		}
	}
	of.all, of.read, of.last = true, now, max(of.last, number)
	return nil
}

// under returns the members up to a number that have to be compared with a print to find what is nearest to it, by
// their numbers.
func (k *known) under(p Print, upTo, site int64) []int64 {
	of := k.of(site)
	defer of.mu.Unlock()
	return of.under(p.bands(), p.Sketch(), upTo)
}

// gone notes which of a site's members are under no bands any more, by their numbers.
func (k *known) gone(numbers []int64, site int64) {
	of := k.of(site)
	defer of.mu.Unlock()
	for _, n := range numbers {
		if m := of.member(n); m != nil {
			m.gone = true
		}
	}
}

// changed notes what a register did.
func (k *known) changed(r *register) {
	of := k.of(r.site)
	defer of.mu.Unlock()
	if of.all && of.last >= r.opened { // else these are read with those before them
		of.add(r.entered)
	}
	back := false
	for number, banded := range r.banded {
		m := of.member(number)
		switch {
		case m != nil:
			back = back || m.gone && banded
			m.gone = !banded
		case banded && number <= of.last:
			of.began = time.Time{} // it was under no band when the others were read
		}
	}
	if back {
		of.index()
	}
}

// begin forgets all.
func (k *knownSite) begin(now time.Time) {
	k.all, k.began, k.last, k.members, k.bands = false, now, 0, nil, nil
	k.index()
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
	if len(k.members)+len(list) > knownMembers {
		k.shrink()
	}
	for _, m := range list {
		sketch := m.Print.Sketch()
		if m.Number <= k.last {
			if before := k.member(m.Number); before == nil || before.sketch != sketch {
				k.began = time.Time{} // the clock was set back, and a number has come again
			}
			continue
		}
		k.last = m.Number
		bands := m.Print.bands()
		k.members = append(k.members, knownMember{m.Number, sketch, bitsOf(m.Campaign), !m.Banded})
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

// bitsOf makes 32 bits of a campaign's id; of two that have the same, fewer members are kept.
func bitsOf(campaign string) uint32 {
	if campaign == "" {
		return 0
	}
	return uint32(maphash.String(campaignSeed, campaign)) | 1
}

// shrink lets go of members under no band, of all but the newest of a campaign, so that a hundred thousand copies take
// no more room than fifty, and of the oldest where the others are many.
func (k *knownSite) shrink() {
	copies := map[uint32]int{}
	for i, m := range slices.Backward(k.members) {
		if m.campaign != 0 && !m.gone {
			copies[m.campaign]++
			k.members[i].gone = copies[m.campaign] > candidates
		}
	}
	members, bands := k.members, k.bands
	k.members, k.bands = nil, nil
	for i, m := range members {
		if !m.gone {
			k.members = append(k.members, m)
			k.bands = append(k.bands, bands[i*bandsOfPrint:(i+1)*bandsOfPrint]...)
		}
	}
	if drop := len(k.members) - knownMembers/2; drop > 0 {
		k.members, k.bands = slices.Clone(k.members[drop:]), slices.Clone(k.bands[drop*bandsOfPrint:])
	}
	k.index()
}

// index links all bands anew.
func (k *knownSite) index() {
	k.heads, k.next = make([]int32, len(k.bands)), make([]int32, 0, len(k.bands))
	for at := range k.bands {
		k.link(at)
	}
	k.size.Store(int64(len(k.members)))
}

func (k *knownSite) link(at int) {
	head := &k.heads[int(k.bands[at])%len(k.heads)]
	k.next = append(k.next, *head)
	if k.bands[at] != 0 {
		*head = int32(at + 1)
	}
}

// under returns the numbers of those of the newest members under each of the bands whose sketches are nearest, the
// nearest first, and of two that are as near the older.
func (k *knownSite) under(bands [bandsOfPrint]uint32, sketch classifier.Sketch, upTo int64) (numbers []int64) {
	var room [bandsOfPrint * looked]int32
	found := room[:0] // members, as often as they were found
	for _, b := range bands {
		found = k.find(b, upTo, found)
	}
	slices.Sort(found)
	type near struct{ member, same int32 }
	var best [bandsOfPrint * looked]near
	all := best[:0]
	for _, m := range slices.Compact(found) {
		if same, far := sketch.Same(k.members[m].sketch); !far {
			all = append(all, near{m, int32(same)})
		}
	}
	slices.SortFunc(all, func(a, b near) int {
		return cmp.Or(cmp.Compare(b.same, a.same), cmp.Compare(a.member, b.member))
	})
	for _, n := range all[:min(len(all), compared)] {
		numbers = append(numbers, k.members[n.member].number)
	}
	return numbers
}

// find adds the members that are the newest under a band to others. Those that are gone are passed once.
func (k *knownSite) find(band uint32, upTo int64, found []int32) []int32 {
	if len(k.heads) == 0 {
		return found
	}
	at := &k.heads[int(band)%len(k.heads)]
	for n := 0; *at != 0 && n < looked; {
		i := int(*at - 1)
		m := &k.members[i/bandsOfPrint]
		if m.gone {
			*at = k.next[i]
			continue
		}
		if k.bands[i] == band && m.number <= upTo {
			found = append(found, int32(i/bandsOfPrint))
			n++
		}
		at = &k.next[i]
	}
	return found
}

// nearTo returns, of each print, the members up to a number that have to be compared with it, as they are now; those
// who entered up to that number are known.
func (s *Service) nearTo(tx Tx, site, upTo int64, prints ...Print) ([][]Member, error) {
	near := make([][]Member, len(prints))
	for range lookedAgain {
		var all []int64
		of := make([][]int64, len(prints))
		for i, p := range prints {
			of[i] = s.known.under(p, upTo, site)
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
		s.known.gone(slices.DeleteFunc(all, func(n int64) bool { _, stands := by[n]; return stands }), site)
	}
	return near, nil
}

// nearToNow is nearTo with what has entered up to a number, which it reads when it is first asked.
func (s *Service) nearToNow(tx Tx, site, upTo int64, now time.Time) func(Print) ([]Member, error) {
	return func(p Print) ([]Member, error) {
		if err := s.readIn(tx, site, upTo, now); err != nil {
			return nil, err
		}
		near, err := s.nearTo(tx, site, upTo, p)
		if err != nil {
			return nil, err
		}
		return near[0], nil
	}
}

// readIn has a site's members up to a number known, in a transaction.
func (s *Service) readIn(tx Tx, site, upTo int64, now time.Time) error {
	return s.known.readTo(upTo, site, now, func(number int64) ([]Member, error) {
		return tx.MembersAfter(site, number, membersRead)
	})
}

// readMembers has all of a site's members known that were there up to a second ago, outside of a transaction.
func (s *Service) readMembers(ctx context.Context, site int64) error {
	return s.known.readTo(math.MinInt64, site, s.work.Now(), func(number int64) (list []Member, err error) {
		err = s.work.Glance(ctx, func(tx Tx) (err error) {
			list, err = tx.MembersAfter(site, number, membersRead)
			return err
		})
		return list, err
	})
}
