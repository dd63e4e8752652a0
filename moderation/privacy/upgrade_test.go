package privacy_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// upgrading adapts the whole store to Upgrade. Its fails-th update fails; with 0, none fails.
type upgrading struct {
	whole apptest.Database
	fails *int
}

func (s upgrading) View(ctx context.Context, fn func(privacy.UpgradeTx) error) error {
	return s.whole.View(ctx, func(tx store.Tx) error { return fn(tx) })
}

func (s upgrading) Views(ctx context.Context, n int, fn func([]privacy.UpgradeTx) error) error {
	panic("not asked for")
}

func (s upgrading) Update(ctx context.Context, fn func(privacy.UpgradeTx) error) ([]event.Event, error) {
	if *s.fails--; *s.fails == 0 {
		return nil, errCut
	}
	return nil, s.whole.Update(ctx, func(tx store.Tx) error { return fn(tx) })
}

// foldedWriter returns the Writer that was stored for a folded address.
func foldedWriter(site int64, email string) []byte {
	subject := apptest.Secret.Hash("subject", site, "mail", text.Fold(email))
	return apptest.Secret.Hash("writer", site, "guest", base64.RawURLEncoding.EncodeToString(subject))
}

// foldedBox returns the address hash that was stored for a folded address.
func foldedBox(email string) []byte { return apptest.Secret.Mac("mailbox", text.Fold(email))[:16] }

// Upgrade separates two mailboxes that had the same hash: each comment, subscription, block, note and stop gets the
// address stored with it. Each of its updates is interrupted first.
func TestUpgrade_SeparatesAddressesWithSameHash(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		const plain, wide = "anna@strasse.example", "anna@straße.example"
		posted := map[string]string{}
		for name, email := range map[string]string{"plain": plain, "wide": wide} {
			for _, verified := range []bool{true, false} {
				c := w.Submit(w.A, "A word of "+email)
				c.ID, c.Path = txn.NewID(), comment.NewSegment(w.Clock.Now())
				c.Name, c.Email, c.Verified, c.Same = "Anna", email, verified, nil
				c.Writer = foldedWriter(w.A.ID, email)
				if !verified {
					name += " unproven"
					c.Writer = apptest.Secret.Hash("writer", w.A.ID, "email", text.Fold("Anna"), text.Fold(email))
				}
				posted[name] = c.ID
				w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
					return errors.Join(tx.PutComments([]comment.Comment{c}),
						tx.PutSubscription(readermail.Subscription{Site: w.A.ID, Comment: c.ID, AddressHash: foldedBox(email), Lang: "en",
							Requested: w.Clock.Now(), Confirmed: w.Clock.Now()}),
						tx.PutNote(rules.Note{ID: txn.NewID(), Site: w.A.ID, Writer: c.Writer, Comment: c.ID, Text: name,
							CreatedAt: w.Clock.Now()}),
						tx.PutBlock(rules.Block{ID: txn.NewID(), Site: w.A.ID, Kind: rules.BlockWriter,
							Value: hex.EncodeToString(c.Writer), Comment: c.ID, Trust: true, CreatedAt: w.Clock.Now()}))
				}))
			}
		}
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			return errors.Join(tx.StopMail(w.A.ID, foldedBox(wide), w.Clock.Now()),
				tx.InsertAccount(authz.Account{ID: txn.NewID(), Email: "o@xn--mller-kva.example", Name: "O", CreatedAt: w.Clock.Now()}),
				tx.InsertAccount(authz.Account{ID: txn.NewID(), Email: "p@xn--mller-kva.example", Name: "P", CreatedAt: w.Clock.Now()}),
				tx.InsertAccount(authz.Account{ID: txn.NewID(), Email: "p@müller.example", Name: "Q", CreatedAt: w.Clock.Now()}))
		}))
		times := 0
		for fails := 1; ; fails++ {
			left := fails
			err := privacy.Upgrade(w.Ctx, upgrading{whole: w.DB, fails: &left}, apptest.Secret, w.Clock.Now())
			if err == nil {
				break
			}
			if times++; !errors.Is(err, errCut) || times > 10 {
				t.Fatal(err)
			}
		}
		if times < 2 {
			t.Errorf("it was interrupted %d times only", times)
		}
		exactly := func(email string, verified bool) []byte {
			if verified {
				return mailbox.WriterHash(apptest.Secret, w.A.ID, text.AddressOf(email))
			}
			return apptest.Secret.Hash("writer", w.A.ID, comment.Comment{Name: "Anna", Email: email}.Identity("")...)
		}
		if bytes.Equal(exactly(plain, true), exactly(wide, true)) || bytes.Equal(exactly(plain, false), exactly(wide, false)) {
			t.Fatal("they are one person still")
		}
		w.View(func(tx store.Tx) error {
			blocks, err := tx.Blocks(w.A.ID)
			w.Must(err)
			for name, id := range posted {
				c := w.Comment(w.A, id)
				writer := exactly(c.Email, c.Verified)
				if !bytes.Equal(c.Writer, writer) {
					t.Errorf("%s has another writer", name)
				}
				subs, err := tx.SubscriptionsTo(w.A.ID, []string{id})
				if err != nil || len(subs) != 1 || !bytes.Equal(subs[0].AddressHash, mailbox.AddressHash(apptest.Secret, text.AddressOf(c.Email))) ||
					subs[0].Confirmed.IsZero() {
					t.Errorf("%s is subscribed so: %+v, %v", name, subs, err)
				}
				notes, err := tx.NotesAbout([]site.Ref{{Site: w.A.ID, ID: string(writer)}})
				if err != nil || len(notes) != 1 || notes[0].Text != name {
					t.Errorf("about %s is noted %+v, %v", name, notes, err)
				}
				trusted := 0
				for _, b := range blocks {
					if b.Comment == id && b.Value == hex.EncodeToString(writer) {
						trusted++
					}
				}
				if trusted != 1 {
					t.Errorf("%s is trusted by %d blocks", name, trusted)
				}
			}
			for _, email := range []string{plain, wide} { // it is unknown which one unsubscribed
				stopped, err := tx.MailStopped(w.A.ID, mailbox.AddressHash(apptest.Secret, text.AddressOf(email)))
				if err != nil || !stopped {
					t.Errorf("mail goes to %s again (%v)", email, err)
				}
			}
			for email, name := range map[string]string{"o@müller.example": "O", "p@müller.example": "Q", "p@xn--mller-kva.example": "P"} {
				if a, err := tx.AccountByEmail(email); err != nil || a.Name != name {
					t.Errorf("%s is the account of %q, %v", email, a.Name, err)
				}
			}
			return nil
		})
	})
}

