package campaign

import (
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// Members are read once, and from then on those that are new, once a second; what has too many is not kept.
func TestMembersAreReadOnOnceASecond(t *testing.T) {
	text := "Whoever writes to us gets a stone oven with free delivery to every town of the country, this month only"
	print := PrintOf(comment.Comment{Source: text})
	stored := []Member{{Number: 7}}
	var reads []int64
	after := func(_, number int64) (list []Member, err error) {
		reads = append(reads, number)
		for _, m := range stored {
			if m.Number > number && len(list) < membersRead {
				list = append(list, m)
			}
		}
		return list, nil
	}
	var k known
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	asked := func(later time.Duration) bool {
		t.Helper()
		found, err := k.under(print.bands(), 1, at.Add(later), after)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for _, step := range []struct {
		later time.Duration
		found bool
		reads []int64 // after which numbers
	}{
		{0, false, []int64{0}},
		{-time.Millisecond, false, nil}, // another one's clock
		{999 * time.Millisecond, false, nil},
		{time.Second, true, []int64{7}},
		{-time.Hour, true, []int64{9}}, // the clock was set back
		{23 * time.Hour, true, []int64{9}},
		{24 * time.Hour, false, []int64{0}}, // the copy has left
	} {
		switch step.later {
		case time.Second:
			stored = append(stored, Member{Number: 9, Print: print})
		case 24 * time.Hour:
			stored = stored[:1]
		}
		reads = nil
		if found := asked(step.later); found != step.found || !slices.Equal(reads, step.reads) {
			t.Errorf("%v later: found %v after reading %v, want %v and %v", step.later, found, reads, step.found, step.reads)
		}
	}
	for n := range int64(knownMembers) {
		stored = append(stored, Member{Number: 8 + n})
	}
	for range knownMembers / membersRead { // each asks for one part, and for what is alike elsewhere meanwhile
		if reads = nil; !asked(25*time.Hour) || len(reads) != 1 {
			t.Fatalf("with members unread nothing is like them, after reads from %v", reads)
		}
	}
	if reads = nil; !asked(26*time.Hour) || len(reads) != 1 {
		t.Errorf("a site with more members than are kept is not asked for what is alike, after reads from %v", reads)
	}
	if n := len(k.sites[1].members); n < knownMembers/2 || n > knownMembers {
		t.Errorf("of %d members %d are kept", len(stored), n)
	}
	near := func(p Print) (list []Member, ok bool) {
		t.Helper()
		list, ok, err := k.among(p, 1, stored[len(stored)-1].Number, at.Add(26*time.Hour),
			func(number int64) ([]Member, error) { return after(1, number) })
		if err != nil {
			t.Fatal(err)
		}
		return list, ok
	}
	if _, ok := near(print); ok {
		t.Error("there is an answer to what may be like a member that is too old to be kept")
	}
	for range 3 {
		stored = append(stored, Member{Number: 8 + int64(len(stored)), Print: print, Banded: true})
	}
	if list, ok := near(print); !ok || len(list) != 3 {
		t.Errorf("of three new members %v are alike, an answer: %v", list, ok)
	}
}
