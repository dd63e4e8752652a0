package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
)

var campaignRules = []rule{
	{"a member comes back as it was written, and is overwritten", membersComeBack},
	{"members are found by number, and banded members in order of number", membersAreFound},
	{"members of a campaign come in the order in which they joined", membersInOrder},
	{"campaigns are sorted by their latest member", campaignsInOrder},
	{"a campaign's spread counts its newest members", campaignSpreads},
}

// member stores a comment and its campaign.Member; kind edits the member first.
func (w *env) member(n int64, kind func(*campaign.Member)) campaign.Member {
	w.Helper()
	c := w.draft(at(time.Duration(n) * time.Second))
	m := campaign.Member{Comment: c.ID, Number: n, Banded: true, CreatedAt: c.CreatedAt}
	m.Print.Version, m.Print.Exact, m.Print.Letters = 6, uint64(n)<<60, 40
	m.Print.Minima[0], m.Print.Minima[63] = uint32(n), ^uint32(0)
	kind(&m)
	w.update(func(tx store.Tx) error {
		if _, _, err := tx.InsertComment(c); err != nil {
			return err
		}
		return tx.PutMembers(w.site.ID, []campaign.Member{m})
	})
	return m
}

// joinedAs returns an edit that adds a member to a campaign.
func joinedAs(id string, joined int, state comment.State) func(*campaign.Member) {
	return func(m *campaign.Member) {
		m.Campaign, m.Joined, m.State = id, joined, state
		if state != comment.Pending {
			m.DecidedAt = began.Add(time.Duration(joined) * time.Hour)
		}
	}
}

// numbers returns the numbers of members.
func numbers(members []campaign.Member) []int64 {
	all := make([]int64, len(members))
	for i, m := range members {
		all[i] = m.Number
	}
	return all
}

// finds checks the numbers of the members that ask returns.
func (w *env) finds(what string, want []int64, ask func(store.Tx) ([]campaign.Member, error)) {
	w.Helper()
	w.view(func(tx store.Tx) error {
		found, err := ask(tx)
		if got := numbers(found); !slices.Equal(got, want) {
			w.Errorf("%s: found %v, not %v", what, got, want)
		}
		return err
	})
}

func membersComeBack(w *env) {
	m := w.member(1, joinedAs("k", 3, comment.Spam))
	same := func() {
		w.Helper()
		w.view(func(tx store.Tx) error {
			found, err := tx.Members(w.site.ID, []string{m.Comment, "nobody"})
			if len(found) != 1 || !reflect.DeepEqual(found[0], m) {
				w.Errorf("found %+v, not %+v", found, m)
			}
			return err
		})
	}
	same()
	m.Campaign, m.Joined, m.Apart, m.Banded, m.EditedAt = "", 0, true, false, began.Add(time.Minute)
	w.update(func(tx store.Tx) error { return tx.PutMembers(w.site.ID, []campaign.Member{m}) })
	same()
	w.view(func(tx store.Tx) error {
		last, err := tx.LastNumber(w.site.ID)
		if last != 1 {
			w.Errorf("the last number is %d", last)
		}
		return err
	})
	w.update(func(tx store.Tx) error { return tx.DropMember(w.site.ID, m.Comment) })
	w.finds("a dropped member", []int64{}, func(tx store.Tx) ([]campaign.Member, error) {
		return tx.Members(w.site.ID, []string{m.Comment})
	})
}

func membersAreFound(w *env) {
	for n := range int64(5) {
		w.member(n+1, func(m *campaign.Member) { m.Banded = n != 2 })
	}
	w.finds("those with numbers", []int64{1, 3, 5}, func(tx store.Tx) ([]campaign.Member, error) {
		return tx.MembersNumbered(w.site.ID, []int64{5, 1, 99, 3})
	})
	w.finds("no number", []int64{}, func(tx store.Tx) ([]campaign.Member, error) {
		return tx.MembersNumbered(w.site.ID, nil)
	})
	after := func(number int64, limit int) func(store.Tx) ([]campaign.Member, error) {
		return func(tx store.Tx) ([]campaign.Member, error) { return tx.MembersAfter(w.site.ID, number, limit) }
	}
	w.finds("those that are found by their bands", []int64{1, 2, 4, 5}, after(0, 9))
	w.finds("one of them", []int64{4}, after(2, 1))
	w.finds("none after the last", []int64{}, after(5, 9))
}

