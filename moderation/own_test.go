package moderation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

func TestOnlyItsEditTokenShowsAWaitingComment(t *testing.T) {
	w := newWorld(t)
	c, token := w.submitOwn(w.a, "Mine, and it waits.")
	_, other := w.submitOwn(w.a, "Another's.")
	for _, tt := range []struct {
		name, id, token, want string
		site                  ground.Site
	}{
		{"its own", c.ID, token, "", w.a},
		{"none", c.ID, "", "auth.needed", w.a},
		{"another comment's", c.ID, other, "comment.unknown", w.a},
		{"shortened", c.ID, token[:len(token)-1], "comment.unknown", w.a},
		{"at another site", c.ID, token, "comment.unknown", w.b},
		{"of an unknown comment", "00000000-0000-7000-8000-000000000000", token, "comment.unknown", w.a},
		{"of no id", "\x00", token, "comment.unknown", w.a},
	} {
		got, _, err := w.s.Own(w.ctx, tt.site, tt.id, tt.token)
		wantCode(t, "own: "+tt.name, err, tt.want)
		if err == nil && got.Source != "Mine, and it waits." {
			t.Errorf("own: got %q", got.Source)
		}
		if tt.want != "" {
			_, _, err = w.s.Edit(w.ctx, tt.site, tt.id, tt.token, "Changed.")
			wantCode(t, "edit: "+tt.name, err, tt.want)
			wantCode(t, "withdraw: "+tt.name, w.s.Withdraw(w.ctx, tt.site, tt.id, tt.token), tt.want)
		}
	}
	_, _, err := w.s.Public(w.ctx, w.a, c.ID)
	wantCode(t, "public while it waits", err, "comment.unknown")
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	if got, page, err := w.s.Public(w.ctx, w.a, c.ID); err != nil || got.ID != c.ID || page.URL != "https://a.example/post" {
		t.Errorf("public: got %+v of %q, %v", got, page.URL, err)
	}
	_, _, err = w.s.Public(w.ctx, w.b, c.ID)
	wantCode(t, "public at another site", err, "comment.unknown")
}

func TestAnEditIsJudgedAgain(t *testing.T) {
	w := newWorld(t)
	w.warm(w.a, 12)
	c, token := w.submitOwn(w.a, "The tomatoes grew well, thank you for the recipe.")
	w.decide(people.Operator, w.a, decision.Approve, c.ID)
	w.clock.add(time.Minute)
	edited, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, "Order cheap pills at our casino, best price")
	w.must(err)
	stored := w.comment(w.a, c.ID)
	if edited.State != decision.Pending || edited.Version != 3 || stored.Version != 3 || !strings.Contains(edited.HTML, "pills") ||
		!stored.EditedAt.Equal(w.clock.Now()) || stored.Verdict.Action != decision.MarkSpam || stored.Same != nil {
		t.Errorf("got %+v, stored %+v", edited, stored)
	}
	if n := len(w.thread(w.a).Comments); n != 12 {
		t.Errorf("%d comments shown, want the 12 others", n)
	}
	_, _, err = w.s.Edit(w.ctx, w.a, c.ID, token, " ")
	wantCode(t, "emptied", err, "comment.empty")
}

// An edit and an approval at one instant: whichever comes first, no text is shown that no
// moderator saw.
func TestAnUnseenRevisionIsNeverPublic(t *testing.T) {
	w := newWorld(t)
	rounds := 200
	if testing.Short() {
		rounds = 20
	}
	for i := range rounds {
		c, token := w.submitOwn(w.a, fmt.Sprintf("Harmless text %d.", i))
		ref := w.refs(w.a, c.ID)
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := w.s.Decide(w.ctx, people.Operator, w.a, moderation.Choice{Action: decision.Approve, Comments: ref}); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, fmt.Sprintf("Evil text %d.", i)); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if got := w.comment(w.a, c.ID); got.State == decision.Approved {
			t.Fatalf("round %d: %q is public in version %d, and nobody saw it", i, got.Source, got.Version)
		}
	}
	if n := len(w.thread(w.a).Comments); n != 0 {
		t.Errorf("%d comments shown, want none", n)
	}
}

// Whatever is decided, undone, edited and withdrawn, in whatever order: a comment is shown
// exactly if it is approved or a shown reply needs its place.
func TestWhatIsShownIsWhatIsApprovedAndItsAncestors(t *testing.T) {
	w := newWorld(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	type own struct{ id, token string }
	var all []own
	var batches []string
	for step := range 600 {
		w.clock.add(time.Second)
		pick := func() own { return all[rnd.IntN(len(all))] }
		switch n := rnd.IntN(10); {
		case len(all) < 3 || n < 3:
			in := moderation.Submission{PageURL: "https://a.example/post", Body: fmt.Sprintf("Step %d.", step)}
			if visible := w.thread(w.a).Comments; len(visible) > 0 && rnd.IntN(4) > 0 {
				in.Parent = visible[rnd.IntN(len(visible))].ID
			}
			out, err := w.s.Submit(w.ctx, w.a, in)
			if c := code(err); c == "parent.unknown" { // it keeps its place only
				continue
			}
			w.must(err)
			all = append(all, own{out.ID, out.EditToken})
		case n < 7:
			action := []decision.Action{decision.Approve, decision.Approve, decision.Approve, decision.Reject, decision.Hold}[rnd.IntN(5)]
			out := w.decide(people.Operator, w.a, action, pick().id, pick().id, pick().id)
			if out.Batch != "" {
				batches = append(batches, out.Batch)
			}
		case n < 8 && len(batches) > 0:
			w.undo(people.Operator, w.a, batches[rnd.IntN(len(batches))])
		case n < 9:
			c := pick()
			_, _, err := w.s.Edit(w.ctx, w.a, c.id, c.token, fmt.Sprintf("Edited in step %d.", step))
			if got := code(err); got != "" && got != "comment.unknown" && got != "edit.expired" {
				t.Fatal(err)
			}
		case rnd.IntN(4) == 0:
			c := pick()
			w.must(w.s.Withdraw(w.ctx, w.a, c.id, c.token))
		}
	}
	comments := map[string]comment.Comment{}
	for _, c := range all {
		comments[c.id] = w.comment(w.a, c.id)
	}
	replies := map[string]int{}
	var shown func(id string) bool
	shown = func(id string) bool {
		c := comments[id]
		below := 0
		for _, r := range comments {
			if r.Parent == id && shown(r.ID) {
				below++
			}
		}
		replies[id] = below
		return c.State == decision.Approved || below > 0
	}
	var want []string
	for id, c := range comments {
		is := shown(id)
		if c.Shown != is || c.ShownReplies != replies[id] {
			t.Errorf("%s is %s: shown %v with %d replies, want %v with %d", id, c.State, c.Shown, c.ShownReplies, is, replies[id])
		}
		if is {
			want = append(want, id)
		}
	}
	got, approved := w.walk(w.a, "oldest", 7)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the thread shows %d comments, want %d", len(got), len(want))
	}
	if count := w.thread(w.a).Count; count != approved {
		t.Errorf("count is %d, and %d approved comments are shown", count, approved)
	}
}
