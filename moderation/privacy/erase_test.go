package privacy_test

import (
	"errors"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/report"
)

// typed creates a comment with every kind of text that moderators and others write about it.
func typed(w *apptest.Env) (id string, words []string) {
	w.T.Helper()
	w.Commenters++
	out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", Name: "Lena Quagga",
		Email: lena, Body: "Ring Zeppelin on the roof, the wagtail sings."})
	w.Must(err)
	_, err = w.App.Redact(w.Ctx, authz.Operator, w.A, out.ID, moderation.Redaction{
		Part: comment.Part{Words: "Zeppelin"}, Why: "The reason names okapi."})
	w.Must(err)
	w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOffTopic,
		Note: "Dear ocelot, stay on the topic."}, out.ID)
	did := w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Approve, Note: "Sorry, dear axolotl."}, out.ID)
	w.Undo(authz.Operator, w.A, did.Batch)
	_, _, err = w.App.AddNote(w.Ctx, authz.Operator, w.A, out.ID, "Known as tapir elsewhere.", nil)
	w.Must(err)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		c, err := tx.CommentByID(w.A.ID, out.ID)
		return errors.Join(err, tx.AddAppeal(report.Appeal{Site: w.A.ID, Comment: c.ID, Refusal: c.Standing,
			Text: "It is I, the pangolin.", At: w.Clock.Now()}))
	}))
	words = []string{"Zeppelin", "okapi", "ocelot", "axolotl", "tapir", "pangolin", "Quagga", lena}
	for _, word := range words {
		if w.CountInFile(word) == 0 {
			w.T.Fatalf("%q is not in the file", word)
		}
	}
	return out.ID, words
}

// After an erasure the file contains none of the texts about the person, and the log still verifies.
func TestErase_RemovesTextsAboutThePerson(t *testing.T) {
	t.Parallel()
	for name, erase := range map[string]func(w *apptest.Env) error{
		"by the person": func(w *apptest.Env) error {
			_, err := w.App.EraseByLink(w.Ctx, dataLink(w))
			return err
		},
		"by the person, keeping the texts": func(w *apptest.Env) error {
			_, err := w.App.AnonymizeByLink(w.Ctx, dataLink(w))
			return err
		},
		"by an owner": func(w *apptest.Env) error {
			_, err := w.App.EraseDataSubject(w.Ctx, authz.Operator, w.A, learning.DataSubject{Email: lena}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := apptest.New(t)
			id, words := typed(w)
			published, err := w.App.PublicLog(w.Ctx, w.A, 0, 100)
			w.Must(err)
			w.Must(erase(w))
			for _, word := range words {
				if n := w.CountInFile(word); n > 0 {
					t.Errorf("%q is %d times in the file", word, n)
				}
			}
			if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
				t.Errorf("the log is bad at %d (%v)", bad, err)
			}
			now, err := w.App.PublicLog(w.Ctx, w.A, 0, 100)
			w.Must(err)
			for i, p := range published {
				if string(p.Line()) != string(now[i].Line()) {
					t.Errorf("the public log said %s, and says %s", p.Line(), now[i].Line())
				}
			}
			if c := w.Comment(w.A, id); c.Note+c.RedactedWhy != "" || len(c.Kept) > 0 {
				t.Errorf("left is %+v", c)
			}
		})
	}
}

// Verification detects a changed entry with a forged proof.
func TestVerifyLog_DetectsForgedProof(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		submitApproved(w, 2)
		var hash []byte
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			entries, err := tx.DecisionsAfter(w.A.ID, 1, 1)
			if err != nil {
				return err
			}
			d := entries[0].WithoutTexts()
			d.Proof, hash = d.Hash, d.Hash // as an entry of an older format
			return tx.EraseTexts(w.A.ID, append(entries[:0], d))
		}))
		if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 2 {
			t.Errorf("the log is bad at %d (%v), want 2 (%x)", bad, err, hash)
		}
	})
}
