package moderation_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/store/storetest"
)

// standing returns the labels of the lessons that count, by seq.
func (w *world) standing(site ground.Site) map[uint64]string {
	w.t.Helper()
	lessons := map[uint64]string{}
	w.view(func(tx storetest.Tx) error {
		return tx.EachLesson(site.ID, 0, func(l classifier.Lesson) error {
			lessons[l.Seq] = l.Label.String() + ": " + l.Comment.Text
			return nil
		})
	})
	return lessons
}

func TestADecisionTakesACommentWhereItsActionAndReasonSay(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	for _, tt := range []struct {
		action decision.Action
		reason decision.Reason
		state  decision.State
		stored decision.Reason
		lesson string
	}{
		{decision.Approve, decision.NoReason, decision.Approved, decision.NoReason, "ham"},
		{decision.MarkSpam, decision.NoReason, decision.Spam, decision.ReasonSpam, "spam"},
		{decision.MarkSpam, decision.ReasonSpam, decision.Spam, decision.ReasonSpam, "spam"},
		{decision.Reject, decision.ReasonSpam, decision.Spam, decision.ReasonSpam, "spam"},
		{decision.Reject, decision.NoReason, decision.Rejected, decision.ReasonOther, ""},
		{decision.Reject, decision.ReasonOther, decision.Rejected, decision.ReasonOther, ""},
		{decision.Reject, decision.ReasonDuplicate, decision.Rejected, decision.ReasonDuplicate, ""},
		{decision.Reject, decision.ReasonHateSpeech, decision.Rejected, decision.ReasonHateSpeech, "hate_speech"},
		{decision.Reject, decision.ReasonObscenity, decision.Rejected, decision.ReasonObscenity, "obscenity"},
		{decision.Reject, decision.ReasonPersonalAttack, decision.Rejected, decision.ReasonPersonalAttack, "personal_attack"},
		{decision.Reject, decision.ReasonOffTopic, decision.Rejected, decision.ReasonOffTopic, ""},
		{decision.Reject, decision.ReasonUnlawful, decision.Rejected, decision.ReasonUnlawful, ""},
		{decision.Hold, decision.NoReason, decision.Pending, decision.NoReason, ""},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.action, tt.reason), func(t *testing.T) {
			text := fmt.Sprintf("What becomes of %s for %s?", tt.action, tt.reason)
			c := w.submit(w.a, text)
			before := w.standing(w.a)
			w.choose(mod, w.a, moderation.Choice{Action: tt.action, Reason: tt.reason, Note: "To the\r\nwriter."}, c.ID)
			got := w.comment(w.a, c.ID)
			if got.State != tt.state || got.Reason != tt.stored || got.Note != "To the\nwriter." || got.Version != 2 || got.Standing == 0 {
				t.Errorf("got %v for %v, note %q, version %d, standing %d", got.State, got.Reason, got.Note, got.Version, got.Standing)
			}
			after := w.standing(w.a)
			want := before
			if tt.lesson != "" {
				want[got.Standing] = tt.lesson + ": " + text
			}
			if !reflect.DeepEqual(after, want) {
				t.Errorf("lessons: got %v, want %v", after, want)
			}
		})
	}
}

func TestADecisionThatMakesNoSenseIsRefusedByItsField(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "A comment.")
	one := []moderation.Ref{{ID: c.ID, Version: 1}}
	for _, tt := range []struct {
		name, field string
		in          moderation.Choice
	}{
		{"no comments", "/comments", moderation.Choice{Action: decision.Approve}},
		{"1,001 comments", "/comments", moderation.Choice{Action: decision.Approve, Comments: make([]moderation.Ref, 1001)}},
		{"approval for a reason", "/reason", moderation.Choice{Action: decision.Approve, Reason: decision.ReasonSpam, Comments: one}},
		{"holding for a reason", "/reason", moderation.Choice{Reason: decision.ReasonOther, Comments: one}},
		{"spam for another reason", "/reason", moderation.Choice{Action: decision.MarkSpam, Reason: decision.ReasonOffTopic, Comments: one}},
		{"a long note", "/note", moderation.Choice{Action: decision.Approve, Note: strings.Repeat("я", 2_001), Comments: one}},
		{"a note that is no text", "/note", moderation.Choice{Action: decision.Approve, Note: "\xff", Comments: one}},
	} {
		_, err := w.s.Decide(w.ctx, mod, w.a, tt.in)
		wantCode(t, tt.name, err, "field.invalid")
		if e := new(problem.Error); !asError(err, &e) || e.Field != tt.field {
			t.Errorf("%s: got field %q, want %q", tt.name, e.Field, tt.field)
		}
	}
	if got := w.comment(w.a, c.ID); got.Version != 1 || got.State != decision.Pending {
		t.Errorf("a refused decision changed the comment: %v in version %d", got.State, got.Version)
	}
}

