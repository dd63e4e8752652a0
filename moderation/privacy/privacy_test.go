package privacy_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const lena = "lena@mail.example"

// submitApproved submits and approves n comments under the address lena.
func submitApproved(w *apptest.Env, n int) {
	w.T.Helper()
	for i := range n {
		w.Commenters++
		out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Lena",
			Email: lena, Body: fmt.Sprintf("The wagtail number %d sings on the roof.", i)})
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
	}
}

// dataLink requests the data of lena's address and returns the token of the mailed link.
func dataLink(w *apptest.Env) string {
	w.T.Helper()
	w.Must(w.App.RequestData(w.Ctx, w.A, lena, "en"))
	var sent []mailbox.Letter
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) (err error) {
		sent, err = tx.LettersTo(w.A.ID, mailbox.AddressHash(apptest.Secret, text.AddressOf(lena)), 1)
		return err
	}))
	return mailbox.Link{For: mailbox.ToViewData, Site: w.A.ID, Email: text.AddressOf(lena), Letter: sent[0].ID}.Token(apptest.Secret)
}

// After anonymization the database file does not contain the name.
func TestAnonymizeByLink_FileHasNoName(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Quagga Lena",
		Email: lena, Website: "https://quagga.example/", Body: "The wagtail sings on the roof."})
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
	if w.CountInFile("Quagga") == 0 || w.CountInFile("quagga") == 0 || w.CountInFile(lena) == 0 {
		t.Fatal("there was no name in the file")
	}
	did, err := w.App.AnonymizeByLink(w.Ctx, dataLink(w))
	if w.Must(err); did.Comments != 1 || did.Lessons != 1 {
		t.Errorf("it did %+v", did)
	}
	if n := w.CountInFile("Quagga") + w.CountInFile("quagga") + w.CountInFile(lena); n > 0 {
		t.Errorf("the name is %d times in the file", n)
	}
	c := w.Comment(w.A, out.ID)
	if c.Source != "The wagtail sings on the roof." || c.State != comment.Approved || c.Writer != nil || c.Verified {
		t.Errorf("left is %+v", c)
	}
}

// An erasure that is interrupted, as by kill -9, is completed by repeating it. The link ends with the last step.
func TestEraseByLink_InterruptedIsRepeated(t *testing.T) {
	t.Parallel()
	interrupted(t, func(s *apptest.App) erasing { return s.EraseByLink })
}

func TestAnonymizeByLink_InterruptedIsRepeated(t *testing.T) {
	t.Parallel()
	interrupted(t, func(s *apptest.App) erasing { return s.AnonymizeByLink })
}

// An owner erases a person's comments under the e-mail, and comments without an e-mail by their IDs.
func TestEraseDataSubject_RemovesEverything(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	submitApproved(w, 2)
	nameless, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Quagga",
		Body: "I left no address, and I sing on the roof."})
	w.Must(err)
	w.Must(w.App.RequestData(w.Ctx, w.A, lena, "en"))
	owner := w.AddStaff("olga", authz.Owner, "a")
	person := learning.DataSubject{Email: " LENA@mail.example", Comments: []string{nameless.ID}}
	would, err := w.App.PreviewErasure(w.Ctx, owner, w.A, person)
	if w.Must(err); would.Comments != 3 || would.Lessons != 2 {
		t.Errorf("it would %+v", would)
	}
	key := &txn.IdempotencyKey{Site: w.A.ID, Route: "erase", Value: "k", Body: make([]byte, 32)}
	did, err := w.App.EraseDataSubject(w.Ctx, owner, w.A, person, key)
	if w.Must(err); did.Comments != 3 || did.Lessons != 2 || did.Replayed {
		t.Errorf("it did %+v", did)
	}
	for _, text := range []string{"Quagga", lena, "sings on the roof", "sing on the roof"} {
		if n := w.CountInFile(text); n > 0 {
			t.Errorf("%q is %d times in the file", text, n)
		}
	}
	again, err := w.App.EraseDataSubject(w.Ctx, owner, w.A, person, key)
	if w.Must(err); !again.Replayed || again.Comments != 3 {
		t.Errorf("the same request did %+v", again)
	}
	if would, err = w.App.PreviewErasure(w.Ctx, owner, w.A, person); err != nil || would.Comments+would.Lessons != 0 {
		t.Errorf("left are %+v, %v", would, err)
	}
	if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
		t.Errorf("the log is bad at %d (%v)", bad, err)
	}
}

