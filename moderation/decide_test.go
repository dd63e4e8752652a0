package moderation_test

import (
	"database/sql"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/txn"
)

func TestDecide_StateByActionAndReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	for _, tt := range []struct {
		action comment.Action
		reason comment.Reason
		state  comment.State
		stored comment.Reason
		lesson string
	}{
		{comment.Approve, comment.NoReason, comment.Approved, comment.NoReason, "ham"},
		{comment.MarkSpam, comment.NoReason, comment.Spam, comment.ReasonSpam, "spam"},
		{comment.MarkSpam, comment.ReasonSpam, comment.Spam, comment.ReasonSpam, "spam"},
		{comment.Reject, comment.ReasonSpam, comment.Spam, comment.ReasonSpam, "spam"},
		{comment.Reject, comment.NoReason, comment.Rejected, comment.ReasonOther, ""},
		{comment.Reject, comment.ReasonOther, comment.Rejected, comment.ReasonOther, ""},
		{comment.Reject, comment.ReasonDuplicate, comment.Rejected, comment.ReasonDuplicate, ""},
		{comment.Reject, comment.ReasonHateSpeech, comment.Rejected, comment.ReasonHateSpeech, "hate_speech"},
		{comment.Reject, comment.ReasonObscenity, comment.Rejected, comment.ReasonObscenity, "obscenity"},
		{comment.Reject, comment.ReasonPersonalAttack, comment.Rejected, comment.ReasonPersonalAttack, "personal_attack"},
		{comment.Reject, comment.ReasonOffTopic, comment.Rejected, comment.ReasonOffTopic, ""},
		{comment.Reject, comment.ReasonUnlawful, comment.Rejected, comment.ReasonUnlawful, ""},
		{comment.Hold, comment.NoReason, comment.Pending, comment.NoReason, ""},
	} {
		t.Run(fmt.Sprintf("%s %s", tt.action, tt.reason), func(t *testing.T) {
			text := fmt.Sprintf("What becomes of %s for %s?", tt.action, tt.reason)
			c := w.Submit(w.A, text)
			before := w.CountingLessons(w.A)
			w.DecideWith(mod, w.A, moderation.Choice{Action: tt.action, Reason: tt.reason, Note: "To the\r\nwriter."}, c.ID)
			got := w.Comment(w.A, c.ID)
			if got.State != tt.state || got.Reason != tt.stored || got.Note != "To the\nwriter." || got.Version != 2 ||
				got.Standing == 0 {
				t.Errorf("got %v for %v, note %q, version %d, standing %d", got.State, got.Reason, got.Note,
					got.Version, got.Standing)
			}
			after := w.CountingLessons(w.A)
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

func TestDecide_InvalidChoices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "A comment.")
	one := []moderation.Ref{{ID: c.ID, Version: 1}}
	for _, tt := range []struct {
		name, field string
		in          moderation.Choice
	}{
		{"no comments", "/comments", moderation.Choice{Action: comment.Approve}},
		{"1,001 comments", "/comments", moderation.Choice{Action: comment.Approve, Comments: make([]moderation.Ref, 1001)}},
		{"approval for a reason", "/reason", moderation.Choice{Action: comment.Approve, Reason: comment.ReasonSpam,
			Comments: one}},
		{"holding for a reason", "/reason", moderation.Choice{Reason: comment.ReasonOther, Comments: one}},
		{"spam for another reason", "/reason", moderation.Choice{Action: comment.MarkSpam, Reason: comment.ReasonOffTopic,
			Comments: one}},
		{"a long note", "/note", moderation.Choice{Action: comment.Approve, Note: strings.Repeat("я", 2_001), Comments: one}},
		{"a note that is no text", "/note", moderation.Choice{Action: comment.Approve, Note: "\xff", Comments: one}},
	} {
		_, err := w.App.Decide(w.Ctx, mod, w.A, tt.in)
		apptest.WantCode(t, tt.name, err, "field.invalid")
		if e := new(problem.Error); !apptest.AsError(err, &e) || e.Field != tt.field {
			t.Errorf("%s: got field %q, want %q", tt.name, e.Field, tt.field)
		}
	}
	if got := w.Comment(w.A, c.ID); got.Version != 1 || got.State != comment.Pending {
		t.Errorf("a refused decision changed the comment: %v in version %d", got.State, got.Version)
	}
}

func TestDecide_ConflictsDoNotStopTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod, other := w.AddStaff("mod", authz.Moderator, "a"), w.AddStaff("other", authz.Moderator, "a")
	fresh := w.Submit(w.A, "Fresh and fine.")
	stale := w.Submit(w.A, "Somebody was here before.")
	edited, token := w.SubmitWithToken(w.A, "Edited since it was seen.")
	removed, removedToken := w.SubmitWithToken(w.A, "Withdrawn by its writer.")
	foreign := w.Submit(w.B, "Of another site.")
	w.Clock.Add(time.Second)
	decidedAt := w.Clock.Now()
	w.Decide(other, w.A, comment.Approve, stale.ID)
	_, _, err := w.App.Edit(w.Ctx, w.A, edited.ID, token, "Buy pills now, the new text says.")
	w.Must(err)
	w.Must(w.App.Withdraw(w.Ctx, w.A, removed.ID, removedToken))

	out, err := w.App.Decide(w.Ctx, mod, w.A, moderation.Choice{Action: comment.MarkSpam, Comments: []moderation.Ref{
		{ID: stale.ID, Version: 1}, {ID: "nobody", Version: 1}, {ID: foreign.ID, Version: 1},
		{ID: removed.ID, Version: 1}, {ID: fresh.ID, Version: 1}, {ID: edited.ID, Version: 1}, {ID: fresh.ID, Version: 1},
	}})
	w.Must(err)
	want := []moderation.Conflict{
		{ID: stale.ID, Code: "version.stale", Version: 2, State: comment.Approved, By: "other", At: decidedAt},
		{ID: "nobody", Code: "comment.unknown"},
		{ID: foreign.ID, Code: "comment.unknown"},
		{ID: removed.ID, Code: "comment.removed", Version: 2, State: comment.Removed},
		{ID: edited.ID, Code: "version.stale", Version: 2, State: comment.Pending},
	}
	if out.Done != 1 || out.Unchanged != 1 || out.Batch == "" || !reflect.DeepEqual(out.Conflicts, want) {
		t.Errorf("got %+v\nwant 1 done, 1 unchanged and %+v", out, want)
	}
	if got := w.Comment(w.A, fresh.ID); got.State != comment.Spam {
		t.Errorf("the rest was not done: %v", got.State)
	}
	if got := w.Comment(w.B, foreign.ID); got.State != comment.Pending || got.Version != 1 {
		t.Errorf("a comment of another site changed: %v in version %d", got.State, got.Version)
	}
}

func TestDecide_RepeatedDecisionIsUnchanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	spam := moderation.Choice{Action: comment.MarkSpam}
	again := func(c comment.Comment, in moderation.Choice, version int64) moderation.Outcome {
		in.Comments = []moderation.Ref{{ID: c.ID, Version: version}}
		out, err := w.App.Decide(w.Ctx, mod, w.A, in)
		w.Must(err)
		return out
	}
	c := w.Submit(w.A, "Decided twice.")
	w.DecideWith(mod, w.A, spam, c.ID)
	for _, version := range []int64{0, 1, 2, 3} {
		if out := again(c, spam, version); out.Unchanged != 1 || out.Done+len(out.Conflicts) != 0 || out.Batch != "" {
			t.Errorf("version %d: got %+v, want it unchanged", version, out)
		}
	}
	if out := again(c, moderation.Choice{Action: comment.Reject}, 1); len(out.Conflicts) != 1 {
		t.Errorf("another reason by an old version: got %+v, want a conflict", out)
	}

	held := w.Submit(w.A, "Never decided, then held.")
	if out := again(held, moderation.Choice{}, 1); out.Done != 1 {
		t.Errorf("holding what no decision holds: got %+v, want it done", out)
	}
	if out := again(held, moderation.Choice{}, 1); out.Unchanged != 1 {
		t.Errorf("holding what is held: got %+v, want it unchanged", out)
	}

	edited, token := w.SubmitWithToken(w.A, "Approved, then edited.")
	w.Decide(mod, w.A, comment.Hold, edited.ID)
	_, _, err := w.App.Edit(w.Ctx, w.A, edited.ID, token, "Another text than the one decided.")
	w.Must(err)
	if out := again(edited, moderation.Choice{}, 2); out.Unchanged != 0 || len(out.Conflicts) != 1 {
		t.Errorf("a decision on the text before: got %+v, want a conflict", out)
	}
}