func TestWhatCannotBeDecidedIsAConflictAndTheRestIsDone(t *testing.T) {
	w := newWorld(t)
	mod, other := w.person("mod", people.Moderator, "a"), w.person("other", people.Moderator, "a")
	fresh := w.submit(w.a, "Fresh and fine.")
	stale := w.submit(w.a, "Somebody was here before.")
	edited, token := w.submitOwn(w.a, "Edited since it was seen.")
	removed, removedToken := w.submitOwn(w.a, "Withdrawn by its writer.")
	foreign := w.submit(w.b, "Of another site.")
	w.clock.add(time.Second)
	decidedAt := w.clock.Now()
	w.decide(other, w.a, decision.Approve, stale.ID)
	_, _, err := w.s.Edit(w.ctx, w.a, edited.ID, token, "Buy pills now, the new text says.")
	w.must(err)
	w.must(w.s.Withdraw(w.ctx, w.a, removed.ID, removedToken))

	out, err := w.s.Decide(w.ctx, mod, w.a, moderation.Choice{Action: decision.MarkSpam, Comments: []moderation.Ref{
		{ID: stale.ID, Version: 1}, {ID: "nobody", Version: 1}, {ID: foreign.ID, Version: 1},
		{ID: removed.ID, Version: 1}, {ID: fresh.ID, Version: 1}, {ID: edited.ID, Version: 1}, {ID: fresh.ID, Version: 1},
	}})
	w.must(err)
	want := []moderation.Conflict{
		{ID: stale.ID, Code: "version.stale", Version: 2, State: decision.Approved, By: "other", At: decidedAt},
		{ID: "nobody", Code: "comment.unknown"},
		{ID: foreign.ID, Code: "comment.unknown"},
		{ID: removed.ID, Code: "comment.removed", Version: 2, State: decision.Removed},
		{ID: edited.ID, Code: "version.stale", Version: 2, State: decision.Pending},
	}
	if out.Done != 1 || out.Unchanged != 1 || out.Batch == "" || !reflect.DeepEqual(out.Conflicts, want) {
		t.Errorf("got %+v\nwant 1 done, 1 unchanged and %+v", out, want)
	}
	if got := w.comment(w.a, fresh.ID); got.State != decision.Spam {
		t.Errorf("the rest was not done: %v", got.State)
	}
	if got := w.comment(w.b, foreign.ID); got.State != decision.Pending || got.Version != 1 {
		t.Errorf("a comment of another site changed: %v in version %d", got.State, got.Version)
	}
}

func TestADecisionThatStandsAlreadyIsUnchangedWhateverVersionIsNamed(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	spam := moderation.Choice{Action: decision.MarkSpam}
	again := func(c comment.Comment, in moderation.Choice, version int64) moderation.Outcome {
		in.Comments = []moderation.Ref{{ID: c.ID, Version: version}}
		out, err := w.s.Decide(w.ctx, mod, w.a, in)
		w.must(err)
		return out
	}
	c := w.submit(w.a, "Decided twice.")
	w.choose(mod, w.a, spam, c.ID)
	for _, version := range []int64{0, 1, 2, 3} {
		if out := again(c, spam, version); out.Unchanged != 1 || out.Done+len(out.Conflicts) != 0 || out.Batch != "" {
			t.Errorf("version %d: got %+v, want it unchanged", version, out)
		}
	}
	if out := again(c, moderation.Choice{Action: decision.Reject}, 1); len(out.Conflicts) != 1 {
		t.Errorf("another reason by an old version: got %+v, want a conflict", out)
	}

	held := w.submit(w.a, "Never decided, then held.")
	if out := again(held, moderation.Choice{}, 1); out.Done != 1 {
		t.Errorf("holding what no decision holds: got %+v, want it done", out)
	}
	if out := again(held, moderation.Choice{}, 1); out.Unchanged != 1 {
		t.Errorf("holding what is held: got %+v, want it unchanged", out)
	}

	edited, token := w.submitOwn(w.a, "Approved, then edited.")
	w.decide(mod, w.a, decision.Hold, edited.ID)
	_, _, err := w.s.Edit(w.ctx, w.a, edited.ID, token, "Another text than the one decided.")
	w.must(err)
	if out := again(edited, moderation.Choice{}, 2); out.Unchanged != 0 || len(out.Conflicts) != 1 {
		t.Errorf("a decision on the text before: got %+v, want a conflict", out)
	}
}

