package moderation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

func TestOwnComment_NeedsEditToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, token := w.SubmitWithToken(w.A, "Mine, and it waits.")
	_, other := w.SubmitWithToken(w.A, "Another's.")
	for _, tt := range []struct {
		name, id, token, want string
		site                  site.Site
	}{
		{"its own", c.ID, token, "", w.A},
		{"none", c.ID, "", "auth.needed", w.A},
		{"another comment's", c.ID, other, "comment.unknown", w.A},
		{"shortened", c.ID, token[:len(token)-1], "comment.unknown", w.A},
		{"at another site", c.ID, token, "comment.unknown", w.B},
		{"of an unknown comment", "00000000-0000-7000-8000-000000000000", token, "comment.unknown", w.A},
		{"of no id", "\x00", token, "comment.unknown", w.A},
	} {
		got, _, err := w.App.OwnComment(w.Ctx, tt.site, tt.id, tt.token)
		apptest.WantCode(t, "own: "+tt.name, err, tt.want)
		if err == nil && got.Source != "Mine, and it waits." {
			t.Errorf("own: got %q", got.Source)
		}
		if tt.want != "" {
			_, _, err = w.App.Edit(w.Ctx, tt.site, tt.id, tt.token, "Changed.")
			apptest.WantCode(t, "edit: "+tt.name, err, tt.want)
			apptest.WantCode(t, "withdraw: "+tt.name, w.App.Withdraw(w.Ctx, tt.site, tt.id, tt.token), tt.want)
		}
	}
	_, _, err := w.App.PublicComment(w.Ctx, w.A, c.ID)
	apptest.WantCode(t, "public while it waits", err, "comment.unknown")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	if got, page, err := w.App.PublicComment(w.Ctx, w.A, c.ID); err != nil || got.ID != c.ID ||
		page.URL != "https://a.example/post" {
		t.Errorf("public: got %+v of %q, %v", got, page.URL, err)
	}
	_, _, err = w.App.PublicComment(w.Ctx, w.B, c.ID)
	apptest.WantCode(t, "public at another site", err, "comment.unknown")
}

// A script on the site's pages may have stolen all tokens. After they are revoked, none works, and a repeated POST
// returns no new one.
func TestEditToken_OwnerRevokesAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	olga, since := w.AddStaff("olga", authz.Owner, "a"), w.A
	refused, stolen := w.SubmitWithToken(w.A, "Refused, and its token was read.")
	w.Decide(authz.Operator, w.A, comment.MarkSpam, refused.ID)
	other, elsewhere := w.SubmitWithToken(w.B, "On another site.")
	again := moderation.Submission{PageURL: "https://a.example/post", Body: "Sent, and sent again by somebody else.",
		Key: &txn.IdempotencyKey{Site: w.A.ID, Route: "comments", Value: "0123456789abcdef"}}
	first, err := w.App.Submit(w.Ctx, w.A, again)
	w.Must(err)

	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "end", Account: olga.Account.ID, Value: "0123456789abcdef"}
	for _, repeated := range []bool{false, true} {
		if got, err := w.App.EndEditTokens(w.Ctx, olga, w.A, key); err != nil || got != repeated {
			t.Fatalf("ended: repeated %v, %v, want %v", got, err, repeated)
		}
	}
	w.A, err = w.App.Site(w.Ctx, "a")
	w.Must(err)
	if w.A.EditEpoch != since.EditEpoch+1 {
		t.Errorf("the epoch is %d after %d", w.A.EditEpoch, since.EditEpoch)
	}
	replayed, err := w.App.Submit(w.Ctx, w.A, again)
	w.Must(err)
	if replayed.EditToken != first.EditToken || !replayed.Replayed {
		t.Errorf("the replay has the token %q, want the first's, which ended", replayed.EditToken)
	}
	for name, do := range map[string]func(id, token string) error{
		"own":      func(id, token string) error { _, _, err := w.App.OwnComment(w.Ctx, w.A, id, token); return err },
		"edit":     func(id, token string) error { _, _, err := w.App.Edit(w.Ctx, w.A, id, token, "Changed."); return err },
		"withdraw": func(id, token string) error { return w.App.Withdraw(w.Ctx, w.A, id, token) },
		"appeal": func(id, token string) error {
			_, err := w.App.Appeal(w.Ctx, w.A, id, report.NewAppeal{Token: token, Text: "It was no spam."})
			return err
		},
		"subscribe": func(id, token string) error {
			_, err := w.App.Subscribe(w.Ctx, w.A, id, token, "en", true)
			return err
		},
	} {
		apptest.WantCode(t, name+" with an ended token", do(refused.ID, stolen), "comment.unknown")
		apptest.WantCode(t, name+" with one of a replay", do(first.ID, replayed.EditToken), "comment.unknown")
	}
	if got := w.Comment(w.A, refused.ID); got.State != comment.Spam || got.Source != refused.Source {
		t.Errorf("the comment became %+v", got)
	}
	if _, _, err := w.App.OwnComment(w.Ctx, w.B, other.ID, elsewhere); err != nil {
		t.Errorf("a token of another site: %v", err)
	}
	for _, site := range []site.Site{w.A, w.B} {
		c, token := w.SubmitWithToken(site, "Sent after that.")
		if _, _, err := w.App.Edit(w.Ctx, site, c.ID, token, "Changed after that."); err != nil {
			t.Errorf("a token given afterwards on site %s: %v", site.Key, err)
		}
	}
}