func TestDecide_ReplacesLesson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "One comment, one lesson.")
	for _, tt := range []struct {
		in   moderation.Choice
		want string
	}{
		{moderation.Choice{Action: comment.Approve}, "ham"},
		{moderation.Choice{Action: comment.MarkSpam}, "spam"},
		{moderation.Choice{Action: comment.Reject, Reason: comment.ReasonObscenity}, "obscenity"},
		{moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOffTopic}, ""},
		{moderation.Choice{Action: comment.Approve}, "ham"},
		{moderation.Choice{Action: comment.Hold}, ""},
	} {
		w.DecideWith(mod, w.A, tt.in, c.ID)
		want := map[uint64]string{}
		if tt.want != "" {
			want[w.Comment(w.A, c.ID).Standing] = tt.want + ": One comment, one lesson."
		}
		if got := w.CountingLessons(w.A); !reflect.DeepEqual(got, want) {
			t.Errorf("after %v for %v: got %v, want %v", tt.in.Action, tt.in.Reason, got, want)
		}
	}
}

func TestDecide_IdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c, d := w.Submit(w.A, "Decided once."), w.Submit(w.A, "Not decided by it.")
	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "decisions", Account: mod.Account.ID, Value: "0123456789abcdef",
		Body: []byte("one")}
	in := moderation.Choice{Action: comment.Approve, Key: key,
		Comments: []moderation.Ref{{ID: c.ID, Version: 1}, {ID: d.ID, Version: 9}}}
	first, err := w.App.Decide(w.Ctx, mod, w.A, in)
	w.Must(err)
	second, err := w.App.Decide(w.Ctx, mod, w.A, in)
	w.Must(err)
	if !second.Replayed || first.Replayed {
		t.Errorf("replayed: first %v, second %v", first.Replayed, second.Replayed)
	}
	second.Replayed = false
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the second answer %+v is not the first %+v", second, first)
	}
	if got := w.Comment(w.A, c.ID); got.Version != 2 {
		t.Errorf("the comment is in version %d, want 2", got.Version)
	}
	in.Key = &txn.IdempotencyKey{Site: key.Site, Route: key.Route, Account: key.Account, Value: key.Value, Body: []byte("two")}
	_, err = w.App.Decide(w.Ctx, mod, w.A, in)
	apptest.WantCode(t, "another body", err, "idempotency.mismatch")

	undo := &txn.IdempotencyKey{Site: w.A.ID, Route: "undo", Account: mod.Account.ID, Value: "0123456789abcdef"}
	for i := range 2 {
		out, err := w.App.Undo(w.Ctx, mod, w.A, first.Batch, undo)
		w.Must(err)
		if out.Done != 1 || out.Replayed != (i == 1) {
			t.Errorf("undo %d: got %+v, want one undone", i, out)
		}
	}
}

func TestDecide_ThousandComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	ids := w.AddComments(w.A, 1_000)
	out := w.Decide(mod, w.A, comment.MarkSpam, ids...)
	if out.Done != len(ids) || len(out.Conflicts) != 0 {
		t.Fatalf("got %d done, %d conflicts", out.Done, len(out.Conflicts))
	}
	if back := w.Undo(mod, w.A, out.Batch); back.Done != len(ids) {
		t.Errorf("got %d undone, want all", back.Done)
	}
	bad, err := w.App.VerifyLog(w.Ctx, w.A)
	w.Must(err)
	if bad != 0 {
		t.Errorf("the log does not verify at %d", bad)
	}
	if n := len(w.CountingLessons(w.A)); n != 0 {
		t.Errorf("%d lessons stand after undo, want none", n)
	}
}

