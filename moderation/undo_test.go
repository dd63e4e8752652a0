package moderation_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// place is the part of a comment that an undo restores. Versions only increase.
type place struct {
	State     comment.State
	Reason    comment.Reason
	Note      string
	Standing  uint64
	DecidedAt time.Time
	Shown     bool
	Replies   int
}

func placeOf(c comment.Comment) place {
	return place{c.State, c.Reason, c.Note, c.Standing, c.DecidedAt, c.Shown, c.ShownReplies}
}

func TestUndo_RestoresPreviousState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "Decided again and again.")
	steps := []moderation.Choice{
		{Action: comment.Approve, Note: "Well said."},
		{Action: comment.MarkSpam, Note: "Not so well."},
		{Action: comment.Reject, Reason: comment.ReasonHateSpeech},
		{Action: comment.Hold},
		{Action: comment.Approve},
		{Action: comment.Reject, Reason: comment.ReasonOffTopic, Note: "Elsewhere."},
	}
	var batches []string
	places := []place{placeOf(w.Comment(w.A, c.ID))}
	lessons := []map[uint64]string{w.CountingLessons(w.A)}
	for _, in := range steps {
		w.Clock.Add(time.Second)
		batches = append(batches, w.DecideWith(mod, w.A, in, c.ID).Batch)
		places = append(places, placeOf(w.Comment(w.A, c.ID)))
		lessons = append(lessons, w.CountingLessons(w.A))
	}
	for i := len(batches) - 1; i >= 0; i-- {
		version := w.Comment(w.A, c.ID).Version
		out := w.Undo(mod, w.A, batches[i])
		if out.Done != 1 || len(out.Conflicts) != 0 || out.Batch == "" {
			t.Fatalf("undo of step %d: got %+v, want one undone", i, out)
		}
		got := w.Comment(w.A, c.ID)
		if placeOf(got) != places[i] || got.Version != version+1 {
			t.Errorf("undo of step %d: got %+v in version %d, want %+v in %d", i, placeOf(got), got.Version,
				places[i], version+1)
		}
		if got := w.CountingLessons(w.A); !reflect.DeepEqual(got, lessons[i]) {
			t.Errorf("undo of step %d: lessons %v stand, want %v", i, got, lessons[i])
		}
		for _, batch := range []string{batches[i], out.Batch} {
			if again := w.Undo(mod, w.A, batch); again.Done != 0 || len(again.Conflicts) != 0 || again.Batch != "" {
				t.Errorf("undoing twice, or an undo: got %+v, want nothing undone", again)
			}
		}
	}
}

func TestUndo_ConflictsWithLaterChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod, other := w.AddStaff("mod", authz.Moderator, "a"), w.AddStaff("other", authz.Moderator, "a")
	kept := w.Submit(w.A, "Only decided.")
	again := w.Submit(w.A, "Decided by another since.")
	edited, token := w.SubmitWithToken(w.A, "Edited since it was decided.")
	removed, removedToken := w.SubmitWithToken(w.A, "Withdrawn since it was decided.")
	batch := w.Decide(mod, w.A, comment.Approve, kept.ID, again.ID, edited.ID, removed.ID).Batch
	w.Clock.Add(time.Second)
	decidedAt := w.Clock.Now()
	w.Decide(other, w.A, comment.MarkSpam, again.ID)
	_, _, err := w.App.Edit(w.Ctx, w.A, edited.ID, token, "Quite another text.")
	w.Must(err)
	w.Must(w.App.Withdraw(w.Ctx, w.A, removed.ID, removedToken))

	out := w.Undo(mod, w.A, batch)
	codes := map[string]string{}
	for _, c := range out.Conflicts {
		codes[c.ID] = c.Code
		if c.ID == again.ID && (c.By != "other" || !c.At.Equal(decidedAt) || c.State != comment.Spam) {
			t.Errorf("the conflict lacks the account or the time: %+v", c)
		}
	}
	want := map[string]string{again.ID: "decision.superseded", edited.ID: "version.stale", removed.ID: "comment.removed"}
	if out.Done != 1 || !reflect.DeepEqual(codes, want) {
		t.Errorf("got %d undone and %v, want 1 and %v", out.Done, codes, want)
	}
	if got := w.Comment(w.A, edited.ID); got.State != comment.Pending || got.Version != 3 {
		t.Errorf("the edited comment is %v in version %d", got.State, got.Version)
	}
	_, err = w.App.Undo(w.Ctx, mod, w.A, "nothing", nil)
	apptest.WantCode(t, "an unknown batch", err, "batch.unknown")
}

// An undo must not apply the approval of one text to another text, which no moderator has read.
func TestUndo_NeverPublishesUnapprovedText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c, token := w.SubmitWithToken(w.A, "Harmless words.")
	first := w.Decide(mod, w.A, comment.Approve, c.ID).Batch
	_, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Pills, cheap pills.")
	w.Must(err)
	second := w.Decide(mod, w.A, comment.MarkSpam, c.ID).Batch
	if out := w.Undo(mod, w.A, second); out.Done != 1 {
		t.Fatalf("undo of spam: %+v", out)
	}
	if got := w.Comment(w.A, c.ID); got.State != comment.Pending || got.Shown {
		t.Errorf("the edited text is %v, shown %v", got.State, got.Shown)
	}
	if got := w.CountingLessons(w.A); len(got) != 1 || got[w.Comment(w.A, c.ID).Standing] != "ham: Harmless words." {
		t.Errorf("lessons: got %v, want that of the text approved", got)
	}
	if out := w.Undo(mod, w.A, first); out.Done != 0 || len(out.Conflicts) != 1 ||
		out.Conflicts[0].Code != "version.stale" {
		t.Errorf("undo of the approval of the text before: %+v, want a conflict", out)
	}
}

func TestUndo_HidesRepliedCommentAndThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	root := w.Submit(w.A, "The root of it.")
	w.Decide(mod, w.A, comment.Approve, root.ID)
	leaf := w.Reply(w.A, root.ID, "An answer to it.")
	batch := w.Decide(mod, w.A, comment.Approve, leaf.ID).Batch
	gone := w.Decide(mod, w.A, comment.MarkSpam, root.ID).Batch
	thread := w.Thread(w.A)
	if len(thread.Comments) != 2 || thread.Count != 1 || thread.Comments[0].State == comment.Approved {
		t.Errorf("a refused root with an answer keeps its place: got %d comments, count %d",
			len(thread.Comments), thread.Count)
	}
	w.Undo(mod, w.A, batch)
	if thread := w.Thread(w.A); len(thread.Comments) != 0 || thread.Count != 0 {
		t.Errorf("without the answer nothing is left: got %d comments", len(thread.Comments))
	}
	w.Undo(mod, w.A, gone)
	if thread := w.Thread(w.A); len(thread.Comments) != 1 || thread.Comments[0].ID != root.ID {
		t.Errorf("the root came back: got %+v", thread.Comments)
	}
}

func TestUndo_RestoresPolicyApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	site, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"moderation": "none"})
	w.Must(err)
	c := w.Submit(site, "Published by nobody.")
	if c.State != comment.Approved {
		t.Fatalf("with moderation=none the comment is %v", c.State)
	}
	batch := w.Decide(mod, site, comment.MarkSpam, c.ID).Batch
	w.Undo(mod, site, batch)
	got := w.Comment(site, c.ID)
	if got.State != comment.Approved || got.Standing != 0 || len(w.CountingLessons(site)) != 0 {
		t.Errorf("got %v by %d with lessons %v, want it published by no decision", got.State, got.Standing, w.CountingLessons(site))
	}
	_, story, err := w.App.Item(w.Ctx, mod, site, c.ID)
	w.Must(err)
	if len(story) != 3 || !story[0].Auto || story[0].By != "" || story[1].Name != "mod" ||
		story[2].Undoes != story[1].Seq {
		t.Errorf("its history is %+v, want the setting, the decision and the undo", story)
	}
}

func TestLastBatches_OwnBatchesNewestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod, other := w.AddStaff("mod", authz.Moderator, "a"), w.AddStaff("other", authz.Moderator, "a")
	var own []string
	for _, text := range []string{"First.", "Second.", "Third."} {
		c, d := w.Submit(w.A, text), w.Submit(w.A, "Another "+text)
		own = append([]string{w.Decide(mod, w.A, comment.Approve, c.ID, d.ID).Batch}, own...)
		w.Decide(other, w.A, comment.MarkSpam, w.Submit(w.A, "Not mine. "+text).ID)
	}
	taken, token := w.SubmitWithToken(w.A, "Edited since.")
	w.Decide(mod, w.A, comment.Approve, taken.ID)
	_, _, err := w.App.Edit(w.Ctx, w.A, taken.ID, token, "Edited since, so no undo reaches it.")
	w.Must(err)
	for {
		got, err := w.App.LastBatches(w.Ctx, mod, w.A, 10)
		w.Must(err)
		if len(got)+len(own) > 0 && !reflect.DeepEqual(got, own) {
			t.Fatalf("got %v, want %v", got, own)
		}
		if len(own) == 0 {
			break
		}
		w.Undo(mod, w.A, own[0])
		own = own[1:]
	}
}

// The log entry of an undo records the new state of the comment, and which decision is in effect again.
func TestUndo_LogsTheDecisionItRestores(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.Submit(w.A, "Rejected with a note, then approved.")
	w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOffTopic,
		Note: "Not about bread."}, c.ID)
	rejected := w.Comment(w.A, c.ID)
	approved := w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	undone := w.Undo(authz.Operator, w.A, approved.Batch)
	entries := w.Entries(undone.Batch)
	if len(entries) != 1 {
		t.Fatalf("%d entries, want 1", len(entries))
	}
	got, undoes := entries[0], w.Entries(approved.Batch)[0].Seq
	want := auditlog.Ruling{Action: comment.Reject, Reason: comment.ReasonOffTopic, Note: "Not about bread.",
		From: comment.Approved, To: comment.Rejected, Before: undoes, Restores: rejected.Standing}
	if got.Undoes != undoes || got.Action != want.Action || got.Reason != want.Reason || got.Note != want.Note ||
		got.From != want.From || got.To != want.To || got.Before != want.Before || got.Restores != want.Restores {
		t.Errorf("got %+v, want it to undo %d with %+v", got, undoes, want)
	}
}
