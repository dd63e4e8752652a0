package moderation_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// place is what an undo must bring back of a comment; versions only ever rise.
type place struct {
	State     decision.State
	Reason    decision.Reason
	Note      string
	Standing  uint64
	DecidedAt time.Time
	Shown     bool
	Replies   int
}

func placeOf(c comment.Comment) place {
	return place{c.State, c.Reason, c.Note, c.Standing, c.DecidedAt, c.Shown, c.ShownReplies}
}

func TestUndoRestoresWhatStoodBefore(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "Decided again and again.")
	steps := []moderation.Choice{
		{Action: decision.Approve, Note: "Well said."},
		{Action: decision.MarkSpam, Note: "Not so well."},
		{Action: decision.Reject, Reason: decision.ReasonHateSpeech},
		{Action: decision.Hold},
		{Action: decision.Approve},
		{Action: decision.Reject, Reason: decision.ReasonOffTopic, Note: "Elsewhere."},
	}
	var batches []string
	places := []place{placeOf(w.comment(w.a, c.ID))}
	lessons := []map[uint64]string{w.standing(w.a)}
	for _, in := range steps {
		w.clock.add(time.Second)
		batches = append(batches, w.choose(mod, w.a, in, c.ID).Batch)
		places = append(places, placeOf(w.comment(w.a, c.ID)))
		lessons = append(lessons, w.standing(w.a))
	}
	for i := len(batches) - 1; i >= 0; i-- {
		version := w.comment(w.a, c.ID).Version
		out := w.undo(mod, w.a, batches[i])
		if out.Done != 1 || len(out.Conflicts) != 0 || out.Batch == "" {
			t.Fatalf("undo of step %d: got %+v, want one undone", i, out)
		}
		got := w.comment(w.a, c.ID)
		if placeOf(got) != places[i] || got.Version != version+1 {
			t.Errorf("undo of step %d: got %+v in version %d, want %+v in %d", i, placeOf(got), got.Version, places[i], version+1)
		}
		if got := w.standing(w.a); !reflect.DeepEqual(got, lessons[i]) {
			t.Errorf("undo of step %d: lessons %v stand, want %v", i, got, lessons[i])
		}
		for _, batch := range []string{batches[i], out.Batch} {
			if again := w.undo(mod, w.a, batch); again.Done != 0 || len(again.Conflicts) != 0 || again.Batch != "" {
				t.Errorf("undoing twice, or an undo: got %+v, want nothing undone", again)
			}
		}
	}
}

func TestUndoLeavesAloneWhatChangedSince(t *testing.T) {
	w := newWorld(t)
	mod, other := w.person("mod", people.Moderator, "a"), w.person("other", people.Moderator, "a")
	kept := w.submit(w.a, "Only decided.")
	again := w.submit(w.a, "Decided by another since.")
	edited, token := w.submitOwn(w.a, "Edited since it was decided.")
	removed, removedToken := w.submitOwn(w.a, "Withdrawn since it was decided.")
	batch := w.decide(mod, w.a, decision.Approve, kept.ID, again.ID, edited.ID, removed.ID).Batch
	w.clock.add(time.Second)
	decidedAt := w.clock.Now()
	w.decide(other, w.a, decision.MarkSpam, again.ID)
	_, _, err := w.s.Edit(w.ctx, w.a, edited.ID, token, "Quite another text.")
	w.must(err)
	w.must(w.s.Withdraw(w.ctx, w.a, removed.ID, removedToken))

	out := w.undo(mod, w.a, batch)
	codes := map[string]string{}
	for _, c := range out.Conflicts {
		codes[c.ID] = c.Code
		if c.ID == again.ID && (c.By != "other" || !c.At.Equal(decidedAt) || c.State != decision.Spam) {
			t.Errorf("the conflict does not say who and when: %+v", c)
		}
	}
	want := map[string]string{again.ID: "decision.superseded", edited.ID: "version.stale", removed.ID: "comment.removed"}
	if out.Done != 1 || !reflect.DeepEqual(codes, want) {
		t.Errorf("got %d undone and %v, want 1 and %v", out.Done, codes, want)
	}
	if got := w.comment(w.a, edited.ID); got.State != decision.Pending || got.Version != 3 {
		t.Errorf("the edited comment is %v in version %d", got.State, got.Version)
	}
	_, err = w.s.Undo(w.ctx, mod, w.a, "nothing", nil)
	wantCode(t, "an unknown batch", err, "batch.unknown")
}

