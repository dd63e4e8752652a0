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

// telling is a comment in which everything that its writer gives tells of a quagga.
func (w *world) telling() (moderation.Submission, moderation.Submitted) {
	w.T.Helper()
	in := moderation.Submission{
		PageURL: "https://a.example/post", PageTitle: "The Quagga's post", Name: "Quagga Writer",
		Email: "quagga@mail.example", Website: "https://quagga.example/", Address: netip.MustParseAddr("192.0.2.7"),
		Body: "By the river I saw **a quagga**, and it saw me.",
		Key:  &txn.Key{Site: w.A.ID, Route: "comments", Value: "0123456789abcdef", Body: []byte("b")},
	}
	out, err := w.S.Submit(w.Ctx, w.A, in)
	w.Must(err)
	return in, out
}

// forgot reports whether nothing of a comment is left but its place.
func (w *world) forgot(id string) bool {
	c := w.Comment(w.A, id)
	return c.IsForgotten() && c.Name+c.Email+c.Website+c.Source+c.HTML+c.PageTitle == "" &&
		c.Writer == nil && c.Address == nil && c.Same == nil
}

func TestWhatItsWriterWithdrewIsForgottenAfterItsTime(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	onBoth(t, func(t *testing.T, w *world) {
		var err error
		w.A, err = w.S.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"grace_days": "7"})
		w.Must(err)
		_, old := w.telling()
		w.Decide(authz.Operator, w.A, comment.Approve, old.ID)
		answer := w.Answer(w.A, old.ID, "How large was it?")
		w.Decide(authz.Operator, w.A, comment.Approve, answer.ID)
		young, token := w.SubmitOwn(w.A, "This is withdrawn later.")
		other, _ := w.SubmitOwn(w.A, "Nobody withdraws this.")
		undecided, its := w.SubmitOwn(w.A, "An okapi stood behind the barn.") // which taught nobody
		w.Must(w.S.Withdraw(w.Ctx, w.A, undecided.ID, its))
		w.Must(w.S.Withdraw(w.Ctx, w.A, old.ID, old.EditToken))
		w.Clock.Add(day)
		w.Must(w.S.Withdraw(w.Ctx, w.A, young.ID, token))
		w.Clock.Add(6*day + time.Second)
		taught := w.Standing(w.A)

		ctx, stop := context.WithCancel(w.Ctx)
		ended := make(chan error, 1)
		go func() { ended <- w.S.Moderation.Run(ctx) }()
		testkit.Until(t, "the old ones are forgotten", func() bool { return w.forgot(old.ID) && w.forgot(undecided.ID) })
		stop()
		w.Must(<-ended)

		if w.Path != "" && w.InFile("okapi") != 0 {
			t.Errorf("the okapi is %d times in the file", w.InFile("okapi"))
		}
		if got := w.Standing(w.A); len(taught) != 2 || !maps.Equal(got, taught) {
			t.Errorf("of what two comments taught is left %v, want all of %v", got, taught)
		}
		if c := w.Comment(w.A, young.ID); !c.IsKept() || c.Name == "" {
			t.Errorf("withdrawn six days ago, of seven: %+v", c)
		}
		if c := w.Comment(w.A, other.ID); c.Name == "" {
			t.Errorf("not withdrawn: %+v", c)
		}
		th, err := w.S.Thread(w.Ctx, w.A, comment.ThreadRequest{PageURL: "https://a.example/post"})
		w.Must(err)
		if len(th.Comments) != 2 || th.Comments[0].ID != old.ID || th.Comments[0].State != comment.Removed {
			t.Errorf("the thread has lost the place of the one that was answered: %+v", th.Comments)
		}
		it, history, err := w.S.Item(w.Ctx, authz.Operator, w.A, old.ID)
		w.Must(err)
		if it.Comment.State != comment.Removed || len(history) != 1 {
			t.Errorf("moderators see %+v, decided %v", it.Comment, history)
		}
	})
}

func TestWhatIsForgottenAtOnceIsInNoByte(t *testing.T) {
	t.Parallel()
	for name, forget := range map[string]func(*world, moderation.Submitted) error{
		"by its writer": func(w *world, c moderation.Submitted) error {
			return errors.Join(
				w.S.WithdrawAndForget(w.Ctx, w.A, c.ID, c.EditToken),
				w.S.WithdrawAndForget(w.Ctx, w.A, c.ID, c.EditToken)) // by whoever heard no answer
		},
		"by an owner": func(w *world, c moderation.Submitted) error {
			apptest.WantCode(w.T, "forget what waits", w.S.Forget(w.Ctx, authz.Operator, w.A, c.ID), "comment.not_removed")
			return errors.Join(
				w.S.Withdraw(w.Ctx, w.A, c.ID, c.EditToken),
				w.S.Forget(w.Ctx, authz.Operator, w.A, c.ID),
				w.S.Forget(w.Ctx, authz.Operator, w.A, c.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in, c := w.telling()
			if w.InFile("quagga") == 0 || w.InFile("Quagga") == 0 {
				t.Fatal("there was no quagga in the file")
			}
			w.Must(forget(w, c))
			if !w.forgot(c.ID) {
				t.Errorf("left is %+v", w.Comment(w.A, c.ID))
			}
			if n := w.InFile("quagga") + w.InFile("Quagga"); n > 0 {
				t.Errorf("the quagga is %d times in the file", n)
			}

			again, err := w.S.Submit(w.Ctx, w.A, in)
			w.Must(err)
			if !again.Replayed || again.ID != c.ID || again.HTML != "" {
				t.Errorf("the same request again: got %+v", again)
			}
			_, _, err = w.S.Own(w.Ctx, w.A, c.ID, c.EditToken)
			apptest.WantCode(t, "its writer asks", err, "comment.unknown")
		})
	}
}
