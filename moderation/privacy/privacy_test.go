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

// tells posts and approves comments under an address.
func tells(w *apptest.World, n int) {
	w.T.Helper()
	for i := range n {
		w.Posts++
		out, err := w.S.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Lena",
			Email: lena, Body: fmt.Sprintf("The wagtail number %d sings on the roof.", i)})
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
	}
}

// link asks what is held, and returns the link that would be mailed.
func link(w *apptest.World) string {
	w.T.Helper()
	w.Must(w.S.AskHeld(w.Ctx, w.A, lena, "en"))
	var sent []mailbox.Letter
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) (err error) {
		sent, err = tx.LettersTo(w.A.ID, mailbox.Box(apptest.Secret, text.AddressOf(lena)), 1)
		return err
	}))
	return mailbox.Link{For: mailbox.ToSee, Site: w.A.ID, Email: text.AddressOf(lena), Letter: sent[0].ID}.Token(apptest.Secret)
}

// Texts that are kept without a name have it nowhere in the file, however often that was interrupted.
func TestANameThatIsTakenOutIsInNoByte(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	out, err := w.S.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Quagga Lena",
		Email: lena, Website: "https://quagga.example/", Body: "The wagtail sings on the roof."})
	w.Must(err)
	w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
	if w.InFile("Quagga") == 0 || w.InFile("quagga") == 0 || w.InFile(lena) == 0 {
		t.Fatal("there was no name in the file")
	}
	did, err := w.S.UnnameHeld(w.Ctx, link(w))
	if w.Must(err); did.Comments != 1 || did.Lessons != 1 {
		t.Errorf("it did %+v", did)
	}
	if n := w.InFile("Quagga") + w.InFile("quagga") + w.InFile(lena); n > 0 {
		t.Errorf("the name is %d times in the file", n)
	}
	c := w.Comment(w.A, out.ID)
	if c.Source != "The wagtail sings on the roof." || c.State != comment.Approved || c.Writer != nil || c.Verified {
		t.Errorf("left is %+v", c)
	}
}

// An erasure that is interrupted anywhere, as by kill -9, is done by erasing again: the link ends with the last step.
func TestAnInterruptedErasureIsDoneAgain(t *testing.T) {
	t.Parallel()
	interrupted(t, func(s *apptest.App) erasing { return s.EraseHeld })
}

func TestANameThatIsTakenOutInPartsGoesAsAWhole(t *testing.T) {
	t.Parallel()
	interrupted(t, func(s *apptest.App) erasing { return s.UnnameHeld })
}

// Whoever asks an owner to be forgotten is forgotten whole: under the e-mail, and where none was left by the ids.
func TestAnOwnerErasesAPerson(t *testing.T) {
	t.Parallel()
	w := apptest.New(t)
	tells(w, 2)
	nameless, err := w.S.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Quagga",
		Body: "I left no address, and I sing on the roof."})
	w.Must(err)
	w.Must(w.S.AskHeld(w.Ctx, w.A, lena, "en"))
	owner := w.AddPerson("olga", authz.Owner, "a")
	person := learning.Erasee{Email: " LENA@mail.example", Comments: []string{nameless.ID}}
	would, err := w.S.PersonHeld(w.Ctx, owner, w.A, person)
	if w.Must(err); would.Comments != 3 || would.Lessons != 2 {
		t.Errorf("it would %+v", would)
	}
	key := &txn.Key{Site: w.A.ID, Route: "erase", Value: "k", Body: make([]byte, 32)}
	did, err := w.S.ErasePerson(w.Ctx, owner, w.A, person, key)
	if w.Must(err); did.Comments != 3 || did.Lessons != 2 || did.Replayed {
		t.Errorf("it did %+v", did)
	}
	for _, text := range []string{"Quagga", lena, "sings on the roof", "sing on the roof"} {
		if n := w.InFile(text); n > 0 {
			t.Errorf("%q is %d times in the file", text, n)
		}
	}
	again, err := w.S.ErasePerson(w.Ctx, owner, w.A, person, key)
	if w.Must(err); !again.Replayed || again.Comments != 3 {
		t.Errorf("the same request did %+v", again)
	}
	if would, err = w.S.PersonHeld(w.Ctx, owner, w.A, person); err != nil || would.Comments+would.Lessons != 0 {
		t.Errorf("left are %+v, %v", would, err)
	}
	if bad, err := w.S.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
		t.Errorf("the log is bad at %d (%v)", bad, err)
	}
}

// What was erased after a copy of the database was made is erased in it, too, as it was erased then.
func TestWhoWasErasedIsErasedAgain(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		tells(w, 2)
		out, err := w.S.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Max",
			Email: "max@mail.example", Body: "Mine are the geraniums on the sill."})
		w.Must(err)
		var marks []learning.Mark
		w.S = w.NewAppWith(w.DB.Store, app.Coordination{}, app.Options{OnErase: func(m learning.Mark) error {
			marks = append(marks, m)
			return errCut // nothing is erased: what stands there is the copy
		}})
		if _, err := w.S.UnnameHeld(w.Ctx, link(w)); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		max := learning.Erasee{Email: "max@mail.example"}
		if _, err := w.S.ErasePerson(w.Ctx, authz.Operator, w.A, max, nil); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		if n, err := w.S.EraseAgain(w.Ctx, marks); err != nil || n != 3 {
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

type erasing func(ctx context.Context, token string) (privacy.Erased, error)

func interrupted(t *testing.T, use func(*apptest.App) erasing) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		tells(w, 3)
		token := link(w)
		cut := &cutting{Store: w.DB.Store}
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
		if bad, err := w.S.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
		if _, err := use(w.S)(w.Ctx, token); apptest.Code(err) != "link.expired" {
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

// cutting fails after so many updates.
type cutting struct {
	txn.Store[store.Tx]
	after, done int
}

func (c *cutting) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	if c.done++; c.done > c.after {
		return nil, errCut
	}
	return c.Store.Update(ctx, fn)
}