// Caches are invalidated by events. Each event says whether the change is visible to readers of the page.
func TestDecide_EventSaysShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "Watched closely.")
	var told []event.Event
	defer w.App.OnEvent(func(e event.Event) {
		if e.Kind != event.Rescored {
			told = append(told, e)
		}
	})()
	want := func(what string, shown ...bool) {
		t.Helper()
		var got []bool
		for _, e := range told {
			got = append(got, e.Shown)
			if e.Site != w.A.ID || e.Page != c.Page || e.Comment == "" {
				t.Errorf("%s: event %+v", what, e)
			}
		}
		if !reflect.DeepEqual(got, shown) {
			t.Errorf("%s: got %v, want %v", what, got, shown)
		}
		told = nil
	}
	w.Decide(mod, w.A, comment.MarkSpam, c.ID)
	want("from waiting to spam", false)
	spam := w.Decide(mod, w.A, comment.Approve, c.ID)
	want("from spam to approved", true)
	w.Undo(mod, w.A, spam.Batch)
	want("and back", true)
	w.Decide(mod, w.A, comment.MarkSpam, c.ID)
	want("unchanged")
	w.Decide(mod, w.A, comment.Hold, c.ID)
	want("from spam to waiting", false)
	_, err := w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID}, "Seen.", nil)
	w.Must(err)
	want("a reply that approves", true, true)
	open := false
	_, err = w.App.SetPage(w.Ctx, mod, w.A, c.Page, sites.PageChange{Open: &open})
	w.Must(err)
	if len(told) != 1 || told[0].Kind != event.Page || !told[0].Shown {
		t.Errorf("a closed page: %+v", told)
	}
}

// Every new version of a comment row is added to all indexes, so a decision must write the row once.
func TestDecide_WritesCommentRowOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	raw, err := sql.Open("sqlite", w.Path)
	w.Must(err)
	defer raw.Close()
	_, err = raw.ExecContext(w.Ctx, `
		CREATE TABLE written (id TEXT);
		CREATE TRIGGER written AFTER UPDATE ON comments BEGIN INSERT INTO written VALUES (new.id); END`)
	w.Must(err)
	written := func() (n int) {
		w.Must(raw.QueryRowContext(w.Ctx, "SELECT COUNT(*) FROM written").Scan(&n))
		_, err := raw.ExecContext(w.Ctx, "DELETE FROM written")
		w.Must(err)
		return n
	}
	one, two := w.Submit(w.A, "One of two comments."), w.Submit(w.A, "The other one, which says more.")
	batch := w.Decide(authz.Operator, w.A, comment.Approve, one.ID, two.ID).Batch
	if n := written(); n != 2 || !w.Comment(w.A, one.ID).Shown {
		t.Errorf("two approvals wrote %d rows, want 2", n)
	}
	w.Undo(authz.Operator, w.A, batch)
	if n := written(); n != 2 || w.Comment(w.A, one.ID).Shown {
		t.Errorf("their undo wrote %d rows, want 2", n)
	}
}

func TestDecide_ConflictNamesTheModeratorWhoUndid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.AddStaff("first", authz.Moderator, "a"), w.AddStaff("second", authz.Moderator, "a")
	c := w.Submit(w.A, "Decided, undone, and decided from an old page.")
	seen := w.Refs(w.A, c.ID)
	w.Undo(first, w.A, w.Decide(first, w.A, comment.Approve, c.ID).Batch)
	out, err := w.App.Decide(w.Ctx, second, w.A, moderation.Choice{Action: comment.Approve, Comments: seen})
	w.Must(err)
	if len(out.Conflicts) != 1 || out.Conflicts[0].Code != "version.stale" || out.Conflicts[0].By != "first" {
		t.Errorf("got %+v, want one stale version, by first", out)
	}
}