// Only the reader who verified the address before the upgrade sees the comments.
func TestUpgrade_ProvenCommentsStayProven(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		const plain, wide = "anna@strasse.example", "anna@straße.example"
		c := w.Submit(w.A, "A word that is mine.")
		c.ID, c.Path, c.Name, c.Email, c.Verified, c.Same = txn.NewID(), comment.NewSegment(w.Clock.Now()), "Anna", wide, true, nil
		c.Writer = foldedWriter(w.A.ID, wide)
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.PutComments([]comment.Comment{c}) }))
		left := 0
		w.Must(privacy.Upgrade(w.Ctx, upgrading{whole: w.DB, fails: &left}, apptest.Secret, w.Clock.Now()))
		for email, want := range map[string]int{plain: 0, wide: 1} {
			w.Must(w.App.RequestData(w.Ctx, w.A, email, "en"))
			var id string
			w.View(func(tx store.Tx) error {
				sent, err := tx.LettersTo(w.A.ID, mailbox.AddressHash(apptest.Secret, text.AddressOf(email)), 1)
				id = sent[0].ID
				return err
			})
			token := mailbox.Link{For: mailbox.ToViewData, Site: w.A.ID, Email: text.AddressOf(email), Letter: id}.Token(apptest.Secret)
			held, err := w.App.ReadPersonalData(w.Ctx, token, "")
			if w.Must(err); held.Count != want || want == 1 && !held.Comments[0].Proven {
				t.Errorf("%s is shown %+v", email, held.Comments)
			}
		}
	})
}

// Upgrade erases moderators' texts about comments that were erased earlier.
func TestUpgrade_ForgottenCommentsLoseTheirTexts(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c, token := w.SubmitWithToken(w.A, "It will be forgotten.")
		w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOther, Note: "Dear ocelot."},
			c.ID)
		stays := w.Submit(w.A, "It stays.")
		w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Approve, Note: "Dear tapir."}, stays.ID)
		entries := func(id string) (all []auditlog.Entry) {
			w.View(func(tx store.Tx) (err error) {
				all, err = tx.DecisionsOf(w.A.ID, id)
				return err
			})
			return all
		}
		w.Must(w.App.Withdraw(w.Ctx, w.A, c.ID, token))
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.ForgetComment(c, nil) })) // without changing the log
		if now := entries(c.ID); !w.Comment(w.A, c.ID).IsForgotten() || now[0].Note != "Dear ocelot." {
			t.Fatalf("the log has %+v", now)
		}
		left := 0
		for range 2 { // the second call does nothing
			w.Must(privacy.Upgrade(w.Ctx, upgrading{whole: w.DB, fails: &left}, apptest.Secret, w.Clock.Now()))
		}
		if now := entries(c.ID); now[0].HasTexts() {
			t.Errorf("the log has %+v", now)
		}
		if now := entries(stays.ID); now[0].Note != "Dear tapir." {
			t.Errorf("the log has %+v", now)
		}
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
			t.Errorf("the log is bad at %d (%v)", bad, err)
		}
	})
}
