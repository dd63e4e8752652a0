package moderation_test

import (
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/sites"
)

const untitled = "https://a.example/strange/place"

// brought posts a comment with a title to a page that has no title yet.
func (w *world) brought(title, body string) comment.Comment {
	w.T.Helper()
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: untitled, PageTitle: title, Body: body})
	w.Must(err)
	return w.Comment(w.A, out.ID)
}

// called fails the test unless readers see the given page title.
func (w *world) called(when, want string) {
	w.T.Helper()
	th, err := w.App.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: untitled})
	w.Must(err)
	if got := th.Page.Name(); got != want {
		w.T.Errorf("%s: the page is called %q, want %q", when, got, want)
	}
}

func TestPageTitle_PublicWithComment(t *testing.T) {
	t.Parallel()
	const path = "/strange/place"
	w := newWorld(t)
	w.called("no comment", path)
	spam := w.brought("CALL 900", "Buy from us, all of you, today.")
	honest := w.brought("On bread", "My bread never rises in winter.")
	w.called("two wait", path)
	w.Decide(authz.Operator, w.A, comment.MarkSpam, spam.ID)
	w.called("the first is spam", path)

	batch := w.Decide(authz.Operator, w.A, comment.Approve, honest.ID).Batch
	w.called("the second is approved", "On bread")
	later := w.brought("CALL 901", "The oven matters more than the flour.")
	w.Decide(authz.Operator, w.A, comment.Approve, later.ID)
	w.called("another is approved", "On bread")
	_, err := w.App.Undo(w.Ctx, authz.Operator, w.A, batch, nil)
	w.Must(err)
	w.called("undone", path)

	w.Decide(authz.Operator, w.A, comment.Approve, honest.ID)
	w.Decide(authz.Operator, w.A, comment.MarkSpam, later.ID)
	w.called("approved again, and another refused", "On bread")
	w.Decide(authz.Operator, w.A, comment.Reject, honest.ID)
	w.called("refused", path)
}

func TestPageTitle_StaffTitleStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.brought("CALL 900", "My bread never rises in winter.")
	it, _, err := w.App.Item(w.Ctx, authz.Operator, w.A, c.ID)
	w.Must(err)
	if got := it.Title(); got != "CALL 900" {
		t.Errorf("approving is said to make %q the title, want %q", got, "CALL 900")
	}
	title := "On bread"
	_, err = w.App.SetPage(w.Ctx, authz.Operator, w.A, c.Page, sites.PageChange{Title: &title})
	w.Must(err)
	w.called("set by staff while the comment waits", title)
	if it, _, err = w.App.Item(w.Ctx, authz.Operator, w.A, c.ID); err != nil || it.Title() != "" {
		t.Errorf("approving is said to make %q the title of a page that has one, %v", it.Title(), err)
	}
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	w.called("approved", title)
	w.Decide(authz.Operator, w.A, comment.MarkSpam, c.ID)
	w.called("refused", title)
}

// A comment that a policy publishes sets the title of its page; a pending comment does not.
func TestPageTitle_AutoPublishedComment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 80, 40)
	waits := w.brought("CALL 900", "Buy from us, all of you, today.")
	if err := w.turnOn("a"); err != nil {
		t.Fatal(err)
	}
	c := w.brought("On bread", "My bread never rises in winter.")
	if waits.State != comment.Pending || c.State != comment.Approved {
		t.Fatalf("got %v and %v, want one that waits and one that was published", waits.State, c.State)
	}
	w.called("published", "On bread")
}

// An edited comment is pending again, and so is the page title that it brought.
func TestPageTitle_EditRemovesTitle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: untitled, PageTitle: "On bread",
		Body: "My bread never rises in winter."})
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
	w.called("approved", "On bread")
	_, _, err = w.App.Edit(w.Ctx, w.A, out.ID, out.EditToken, "Buy from us, all of you, today.")
	w.Must(err)
	w.called("edited", "/strange/place")
}
