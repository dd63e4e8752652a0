package moderation_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/txn"
)

func TestReply_PublishedWithBadge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	author, mod := w.AddStaff("author", authz.Author, "a"), w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "What does it cost?")
	w.Decide(mod, w.A, comment.Approve, c.ID)
	before := w.CountingLessons(w.A)
	out, err := w.App.Reply(w.Ctx, author, w.A, moderation.Ref{ID: c.ID}, "Nothing, **ever**.", nil)
	w.Must(err)
	if out.Batch != "" {
		t.Errorf("an answer to what is visible made batch %q", out.Batch)
	}
	thread := w.Thread(w.A)
	if len(thread.Comments) != 2 || thread.Count != 2 {
		t.Fatalf("readers see %d comments, count %d, want 2", len(thread.Comments), thread.Count)
	}
	r := thread.Comments[1]
	if r.ID != out.ID || r.Parent != c.ID || r.Depth != 1 || r.Badge != "author" || r.Name != "author" ||
		!strings.Contains(r.HTML(), "<strong>ever</strong>") {
		t.Errorf("got %q by %q (%s) below %q at depth %d", r.HTML(), r.Name, r.Badge, r.Parent, r.Depth)
	}
	if len(before) != 1 || len(w.CountingLessons(w.A)) != 1 {
		t.Errorf("the reply taught something: %v", w.CountingLessons(w.A))
	}
}

func TestReply_ApprovesPendingParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	author, mod := w.AddStaff("author", authz.Author, "a"), w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "Is anybody there?")
	_, err := w.App.Reply(w.Ctx, author, w.A, moderation.Ref{ID: c.ID}, "Yes.", nil)
	apptest.WantCode(t, "an author's answer to what waits", err, "role.insufficient")
	out, err := w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID, Version: c.Version}, "Yes.", nil)
	w.Must(err)
	if got := w.Comment(w.A, c.ID); got.State != comment.Approved || got.Version != 2 || out.Batch == "" {
		t.Errorf("the comment is %v in version %d, batch %q", got.State, got.Version, out.Batch)
	}
	if thread := w.Thread(w.A); len(thread.Comments) != 2 {
		t.Errorf("readers see %d comments, want both", len(thread.Comments))
	}
	if got := w.CountingLessons(w.A); len(got) != 1 || got[1] != "ham: Is anybody there?" {
		t.Errorf("lessons: got %v, want the approval's alone", got)
	}
	if back := w.Undo(mod, w.A, out.Batch); back.Done != 1 {
		t.Fatalf("undo: %+v", back)
	}
	thread := w.Thread(w.A)
	if len(thread.Comments) != 2 || thread.Count != 1 || thread.Comments[0].HTML() != "" || thread.Comments[0].Name != "" {
		t.Errorf("after undo the comment keeps its place only: %+v", thread.Comments[0])
	}
}

func TestReply_RefusesHiddenParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	spam, gone := w.Submit(w.A, "Buy pills."), "withdrawn"
	w.Decide(mod, w.A, comment.MarkSpam, spam.ID)
	edited, token := w.SubmitWithToken(w.A, "As the moderator read it.")
	_, _, err := w.App.Edit(w.Ctx, w.A, edited.ID, token, "As nobody read it.")
	w.Must(err)
	removed, removedToken := w.SubmitWithToken(w.A, "Taken back by its writer.")
	w.Must(w.App.Withdraw(w.Ctx, w.A, removed.ID, removedToken))
	deep := w.Submit(w.A, "The first of many.")
	for i := range 63 {
		out, err := w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: deep.ID}, "Deeper.", nil)
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
		_, err := w.App.Reply(w.Ctx, mod, w.A, tt.to, tt.body, nil)
		apptest.WantCode(t, tt.name, err, tt.want)
	}
	if got := w.Comment(w.A, edited.ID); got.State != comment.Pending {
		t.Errorf("a refused reply approved what nobody read: %v", got.State)
	}
}

func TestReply_IdempotencyKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "Answer me once.")
	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "reply", Account: mod.Account.ID, Value: "0123456789abcdef"}
	first, err := w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID}, "Once.", key)
	w.Must(err)
	second, err := w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID}, "Once.", key)
	w.Must(err)
	if first.Replayed || !second.Replayed || first.ID != second.ID || first.Batch != second.Batch {
		t.Errorf("got %v and %v, want the same answer", first, second)
	}
	if n := len(w.Thread(w.A).Comments); n != 2 {
		t.Errorf("readers see %d comments, want 2", n)
	}
}

func TestReply_ClosedPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a")
	c := w.Submit(w.A, "The last word?")
	closed := false
	page, err := w.App.SetPage(w.Ctx, mod, w.A, c.Page, sites.PageChange{Open: &closed})
	w.Must(err)
	if page.Open || page.Pending != 1 || page.Approved != 0 {
		t.Errorf("got %+v, want it closed with one waiting", page)
	}
	_, err = w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Body: "Too late."})
	apptest.WantCode(t, "a reader's comment", err, "page.closed")
	_, err = w.App.Reply(w.Ctx, mod, w.A, moderation.Ref{ID: c.ID}, "No, this is.", nil)
	apptest.WantCode(t, "a moderator's answer", err, "")
}