func membersInOrder(w *env) {
	states := []comment.State{comment.Pending, comment.Spam, comment.Pending, comment.Approved, comment.Pending}
	for i, s := range states {
		w.member(int64(i+1), joinedAs("k", i+1, s))
	}
	w.member(9, joinedAs("other", 1, comment.Pending))
	of := func(after, upTo int, waiting bool, limit int) func(store.Tx) ([]campaign.Member, error) {
		return func(tx store.Tx) ([]campaign.Member, error) {
			return tx.MembersOf(w.site.ID, "k", after, upTo, waiting, limit)
		}
	}
	w.finds("all", []int64{1, 2, 3, 4, 5}, of(0, 9, false, 10))
	w.finds("between", []int64{2, 3}, of(1, 3, false, 10))
	w.finds("what waits", []int64{1, 3, 5}, of(0, 9, true, 10))
	w.finds("some of what waits", []int64{3}, of(1, 9, true, 1))
	w.finds("some of all", []int64{2, 3, 4}, of(1, 9, false, 3))
	w.finds("decided long ago", []int64{2}, func(tx store.Tx) ([]campaign.Member, error) {
		return tx.DecidedBefore(w.site.ID, began.Add(4*time.Hour), 10)
	})
	for _, want := range []bool{true, false} { // there are six
		w.update(func(tx store.Tx) error {
			more, err := tx.ForgetMembers(w.site.ID, 4)
			if more != want {
				w.Errorf("there is more: %v, not %v", more, want)
			}
			return err
		})
	}
	w.finds("after all was forgotten", []int64{}, of(0, 9, false, 10))
}

func campaignsInOrder(w *env) {
	var all []campaign.Campaign
	for i := range 5 {
		all = append(all, campaign.Campaign{ID: fmt.Sprint("k", i), Joined: 9, Waiting: i, Approved: 2, Refused: 3,
			Sample: "c", Told: i%2 == 0, FirstSeen: began, LastSeen: began.Add(time.Duration(i/2) * time.Hour)})
	}
	w.update(func(tx store.Tx) error {
		for _, k := range all {
			k.Joined = 1
			if err := tx.PutCampaigns(w.site.ID, k); err != nil {
				return err
			}
			k.Joined = 9
			if err := tx.PutCampaigns(w.site.ID, k); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Reverse(all)
	w.view(func(tx store.Tx) error {
		first, err := tx.CampaignsBefore(w.site.ID, nil, 2)
		if err != nil || !reflect.DeepEqual(first, all[:2]) {
			w.Errorf("the first are %+v, %v", first, err)
		}
		rest, err := tx.CampaignsBefore(w.site.ID, &all[1], 9)
		if err != nil || !reflect.DeepEqual(rest, all[2:]) {
			w.Errorf("the rest are %+v, %v", rest, err)
		}
		byID, err := tx.CampaignsByID(w.site.ID, []string{"k3", "nobody"})
		if err != nil || !reflect.DeepEqual(byID, all[1:2]) {
			w.Errorf("by id %+v, %v", byID, err)
		}
		return nil
	})
	w.update(func(tx store.Tx) error { return tx.DropCampaign(w.site.ID, "k3") })
	w.view(func(tx store.Tx) error {
		byID, err := tx.CampaignsByID(w.site.ID, []string{"k3"})
		if len(byID) > 0 {
			w.Errorf("after it was dropped there is %+v", byID)
		}
		return err
	})
}

func campaignSpreads(w *env) {
	other := w.newPage(w.site.ID, "https://"+w.name+".example/other")
	states := []comment.State{comment.Pending, comment.Spam, comment.Approved, comment.Pending}
	for i, c := range []comment.Comment{
		{Writer: []byte("a"), Address: []byte("1")}, {Writer: []byte("a"), Address: []byte("2")},
		{Address: []byte("3"), Page: other.ID}, {Writer: []byte("b"), Address: []byte("2")},
	} {
		row := w.draft()
		row.Writer, row.Address = c.Writer, c.Address
		if c.Page != "" {
			row.Page = c.Page
		}
		w.update(func(tx store.Tx) error {
			if _, _, err := tx.InsertComment(row); err != nil {
				return err
			}
			return tx.PutMembers(w.site.ID, []campaign.Member{
				{Comment: row.ID, Number: int64(i + 1), Campaign: "k", Joined: i + 1, State: states[i]},
			})
		})
	}
	w.view(func(tx store.Tx) error {
		for among, want := range map[int]campaign.Spread{
			9: {Writers: 3, Addresses: 3, Pages: 2}, 3: {Writers: 3, Addresses: 2, Pages: 2},
			1: {Writers: 1, Addresses: 1, Pages: 1},
		} {
			got, err := tx.Spread(w.site.ID, "k", among)
			if err != nil || got != want {
				w.Errorf("among %d: %+v, %v, not %+v", among, got, err, want)
			}
		}
		return nil
	})
}
