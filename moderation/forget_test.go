package moderation_test

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// telling submits a comment whose text and commenter fields all contain the word "quagga".
func (w *world) telling() (moderation.Submission, moderation.Submitted) {
	w.T.Helper()
	in := moderation.Submission{
		PageURL: "https://a.example/post", PageTitle: "The Quagga's post", Name: "Quagga Writer",
		Email: "quagga@mail.example", Website: "https://quagga.example/", Address: netip.MustParseAddr("192.0.2.7"),
		Body: "By the river I saw **a quagga**, and it saw me.",
		Key:  &txn.IdempotencyKey{Site: w.A.ID, Route: "comments", Value: "0123456789abcdef", Body: []byte("b")},
	}
	out, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	return in, out
}

// forgot reports whether a comment is erased except for its place in the thread.
func (w *world) forgot(id string) bool {
	c := w.Comment(w.A, id)
	return c.IsForgotten() && c.Name+c.Email+c.Website+c.Source+c.HTML()+c.PageTitle == "" &&
		c.Writer == nil && c.Address == nil && c.Same == nil
}

func TestRetention_ErasesWithdrawnComments(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	onBoth(t, func(t *testing.T, w *world) {
		var err error
		w.A, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"grace_days": "7"})
		w.Must(err)
		_, old := w.telling()
		w.Decide(authz.Operator, w.A, comment.Approve, old.ID)
		answer := w.Reply(w.A, old.ID, "How large was it?")
		w.Decide(authz.Operator, w.A, comment.Approve, answer.ID)
		young, token := w.SubmitWithToken(w.A, "This is withdrawn later.")
		other, _ := w.SubmitWithToken(w.A, "Nobody withdraws this.")
		undecided, its := w.SubmitWithToken(w.A, "An okapi stood behind the barn.") // without a decision, so without a lesson
		w.Must(w.App.Withdraw(w.Ctx, w.A, undecided.ID, its))
		w.Must(w.App.Withdraw(w.Ctx, w.A, old.ID, old.EditToken))
		w.Clock.Add(day)
		w.Must(w.App.Withdraw(w.Ctx, w.A, young.ID, token))
		w.Clock.Add(6*day + time.Second)
		taught := w.CountingLessons(w.A)

		ctx, stop := context.WithCancel(w.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- w.App.Moderation.Run(ctx) }()
		testkit.Until(t, "the old ones are forgotten", func() bool { return w.forgot(old.ID) && w.forgot(undecided.ID) })
		stop()
		w.Must(<-ended)

		if w.Path != "" { // SQLite overwrites erased pages soon afterwards
			testkit.Until(t, "the okapi is not in the file", func() bool { return w.CountInFile("okapi") == 0 })
		}
		if got := w.CountingLessons(w.A); len(taught) != 2 || !maps.Equal(got, taught) {
			t.Errorf("of what two comments taught is left %v, want all of %v", got, taught)
		}
		if c := w.Comment(w.A, young.ID); !c.IsRetained() || c.Name == "" {
			t.Errorf("withdrawn six days ago, of seven: %+v", c)
		}
		if c := w.Comment(w.A, other.ID); c.Name == "" {
			t.Errorf("not withdrawn: %+v", c)
		}
		th, err := w.App.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: "https://a.example/post"})
		w.Must(err)
		if len(th.Comments) != 2 || th.Comments[0].ID != old.ID || th.Comments[0].State != comment.Removed {
			t.Errorf("the thread has lost the place of the one that was answered: %+v", th.Comments)
		}
		it, history, err := w.App.Item(w.Ctx, authz.Operator, w.A, old.ID)
		w.Must(err)
		if it.Comment.State != comment.Removed || len(history) != 1 {
			t.Errorf("moderators see %+v, decided %v", it.Comment, history)
		}
	})
}

func TestForget_LeavesNoByte(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*world, moderation.Submitted) error{
		"by its writer": func(w *world, c moderation.Submitted) error {
			return errors.Join(
				w.App.WithdrawAndForget(w.Ctx, w.A, c.ID, c.EditToken),
				w.App.WithdrawAndForget(w.Ctx, w.A, c.ID, c.EditToken)) // repeated by a client that got no response
		},
		"by an owner": func(w *world, c moderation.Submitted) error {
			apptest.WantCode(w.T, "forget what waits", w.App.Forget(w.Ctx, authz.Operator, w.A, c.ID), "comment.not_removed")
			return errors.Join(
				w.App.Withdraw(w.Ctx, w.A, c.ID, c.EditToken),
				w.App.Forget(w.Ctx, authz.Operator, w.A, c.ID),
				w.App.Forget(w.Ctx, authz.Operator, w.A, c.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in, c := w.telling()
			if w.CountInFile("quagga") == 0 || w.CountInFile("Quagga") == 0 {
				t.Fatal("there was no quagga in the file")
			}
			w.Must(forget(w, c))
			if !w.forgot(c.ID) {
				t.Errorf("left is %+v", w.Comment(w.A, c.ID))
			}
			if n := w.CountInFile("quagga") + w.CountInFile("Quagga"); n > 0 {
				t.Errorf("the quagga is %d times in the file", n)
			}

			again, err := w.App.Submit(w.Ctx, w.A, in)
			w.Must(err)
			if !again.Replayed || again.ID != c.ID || again.HTML != "" {
				t.Errorf("the same request again: got %+v", again)
			}
			_, _, err = w.App.OwnComment(w.Ctx, w.A, c.ID, c.EditToken)
			apptest.WantCode(t, "its writer asks", err, "comment.unknown")
		})
	}
}
