package moderation_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

func TestAStaffReplyIsPublishedAtOnceUnderItsBadge(t *testing.T) {
	w := newWorld(t)
	author, mod := w.person("author", people.Author, "a"), w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "What does it cost?")
	w.decide(mod, w.a, decision.Approve, c.ID)
	before := w.standing(w.a)
	out, err := w.s.Reply(w.ctx, author, w.a, moderation.Ref{ID: c.ID}, "Nothing, **ever**.", nil)
	w.must(err)
	if out.Batch != "" {
		t.Errorf("an answer to what is visible made batch %q", out.Batch)
	}
	thread := w.thread(w.a)
	if len(thread.Comments) != 2 || thread.Count != 2 {
		t.Fatalf("readers see %d comments, count %d, want 2", len(thread.Comments), thread.Count)
	}
	r := thread.Comments[1]
	if r.ID != out.ID || r.Parent != c.ID || r.Depth != 1 || r.Badge != "author" || r.Name != "author" ||
		!strings.Contains(r.HTML, "<strong>ever</strong>") {
		t.Errorf("got %q by %q (%s) below %q at depth %d", r.HTML, r.Name, r.Badge, r.Parent, r.Depth)
	}
	if len(before) != 1 || len(w.standing(w.a)) != 1 {
		t.Errorf("the reply taught something: %v", w.standing(w.a))
	}
}

func TestAModeratorsReplyApprovesWhatWaitsInTheSameBatch(t *testing.T) {
	w := newWorld(t)
	author, mod := w.person("author", people.Author, "a"), w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "Is anybody there?")
	_, err := w.s.Reply(w.ctx, author, w.a, moderation.Ref{ID: c.ID}, "Yes.", nil)
	wantCode(t, "an author's answer to what waits", err, "role.insufficient")
	out, err := w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID, Version: c.Version}, "Yes.", nil)
	w.must(err)
	if got := w.comment(w.a, c.ID); got.State != decision.Approved || got.Version != 2 || out.Batch == "" {
		t.Errorf("the comment is %v in version %d, batch %q", got.State, got.Version, out.Batch)
	}
	if thread := w.thread(w.a); len(thread.Comments) != 2 {
		t.Errorf("readers see %d comments, want both", len(thread.Comments))
	}
	if got := w.standing(w.a); len(got) != 1 || got[1] != "ham: Is anybody there?" {
		t.Errorf("lessons: got %v, want the approval's alone", got)
	}
	if back := w.undo(mod, w.a, out.Batch); back.Done != 1 {
		t.Fatalf("undo: %+v", back)
	}
	thread := w.thread(w.a)
	if len(thread.Comments) != 2 || thread.Count != 1 || thread.Comments[0].HTML != "" || thread.Comments[0].Name != "" {
		t.Errorf("after undo the comment keeps its place only: %+v", thread.Comments[0])
	}
}

func TestAReplyIsRefusedWhereItWouldStandUnderNothingReadersSee(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	spam, gone := w.submit(w.a, "Buy pills."), "withdrawn"
	w.decide(mod, w.a, decision.MarkSpam, spam.ID)
	edited, token := w.submitOwn(w.a, "As the moderator read it.")
	_, _, err := w.s.Edit(w.ctx, w.a, edited.ID, token, "As nobody read it.")
	w.must(err)
	removed, removedToken := w.submitOwn(w.a, "Taken back by its writer.")
	w.must(w.s.Withdraw(w.ctx, w.a, removed.ID, removedToken))
	deep := w.submit(w.a, "The first of many.")
	for i := range 63 {
		out, err := w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: deep.ID}, "Deeper.", nil)
		if err != nil {
			t.Fatalf("depth %d: %v", i+1, err)
		}
		deep = out.Comment
	}
	for _, tt := range []struct {
		name, body string
		to         moderation.Ref
		want       string
	}{
		{"refused", "No.", moderation.Ref{ID: spam.ID}, "parent.unknown"},
		{"withdrawn", "No.", moderation.Ref{ID: removed.ID}, "parent.unknown"},
		{"edited since", "No.", moderation.Ref{ID: edited.ID, Version: 1}, "version.stale"},
		{"unknown", "No.", moderation.Ref{ID: gone}, "comment.unknown"},
		{"too deep", "No.", moderation.Ref{ID: deep.ID}, "field.invalid"},
		{"empty", " \n ", moderation.Ref{ID: edited.ID}, "comment.empty"},
		{"too long", strings.Repeat("д", 10_001), moderation.Ref{ID: edited.ID}, "comment.too_long"},
		{"no text", "\xff", moderation.Ref{ID: edited.ID}, "comment.not_utf8"},
	} {
		_, err := w.s.Reply(w.ctx, mod, w.a, tt.to, tt.body, nil)
		wantCode(t, tt.name, err, tt.want)
	}
	if got := w.comment(w.a, edited.ID); got.State != decision.Pending {
		t.Errorf("a refused reply approved what nobody read: %v", got.State)
	}
}

func TestARepeatedReplyIsOneReply(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "Answer me once.")
	key := &ground.Key{Site: w.a.ID, Route: "reply", Account: mod.Account.ID, Value: "0123456789abcdef"}
	first, err := w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID}, "Once.", key)
	w.must(err)
	second, err := w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID}, "Once.", key)
	w.must(err)
	if first.Replayed || !second.Replayed || first.ID != second.ID || first.Batch != second.Batch {
		t.Errorf("got %v and %v, want the same answer", first, second)
	}
	if n := len(w.thread(w.a).Comments); n != 2 {
		t.Errorf("readers see %d comments, want 2", n)
	}
}

func TestStaffAnswerOnAClosedPage(t *testing.T) {
	w := newWorld(t)
	mod := w.person("mod", people.Moderator, "a")
	c := w.submit(w.a, "The last word?")
	closed := false
	page, err := w.s.SetPage(w.ctx, mod, w.a, c.Page, moderation.PageChange{Open: &closed})
	w.must(err)
	if page.Open || page.Pending != 1 || page.Approved != 0 {
		t.Errorf("got %+v, want it closed with one waiting", page)
	}
	_, err = w.s.Submit(w.ctx, w.a, moderation.Submission{PageURL: "https://a.example/post", Body: "Too late."})
	wantCode(t, "a reader's comment", err, "page.closed")
	_, err = w.s.Reply(w.ctx, mod, w.a, moderation.Ref{ID: c.ID}, "No, this is.", nil)
	wantCode(t, "a moderator's answer", err, "")
}