// An approval of one text must not come back to another that nobody has read.
func TestUndoNeverPublishesATextThatNobodyApproved(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c, token := w.submitOwn(w.a, "Harmless words.")
	first := w.decide(mod, w.a, decision.Approve, c.ID).Batch
	_, _, err := w.s.Edit(w.ctx, w.a, c.ID, token, "Pills, cheap pills.")
	w.must(err)
	second := w.decide(mod, w.a, decision.MarkSpam, c.ID).Batch
	if out := w.undo(mod, w.a, second); out.Done != 1 {
		t.Fatalf("undo of spam: %+v", out)
	}
	if got := w.comment(w.a, c.ID); got.State != decision.Pending || got.Shown {
		t.Errorf("the edited text is %v, shown %v", got.State, got.Shown)
	}
	if got := w.standing(w.a); len(got) != 1 || got[w.comment(w.a, c.ID).Standing] != "ham: Harmless words." {
		t.Errorf("lessons: got %v, want that of the text approved", got)
	}
	if out := w.undo(mod, w.a, first); out.Done != 0 || len(out.Conflicts) != 1 || out.Conflicts[0].Code != "version.stale" {
		t.Errorf("undo of the approval of the text before: %+v, want a conflict", out)
	}
}

func TestUndoTakesARepliedCommentAndItsThreadOutOfSight(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	root := w.submit(w.a, "The root of it.")
	w.decide(mod, w.a, decision.Approve, root.ID)
	leaf := w.answer(w.a, root.ID, "An answer to it.")
	batch := w.decide(mod, w.a, decision.Approve, leaf.ID).Batch
	gone := w.decide(mod, w.a, decision.MarkSpam, root.ID).Batch
	thread := w.thread(w.a)
	if len(thread.Comments) != 2 || thread.Count != 1 || thread.Comments[0].State == decision.Approved {
		t.Errorf("a refused root with an answer keeps its place: got %d comments, count %d", len(thread.Comments), thread.Count)
	}
	w.undo(mod, w.a, batch)
	if thread := w.thread(w.a); len(thread.Comments) != 0 || thread.Count != 0 {
		t.Errorf("without the answer nothing is left: got %d comments", len(thread.Comments))
	}
	w.undo(mod, w.a, gone)
	if thread := w.thread(w.a); len(thread.Comments) != 1 || thread.Comments[0].ID != root.ID {
		t.Errorf("the root came back: got %+v", thread.Comments)
	}
}

func TestUndoGivesBackWhatTheSitesSettingHadPublished(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	site, err := w.s.SetSite(w.ctx, people.Operator, "a", ground.SiteChange{Settings: map[string]string{"moderation": "none"}})
	w.must(err)
	c := w.submit(site, "Published by nobody.")
	if c.State != decision.Approved {
		t.Fatalf("with moderation=none the comment is %v", c.State)
	}
	batch := w.decide(mod, site, decision.MarkSpam, c.ID).Batch
	w.undo(mod, site, batch)
	got := w.comment(site, c.ID)
	if got.State != decision.Approved || got.Standing != 0 || len(w.standing(site)) != 0 {
		t.Errorf("got %v by %d with lessons %v, want it published by no decision", got.State, got.Standing, w.standing(site))
	}
	_, story, err := w.s.Item(w.ctx, mod, site, c.ID)
	w.must(err)
	if len(story) != 3 || !story[0].Auto || story[0].By != "" || story[1].Name != "mod" || story[2].Undoes != story[1].Seq {
		t.Errorf("its history is %+v, want the setting, the decision and the undo", story)
	}
}

func TestTheKeyZWalksBackThroughOnesOwnBatches(t *testing.T) {
	w := newWorld(t)
	mod, other := w.person("mod", people.Moderator, "a"), w.person("other", people.Moderator, "a")
	var own []string
	for _, text := range []string{"First.", "Second.", "Third."} {
		c, d := w.submit(w.a, text), w.submit(w.a, "Another "+text)
		own = append([]string{w.decide(mod, w.a, decision.Approve, c.ID, d.ID).Batch}, own...)
		w.decide(other, w.a, decision.MarkSpam, w.submit(w.a, "Not mine. "+text).ID)
	}
	taken, token := w.submitOwn(w.a, "Edited since.")
	w.decide(mod, w.a, decision.Approve, taken.ID)
	_, _, err := w.s.Edit(w.ctx, w.a, taken.ID, token, "Edited since, so no undo reaches it.")
	w.must(err)
	for {
		got, err := w.s.LastBatches(w.ctx, mod, w.a, 10)
		w.must(err)
		if len(got)+len(own) > 0 && !reflect.DeepEqual(got, own) {
			t.Fatalf("got %v, want %v", got, own)
		}
		if len(own) == 0 {
			break
		}
		w.undo(mod, w.a, own[0])
		own = own[1:]
	}
}
