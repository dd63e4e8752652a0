package moderation_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/people"
)

func TestApprovingAndEditingAtOneInstantNeverPublishesAnUnseenText(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.person("mod", people.Moderator, "a")
		approved := 0
		for i := range 40 {
			c, token := w.submitOwn(w.a, fmt.Sprintf("What the moderator read, %d.", i))
			var group sync.WaitGroup
			var decided, replied error
			group.Go(func() {
				if i%2 == 0 {
					_, decided = w.s.Decide(w.ctx, mod, w.a, moderation.Choice{Action: decision.Approve, Comments: []moderation.Ref{{ID: c.ID, Version: 1}}})
				} else if _, replied = w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID, Version: 1}, "Yes.", nil); code(replied) == "version.stale" {
					replied = nil
				}
			})
			group.Go(func() {
				if _, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, fmt.Sprintf("What nobody read, %d.", i)); err != nil {
					t.Errorf("edit: %v", err)
				}
			})
			group.Wait()
			w.must(decided)
			w.must(replied)
			got := w.comment(w.a, c.ID)
			if got.State == decision.Approved {
				t.Fatalf("%q is %v in version %d", got.Source, got.State, got.Version)
			}
			if got.Version == 3 {
				approved++ // and the edit came after
			}
		}
		t.Logf("of 40 the approval came first %d times", approved)
	})
}

func TestManyModeratorsAtOnceLeaveOneGaplessLog(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		mod := w.person("mod", people.Moderator, "a")
		ids := w.fill(w.a, 30)
		actions := []decision.Action{decision.Approve, decision.MarkSpam, decision.Reject, decision.Hold}
		var group sync.WaitGroup
		for seed := range uint64(8) {
			group.Go(func() {
				r := rand.New(rand.NewPCG(seed, 0))
				for range 12 {
					in := moderation.Choice{Action: actions[r.IntN(len(actions))]}
					for _, i := range r.Perm(len(ids))[:10] { // any order, many shared
						in.Comments = append(in.Comments, moderation.Ref{ID: ids[i], Version: 1 + r.Int64N(4)})
					}
					out, err := w.s.Decide(w.ctx, mod, w.a, in)
					if err == nil && out.Batch != "" && r.IntN(3) == 0 {
						_, err = w.s.Undo(w.ctx, mod, w.a, out.Batch, nil)
					}
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		bad, err := w.s.VerifyLog(w.ctx, w.a)
		w.must(err)
		if bad != 0 {
			t.Errorf("the log is bad at %d", bad)
		}
		entries, _, err := w.s.Log(w.ctx, mod, w.a, "", 1)
		w.must(err)
		if len(entries) == 0 || entries[0].Seq < 30 {
			t.Fatalf("too little was decided for this test to say anything: %+v", entries)
		}
		raised := int64(0)
		for _, id := range ids {
			raised += w.comment(w.a, id).Version - 1
		}
		if raised != int64(entries[0].Seq) {
			t.Errorf("%d entries raised versions %d times", entries[0].Seq, raised)
		}
	})
}

func TestPeopleChangedAtOneInstantKeepAnOwnerAndOneFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var links [4]string
		for i := range links {
			var err error
			links[i], err = w.s.SetupLink(w.ctx)
			w.must(err)
		}
		codes := inParallel(len(links), func(i int) error {
			_, err := w.s.UseLink(w.ctx, identity.LinkUse{
				Token: links[i], Email: fmt.Sprintf("first%d@owner.example", i), Name: "First", Password: password,
			})
			return err
		})
		if codes[""] != 1 || codes["auth.needed"] != len(links)-1 {
			t.Errorf("first owners by four links at one instant: %v", codes)
		}
		owners := []string{}
		for i := range 5 {
			owners = append(owners, w.person(fmt.Sprintf("owner%d", i), people.Owner).Account.ID)
		}
		first, err := w.s.Accounts(w.ctx, people.Operator)
		w.must(err)
		owners = append(owners, first[0].ID)
		author := people.Author
		codes = inParallel(len(owners), func(i int) error {
			if i%2 == 0 {
				return w.s.RemoveAccount(w.ctx, people.Operator, owners[i])
			}
			_, err := w.s.SetAccount(w.ctx, people.Operator, owners[i], identity.AccountChange{Role: &author})
			return err
		})
		if codes[""] != len(owners)-1 || codes["field.invalid"] != 1 {
			t.Errorf("six owners taken away at one instant: %v, want one to stay", codes)
		}
	})
}
