package campaign

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	knownSites   = 64          // of so many sites bands are kept in memory
	knownMembers = 100_000     // of each, at most: some 15 MB; what has more is asked for in the store
	knownFor     = time.Second // until it is asked who has become a member since
	knownAnew    = 24 * time.Hour
	membersRead  = 1_000
)

// known are the bands under which sites' members are found, in memory: most comments are like none, and those that may
// be published at once wait for the answer.
type known struct {
	mu    sync.Mutex
	sites map[int64]*knownSite
}

// A knownSite is a site's: those of members that are gone stay until they are read anew.
type knownSite struct {
	mu      sync.Mutex
	since   time.Time // when all were read
	read    time.Time // when the last ones were
	last    int64     // the number of the newest member that was read
	all     bool      // there were no more
	members int
	bands   map[uint32]struct{} // their upper halves; nil: there are too many members
}

// under reports whether a member may be found under one of these bands; after reads members after a number.
func (k *known) under(
	bands []int64, site int64, now time.Time, after func(site, number int64) ([]Member, error),
) (bool, error) {
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
	defer of.mu.Unlock()
	if err := of.readOn(site, now, after); err != nil {
		return false, err
	}
	if of.bands == nil || !of.all {
		return true, nil
	}
	for _, b := range bands {
		if _, found := of.bands[upper(b)]; found {
			return true, nil
		}
	}
	return false, nil
}

// readOn reads who has become a member since it was read last, a thousand at a time: nobody waits for all of them. Of
// those who ask at once, one may have looked at the clock before another that has read meanwhile.
func (k *knownSite) readOn(site int64, now time.Time, after func(site, number int64) ([]Member, error)) error {
	switch {
	case now.Sub(k.since).Abs() >= knownAnew:
		k.since, k.last, k.members, k.bands = now, 0, 0, map[uint32]struct{}{}
	case k.bands == nil || k.all && now.Sub(k.read).Abs() < knownFor:
		return nil
	}
	list, err := after(site, k.last)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	if k.members += len(list); k.members > knownMembers {
		k.bands = nil
		return nil
	}
	for _, m := range list {
		k.last = m.Number
		for _, b := range m.Print.bands() {
			k.bands[upper(b)] = struct{}{}
		}
	}
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