// Erasures are repeated, with the same extent, on a copy of the database that was made before them.
func TestReapplyErasures_RestoredCopy(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		submitApproved(w, 2)
		out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Max",
			Email: "max@mail.example", Body: "Mine are the geraniums on the sill."})
		w.Must(err)
		var marks []learning.Mark
		w.App = w.NewAppWith(w.DB.Store, app.Coordination{}, app.Options{OnErase: func(m learning.Mark) error {
			marks = append(marks, m)
			return errCut // nothing is erased, so the database is like the copy
		}})
		if _, err := w.App.AnonymizeByLink(w.Ctx, dataLink(w)); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		max := learning.DataSubject{Email: "max@mail.example"}
		if _, err := w.App.EraseDataSubject(w.Ctx, authz.Operator, w.A, max, nil); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if n, err := w.App.ReapplyErasures(w.Ctx, marks); err != nil || n != 3 {
			t.Errorf("%d comments were emptied, %v", n, err)
		}
		if c := w.Comment(w.A, out.ID); !c.IsForgotten() {
			t.Errorf("left is %+v", c)
		}
		named := 0
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
			all, err := tx.EmailsAfter(w.A.ID, "", 10)
			for _, c := range all {
				if c.Email != "" {
					t.Errorf("%s has its e-mail", c.ID)
				}
				if one, err := tx.CommentByID(w.A.ID, c.ID); err == nil && strings.Contains(one.Source, "wagtail") {
					named++
				}
			}
			return err
		}))
		if named != 2 {
			t.Errorf("%d texts were kept without a name, of 2", named)
		}
	})
}

type erasing func(ctx context.Context, token string) (privacy.ErasureResult, error)

// interrupted fails the erasure at each of its updates, one after another, and checks that repeating it completes it.
func interrupted(t *testing.T, use func(*apptest.App) erasing) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		submitApproved(w, 3)
		token := dataLink(w)
		cut := &failingStore{Store: w.DB.Store}
		s := w.NewApp(cut)
		times := 0
		for cut.after = 0; ; cut.after++ {
			cut.done = 0
			_, err := use(s)(w.Ctx, token)
			if err == nil {
				break
			}
			if times++; !errors.Is(err, errCut) || times > 20 {
				t.Fatalf("cut %d times, it says %v", times, err)
			}
		}
		if times < 2 {
			t.Errorf("it was interrupted %d times only", times)
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		if _, err := use(w.App)(w.Ctx, token); apptest.Code(err) != "link.expired" {
			t.Errorf("the link says %v", err)
		}
		w.Must(w.DB.View(w.Ctx, func(tx store.Tx) error {
			ids, err := tx.CommentsUnder(w.A.ID, text.AddressOf(lena), 10)
			if len(ids) > 0 {
				t.Errorf("%d comments are left", len(ids))
			}
			lessons, err2 := tx.Lessons(w.A.ID, 0, 1_000)
			for _, l := range lessons {
				if strings.Contains(fmt.Sprint(l.Comment), "wagtail") {
					t.Errorf("a lesson is left: %v", l.Comment)
				}
			}
			return errors.Join(err, err2)
		}))
	})
}

var errCut = errors.New("planted")

// failingStore is a store whose updates fail with errCut after the first after ones.
type failingStore struct {
	txn.Store[store.Tx]
	after, done int
}

func (c *failingStore) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if c.done++; c.done > c.after {
		return nil, errCut
	}
	return c.Store.Update(ctx, fn)
}