func TestEdit_NewVerdict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Warm(w.A, 12)
	c, token := w.SubmitWithToken(w.A, "The tomatoes grew well, thank you for the recipe.")
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	w.Clock.Add(time.Minute)
	edited, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Order cheap pills at our casino, best price")
	w.Must(err)
	stored := w.Comment(w.A, c.ID)
	if edited.State != comment.Pending || edited.Version != 3 || stored.Version != 3 ||
		!strings.Contains(edited.HTML(), "pills") ||
		!stored.EditedAt.Equal(w.Clock.Now()) || stored.Verdict.Action != comment.MarkSpam || stored.Same != nil {
		t.Errorf("got %+v, stored %+v", edited, stored)
	}
	if n := len(w.Thread(w.A).Comments); n != 12 {
		t.Errorf("%d comments shown, want the 12 others", n)
	}
	_, _, err = w.App.Edit(w.Ctx, w.A, c.ID, token, " ")
	apptest.WantCode(t, "emptied", err, "comment.empty")
}

// An edit and an approval at the same time: in either order, no text is public that no moderator saw.
func TestEdit_RaceWithApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range testkit.Repeats(t, 200) {
		c, token := w.SubmitWithToken(w.A, fmt.Sprintf("Harmless text %d.", i))
		ref := w.Refs(w.A, c.ID)
		var both sync.WaitGroup
		both.Go(func() {
			_, err := w.App.Decide(w.Ctx, authz.Operator, w.A, moderation.Choice{Action: comment.Approve, Comments: ref})
			if err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, fmt.Sprintf("Evil text %d.", i)); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if got := w.Comment(w.A, c.ID); got.State == comment.Approved {
			t.Fatalf("round %d: %q is public in version %d, and nobody saw it", i, got.Source, got.Version)
		}
	}
	if n := len(w.Thread(w.A).Comments); n != 0 {
		t.Errorf("%d comments shown, want none", n)
	}
}

// After any sequence of decisions, undos, edits and withdrawals, a comment is shown exactly if it is approved or has a
// shown reply.
func TestShown_ApprovedAndAncestors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	type own struct{ id, token string }
	var all []own
	var batches []string
	for step := range 600 {
		w.Clock.Add(time.Second)
		pick := func() own { return all[rnd.IntN(len(all))] }
		switch n := rnd.IntN(10); {
		case len(all) < 3 || n < 3:
			in := moderation.Submission{PageURL: "https://a.example/post", Body: fmt.Sprintf("Step %d.", step)}
			if visible := w.Thread(w.A).Comments; len(visible) > 0 && rnd.IntN(4) > 0 {
				in.Parent = visible[rnd.IntN(len(visible))].ID
			}
			out, err := w.App.Submit(w.Ctx, w.A, in)
			if c := apptest.Code(err); c == "parent.unknown" { // it is only a placeholder
				continue
			}
			w.Must(err)
			all = append(all, own{out.ID, out.EditToken})
		case n < 7:
			action := []comment.Action{comment.Approve, comment.Approve, comment.Approve, comment.Reject,
				comment.Hold}[rnd.IntN(5)]
			out := w.Decide(authz.Operator, w.A, action, pick().id, pick().id, pick().id)
			if out.Batch != "" {
				batches = append(batches, out.Batch)
			}
		case n < 8 && len(batches) > 0:
			w.Undo(authz.Operator, w.A, batches[rnd.IntN(len(batches))])
		case n < 9:
			c := pick()
			_, _, err := w.App.Edit(w.Ctx, w.A, c.id, c.token, fmt.Sprintf("Edited in step %d.", step))
			if got := apptest.Code(err); got != "" && got != "comment.unknown" && got != "edit.expired" {
				t.Fatal(err)
			}
		case rnd.IntN(4) == 0:
			c := pick()
			w.Must(w.App.Withdraw(w.Ctx, w.A, c.id, c.token))
		}
	}
	comments := map[string]comment.Comment{}
	for _, c := range all {
		comments[c.id] = w.Comment(w.A, c.id)
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
		return c.State == comment.Approved || below > 0
	}
	var want []string
	for id, c := range comments {
		is := shown(id)
		if c.Shown != is || c.ShownReplies != replies[id] {
			t.Errorf("%s is %s: shown %v with %d replies, want %v with %d", id, c.State, c.Shown, c.ShownReplies,
				is, replies[id])
		}
		if is {
			want = append(want, id)
		}
	}
	got, approved := w.walk(w.A, "oldest", 7)
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the thread shows %d comments, want %d", len(got), len(want))
	}
	if count := w.Thread(w.A).Count; count != approved {
		t.Errorf("count is %d, and %d approved comments are shown", count, approved)
	}
}
