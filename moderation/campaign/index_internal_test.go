package campaign

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

const text = "Whoever writes to us gets a stone oven with free delivery to every town of the country, this month only"

// kept is a store's members, and a log of the numbers after which they were read.
type kept struct {
	members []Member
	reads   []int64
}

func (k *kept) after(number int64) (list []Member, err error) {
	k.reads = append(k.reads, number)
	at, found := slices.BinarySearchFunc(k.members, number, func(m Member, number int64) int {
		return cmp.Compare(m.Number, number)
	})
	if found {
		at++
	}
	return k.members[at:min(at+membersPage, len(k.members))], nil
}

// Members are read once. New ones are read once a second, or up to a number that is known to exist.
func TestIndex_RefreshesOncePerSecond(t *testing.T) {
	t.Parallel()
	copied := PrintOf(comment.Comment{Source: text})
	store := kept{members: []Member{{Number: 7, Banded: true}}}
	var k index
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		later time.Duration
		to    int64
		found []int64
		reads []int64 // numbers after which members were read
	}{
		{0, 0, nil, []int64{0}},
		{-time.Millisecond, 7, nil, nil}, // another process's clock
		{999 * time.Millisecond, 0, nil, nil},
		{999 * time.Millisecond, 8, nil, []int64{7}},
		{1999 * time.Millisecond, 0, []int64{9}, []int64{8}},
		{-time.Hour, 0, []int64{9}, []int64{9}}, // the clock was set back
		{23 * time.Hour, 0, []int64{9}, []int64{9}},
		{24 * time.Hour, 0, nil, []int64{0}}, // rebuild: the copy has left
	} {
		switch step.later {
		case 1999 * time.Millisecond:
			store.members = append(store.members, Member{Number: 9, Print: copied, Banded: true})
		case 24 * time.Hour:
			store.members = store.members[:1]
		}
		store.reads = nil
		if err := k.refresh(step.to, 1, at.Add(step.later), store.after); err != nil {
			t.Fatal(err)
		}
		found := k.candidates(copied, math.MaxInt64, 1)
		if !slices.Equal(found, step.found) || !slices.Equal(store.reads, step.reads) {
			t.Errorf("%v later: found %v after reading from %v, want %v and %v",
				step.later, found, store.reads, step.found, step.reads)
		}
	}
}

// A site with too many members keeps the newest half in memory. Older members are kept if most of the newer ones have
// left or are copies.
func TestIndex_KeepsNewestMembersOfLargeSite(t *testing.T) {
	t.Parallel()
	now := time.Now()
	full := func(n int) *kept {
		store := &kept{}
		for i := range n {
			store.members = append(store.members, Member{Number: int64(i + 1), Banded: true})
		}
		for _, at := range []int{0, n - 1} {
			store.members[at].Print = PrintOf(comment.Comment{Source: text})
		}
		return store
	}
	var k index
	read := func(store *kept, site int64) []int64 {
		if err := k.refresh(0, site, now, store.after); err != nil {
			t.Fatal(err)
		}
		return k.candidates(PrintOf(comment.Comment{Source: text}), math.MaxInt64, site)
	}
	some, many := full(maxSiteMembers), full(maxSiteMembers+1)
	if found := read(some, 1); !slices.Equal(found, []int64{1, maxSiteMembers}) {
		t.Errorf("of as many as are kept %v are found", found)
	}
	if found := read(many, 2); !slices.Equal(found, []int64{maxSiteMembers + 1}) {
		t.Errorf("of one more %v are found", found)
	}
	if n := k.sites[2].size.Load(); n < maxSiteMembers/2 || n > maxSiteMembers {
		t.Errorf("of %d members %d are kept", len(many.members), n)
	}
	flood := full(maxSiteMembers + 1)
	for i := range flood.members[1:] {
		flood.members[i+1].Campaign = "a hundred thousand copies"
	}
	if found := read(flood, 9); !slices.Equal(found, []int64{1, maxSiteMembers + 1}) {
		t.Errorf("beside a campaign of all others %v are found", found)
	}
	if n := k.sites[9].size.Load(); n > maxIndexed+2 {
		t.Errorf("of a campaign of %d members and one alone %d are kept", maxSiteMembers, n)
	}
	k.forget(9)
	var left []int64
	for n := range int64(maxSiteMembers / 2) {
		left = append(left, n+2)
	}
	k.markGone(left, 1)
	some.members = append(some.members, Member{Number: maxSiteMembers + 1, Banded: true})
	now = now.Add(maxAge)
	if found := read(some, 1); !slices.Equal(found, []int64{1, maxSiteMembers}) {
		t.Errorf("after many have left %v are found", found)
	}
	for site := range int64(4) { // as many members as the limit for all sites
		read(some, 3+site)
	}
	if n := len(k.sites); n > 3 {
		t.Errorf("%d large sites are kept", n)
	}
	if found := read(some, 1); !slices.Equal(found, []int64{maxSiteMembers}) {
		t.Errorf("after eviction and a reload the site finds %v", found)
	}
}

// Members that leave and return are found again, in any order.
func TestIndex_FindsReturningMembers(t *testing.T) {
	t.Parallel()
	copied := PrintOf(comment.Comment{Source: text})
	store := kept{}
	for n := range int64(40) {
		store.members = append(store.members, Member{Number: n + 1, Print: copied, Banded: true})
	}
	var k index
	now := time.Now()
	wants := func(when string, want ...int64) { // the nearest among the newest, oldest first

		t.Helper()
		if err := k.refresh(0, 1, now, store.after); err != nil {
			t.Fatal(err)
		}
		found := k.candidates(copied, 38, 1)
		if !slices.Equal(found, want) {
			t.Errorf("%s: found %v, want %v", when, found, want)
		}
	}
	wants("at first, of those up to 38", 23, 24, 25, 26)
	k.markGone([]int64{38, 36, 30}, 1)
	wants("after three have left", 20, 21, 22, 23)
	k.apply(&changeset{site: 1, startNumber: 40, banded: map[int64]bool{36: true, 37: false, 99: true}})
	wants("after one came back and one left", 20, 21, 22, 23)
	store.members = slices.DeleteFunc(store.members, func(m Member) bool { return m.Number%2 == 1 })
	k.apply(&changeset{site: 1, startNumber: 40, banded: map[int64]bool{-1: true}})
	wants("reloaded, after an unknown one was restored", 8, 10, 12, 14)
}