func TestALaterDecisionReplacesWhatAnEarlierOneTaught(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "One comment, one lesson.")
	for _, tt := range []struct {
		in   moderation.Choice
		want string
	}{
		{moderation.Choice{Action: decision.Approve}, "ham"},
		{moderation.Choice{Action: decision.MarkSpam}, "spam"},
		{moderation.Choice{Action: decision.Reject, Reason: decision.ReasonObscenity}, "obscenity"},
		{moderation.Choice{Action: decision.Reject, Reason: decision.ReasonOffTopic}, ""},
		{moderation.Choice{Action: decision.Approve}, "ham"},
		{moderation.Choice{Action: decision.Hold}, ""},
	} {
		w.choose(mod, w.a, tt.in, c.ID)
		want := map[uint64]string{}
		if tt.want != "" {
			want[w.comment(w.a, c.ID).Standing] = tt.want + ": One comment, one lesson."
		}
		if got := w.standing(w.a); !reflect.DeepEqual(got, want) {
			t.Errorf("after %v for %v: got %v, want %v", tt.in.Action, tt.in.Reason, got, want)
		}
	}
}

func TestARepeatedRequestIsOneDecision(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c, d := w.submit(w.a, "Decided once."), w.submit(w.a, "Not decided by it.")
	key := &ground.Key{Site: w.a.ID, Route: "decisions", Account: mod.Account.ID, Value: "0123456789abcdef", Body: []byte("one")}
	in := moderation.Choice{Action: decision.Approve, Comments: []moderation.Ref{{ID: c.ID, Version: 1}, {ID: d.ID, Version: 9}}, Key: key}
	first, err := w.s.Decide(w.ctx, mod, w.a, in)
	w.must(err)
	second, err := w.s.Decide(w.ctx, mod, w.a, in)
	w.must(err)
	if !second.Replayed || first.Replayed {
		t.Errorf("replayed: first %v, second %v", first.Replayed, second.Replayed)
	}
	second.Replayed = false
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the second answer %+v is not the first %+v", second, first)
	}
	if got := w.comment(w.a, c.ID); got.Version != 2 {
		t.Errorf("the comment is in version %d, want 2", got.Version)
	}
	in.Key = &ground.Key{Site: key.Site, Route: key.Route, Account: key.Account, Value: key.Value, Body: []byte("two")}
	_, err = w.s.Decide(w.ctx, mod, w.a, in)
	wantCode(t, "another body", err, "idempotency.mismatch")

	undo := &ground.Key{Site: w.a.ID, Route: "undo", Account: mod.Account.ID, Value: "0123456789abcdef"}
	for i := range 2 {
		out, err := w.s.Undo(w.ctx, mod, w.a, first.Batch, undo)
		w.must(err)
		if out.Done != 1 || out.Replayed != (i == 1) {
			t.Errorf("undo %d: got %+v, want one undone", i, out)
		}
	}
}

func TestAThousandCommentsAreDecidedAtOnce(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	ids := w.fill(w.a, 1_000)
	out := w.decide(mod, w.a, decision.MarkSpam, ids...)
	if out.Done != len(ids) || len(out.Conflicts) != 0 {
		t.Fatalf("got %d done, %d conflicts", out.Done, len(out.Conflicts))
	}
	if back := w.undo(mod, w.a, out.Batch); back.Done != len(ids) {
		t.Errorf("got %d undone, want all", back.Done)
	}
	bad, err := w.s.VerifyLog(w.ctx, w.a)
	w.must(err)
	if bad != 0 {
		t.Errorf("the log does not verify at %d", bad)
	}
	if n := len(w.standing(w.a)); n != 0 {
		t.Errorf("%d lessons stand after undo, want none", n)
	}
}

// Caches hang on the events: each says whether what readers see of its page changed.
func TestEachDecisionTellsWhetherReadersSeeIt(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "Watched closely.")
	var told []ground.Event
	defer w.s.OnEvent(func(e ground.Event) {
		if e.Kind != ground.EventJudged {
			told = append(told, e)
		}
	})()
	want := func(what string, shown ...bool) {
		t.Helper()
		var got []bool
		for _, e := range told {
			got = append(got, e.Shown)
			if e.Site != w.a.ID || e.Page != c.Page || e.Comment == "" {
				t.Errorf("%s: event %+v", what, e)
			}
		}
		if !reflect.DeepEqual(got, shown) {
			t.Errorf("%s: got %v, want %v", what, got, shown)
		}
		told = nil
	}
	w.decide(mod, w.a, decision.MarkSpam, c.ID)
	want("from waiting to spam", false)
	spam := w.decide(mod, w.a, decision.Approve, c.ID)
	want("from spam to approved", true)
	w.undo(mod, w.a, spam.Batch)
	want("and back", true)
	w.decide(mod, w.a, decision.MarkSpam, c.ID)
	want("unchanged")
	w.decide(mod, w.a, decision.Hold, c.ID)
	want("from spam to waiting", false)
	_, err := w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID}, "Seen.", nil)
	w.must(err)
	want("a reply that approves", true, true)
	open := false
	_, err = w.s.SetPage(w.ctx, mod, w.a, c.Page, moderation.PageChange{Open: &open})
	w.must(err)
	if len(told) != 1 || told[0].Kind != ground.EventPage || !told[0].Shown {
		t.Errorf("a closed page: %+v", told)
	}
}
