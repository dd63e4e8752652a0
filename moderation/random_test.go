package moderation_test

import (
	"flag"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

var setChecks sync.Once

// property runs rapid.Check with as many checks as the tier allows. -rapid.checks has no effect.
func property(t *testing.T, prop func(*rapid.T)) {
	t.Helper()
	setChecks.Do(func() { _ = flag.Set("rapid.checks", strconv.Itoa(testkit.Repeats(t, 100))) })
	rapid.Check(t, prop)
}

// A withAutoApprovals is a random history of a site, with the expected state.
type withAutoApprovals struct {
	*world
	site     site.Site
	mod      authz.Actor
	ids      []string
	tokens   map[string]string          // edit tokens by comment ID; staff replies have none
	approved map[string]map[string]bool // approved texts by comment ID
	batches  []string
}

func newStory(w *world, mod authz.Actor) *withAutoApprovals {
	w.Commenters++
	return &withAutoApprovals{
		world: w, site: w.AddSite(fmt.Sprintf("story-%d", w.Commenters)), mod: mod,
		tokens: map[string]string{}, approved: map[string]map[string]bool{},
	}
}

func (s *withAutoApprovals) pick(t *rapid.T) string {
	if len(s.ids) == 0 {
		t.Skip("nothing posted yet")
	}
	return rapid.SampledFrom(s.ids).Draw(t, "comment")
}

func (s *withAutoApprovals) post(t *rapid.T) {
	s.Commenters++
	in := moderation.Submission{
		PageURL: "https://" + s.site.Key + ".example/post", Name: fmt.Sprintf("Reader %d", s.Commenters),
		Email: fmt.Sprintf("reader%d@mail.example", s.Commenters), Body: fmt.Sprintf("Comment %d.", s.Commenters),
	}
	if len(s.ids) > 0 && rapid.Bool().Draw(t, "a reply") {
		in.Parent = s.pick(t)
	}
	out, err := s.App.Submit(s.Ctx, s.site, in)
	if in.Parent != "" && apptest.Code(err) == "parent.unknown" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s.ids = append(s.ids, out.ID)
	s.tokens[out.ID] = out.EditToken
	s.approved[out.ID] = map[string]bool{}
}

func (s *withAutoApprovals) decideSome(t *rapid.T) {
	in := moderation.Choice{Action: rapid.SampledFrom([]comment.Action{
		comment.Approve, comment.Approve, comment.MarkSpam, comment.Reject, comment.Hold}).Draw(t, "action")}
	if in.Action == comment.Reject {
		in.Reason = comment.Reason(rapid.IntRange(0, int(comment.ReasonOther)).Draw(t, "reason"))
	}
	for range rapid.IntRange(1, 4).Draw(t, "how many") {
		c := s.Comment(s.site, s.pick(t))
		in.Comments = append(in.Comments,
			moderation.Ref{ID: c.ID, Version: c.Version - int64(rapid.IntRange(0, 8).Draw(t, "late")/8)})
	}
	out, err := s.App.Decide(s.Ctx, s.mod, s.site, in)
	if err != nil {
		t.Fatal(err)
	}
	if n := out.Done + out.Unchanged + len(out.Conflicts); n != len(in.Comments) {
		t.Fatalf("%d answered of %d: %+v", n, len(in.Comments), out)
	}
	s.note(in.Action, in.Comments, out.Batch)
}

// note records a batch and the texts that it approved.
func (s *withAutoApprovals) note(action comment.Action, refs []moderation.Ref, batch string) {
	if batch != "" {
		s.batches = append(s.batches, batch)
	}
	for _, ref := range refs {
		if c := s.Comment(s.site, ref.ID); action == comment.Approve && c.State == comment.Approved {
			s.approved[ref.ID][c.Source] = true
		}
	}
}

func (s *withAutoApprovals) reply(t *rapid.T) {
	c := s.Comment(s.site, s.pick(t))
	out, err := s.App.Reply(s.Ctx, s.mod, s.site, moderation.Ref{ID: c.ID, Version: c.Version}, "An answer.", nil)
	if apptest.Code(err) == "parent.unknown" {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	s.note(comment.Approve, []moderation.Ref{{ID: c.ID}}, out.Batch)
	s.ids = append(s.ids, out.ID)
	s.approved[out.ID] = map[string]bool{"An answer.": true}
}

func (s *withAutoApprovals) undoOne(t *rapid.T) {
	if len(s.batches) == 0 {
		t.Skip("nothing decided yet")
	}
	out, err := s.App.Undo(s.Ctx, s.mod, s.site, rapid.SampledFrom(s.batches).Draw(t, "batch"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if out.Batch != "" {
		s.batches = append(s.batches, out.Batch)
	}
}

// pickOwn picks a comment of a reader.
func (s *withAutoApprovals) pickOwn(t *rapid.T) string {
	return rapid.SampledFrom(slices.Sorted(maps.Keys(s.tokens))).Draw(t, "comment")
}

func (s *withAutoApprovals) edit(t *rapid.T) {
	id := s.pickOwn(t)
	s.Commenters++
	if _, _, err := s.App.Edit(s.Ctx, s.site, id, s.tokens[id], fmt.Sprintf("Text %d.", s.Commenters)); err != nil &&
		apptest.Code(err) != "comment.unknown" {
		t.Fatal(err)
	}
}

func (s *withAutoApprovals) withdraw(t *rapid.T) {
	id := s.pickOwn(t)
	if err := s.App.Withdraw(s.Ctx, s.site, id, s.tokens[id]); err != nil && apptest.Code(err) != "comment.unknown" {
		t.Fatal(err)
	}
}

// check verifies the invariants.
func (s *withAutoApprovals) check(t *rapid.T) {
	stored := map[string]comment.Comment{}
	s.View(func(tx store.Tx) error {
		list, err := tx.CommentsByID(s.site.ID, s.ids)
		for _, c := range list {
			stored[c.ID] = c
		}
		return err
	})
	for _, c := range s.Thread(s.site).Comments {
		if c.HTML() == "" && c.Source == "" {
			continue // a placeholder
		}
		if now := stored[c.ID]; now.State != comment.Approved || !s.approved[c.ID][now.Source] {
			t.Fatalf("readers see %q, which is %v and was approved for %v", c.HTML(), now.State,
				slices.Collect(maps.Keys(s.approved[c.ID])))
		}
	}
	id := s.pick(t)
	if _, _, err := s.App.PublicComment(s.Ctx, s.site, id); (err == nil) != (stored[id].State == comment.Approved) {
		t.Fatalf("a comment that is %v is public: %v", stored[id].State, err)
	}
	for id, c := range stored {
		shown := 0
		for _, r := range stored {
			if r.Parent == id && r.Shown {
				shown++
			}
		}
		if c.ShownReplies != shown || c.Shown != (c.State == comment.Approved || shown > 0) {
			t.Fatalf("%v with %d shown replies says %d, shown %v", c.State, shown, c.ShownReplies, c.Shown)
		}
	}
	if got, want := s.CountingLessons(s.site), s.taught(stored); !reflect.DeepEqual(got, want) {
		t.Fatalf("lessons %v stand, want %v", got, want)
	}
}

// taught returns the expected lessons: for each comment that of its decision in effect.
func (s *withAutoApprovals) taught(stored map[string]comment.Comment) map[uint64]string {
	want := map[uint64]string{}
	s.View(func(tx store.Tx) error {
		for _, c := range stored {
			if c.Standing == 0 {
				continue
			}
			found, err := tx.DecisionsAfter(s.site.ID, c.Standing-1, 1)
			if err != nil {
				return err
			}
			d := found[0]
			if d.Undone || d.Undoes != 0 || d.Comment != c.ID {
				return fmt.Errorf("%+v cannot stand for %s", d, c.ID)
			}
			label := map[comment.Action]string{comment.Approve: "ham", comment.MarkSpam: "spam"}[d.Action]
			switch d.Reason {
			case comment.ReasonHateSpeech, comment.ReasonObscenity, comment.ReasonPersonalAttack:
				label = d.Reason.String()
			}
			if label != "" {
				want[c.Standing] = label
			}
		}
		return nil
	})
	got := s.CountingLessons(s.site)
	for seq, label := range want { // the text may have been edited after the decision
		if lesson := got[seq]; len(lesson) > len(label) && lesson[:len(label)] == label {
			want[seq] = lesson
		}
	}
	return want
}

// undoAll undoes everything that can be undone, and verifies the log.
func (s *withAutoApprovals) undoAll(t *rapid.T) {
	for _, batch := range slices.Backward(s.batches) {
		if _, err := s.App.Undo(s.Ctx, s.mod, s.site, batch, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.check(t)
	if bad, err := s.App.VerifyLog(s.Ctx, s.site); bad != 0 || err != nil {
		t.Fatalf("the log is bad at %d: %v", bad, err)
	}
}

func TestUndo_EverythingRestoresAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator)
	property(t, func(t *rapid.T) {
		s := newStory(w, mod)
		s.post(t)
		t.Repeat(map[string]func(*rapid.T){
			"post": s.post, "decide": s.decideSome, "decide again": s.decideSome, "undo": s.undoOne, "": s.check,
		})
		s.undoAll(t)
		for _, id := range s.ids {
			if got := placeOf(s.Comment(s.site, id)); got != (place{}) {
				t.Fatalf("the comment is %+v, want it as it arrived", got)
			}
		}
		if n := len(s.CountingLessons(s.site)); n != 0 {
			t.Fatalf("%d lessons stand", n)
		}
		if n := len(s.Thread(s.site).Comments); n != 0 {
			t.Fatalf("readers see %d comments", n)
		}
		if left, err := s.App.LastBatches(s.Ctx, s.mod, s.site, 10); len(left) != 0 || err != nil {
			t.Fatalf("batches %v are said to be undoable: %v", left, err)
		}
	})
}

func TestThread_NeverShowsUnapprovedText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator)
	property(t, func(t *rapid.T) {
		w.Clock.Add(time.Hour)
		s := newStory(w, mod)
		s.post(t)
		t.Repeat(map[string]func(*rapid.T){
			"post": s.post, "decide": s.decideSome, "decide again": s.decideSome, "undo": s.undoOne, "reply": s.reply,
			"edit": s.edit, "withdraw": s.withdraw, "": s.check,
		})
		s.undoAll(t)
	})
}
