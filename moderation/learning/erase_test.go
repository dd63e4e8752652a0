package learning_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/txn"
)

// by posts a comment with an e-mail address.
func (w *world) by(site site.Site, email, name, text string) string {
	w.T.Helper()
	w.Commenters++
	out, err := w.App.Submit(w.Ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", Name: name, Email: email, Body: text,
	})
	w.Must(err)
	return out.ID
}

// holds returns how many lessons, snapshots and models of a site contain a word.
func (w *world) holds(site site.Site, word string) (lessons, snapshots, models int) {
	w.T.Helper()
	for _, l := range w.stored(site) {
		if strings.Contains(fmt.Sprint(l.Comment), word) {
			lessons++
		}
	}
	for _, s := range w.snapshots(site) {
		if bytes.Contains(s.Model, []byte(word)) {
			snapshots++
		}
	}
	if bytes.Contains(w.model(site), []byte(word)) {
		models++
	}
	return lessons, snapshots, models
}

func TestEraseLessons_RemovesPersonFromModelAndSnapshots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		owner, mod := w.AddStaff("owner", authz.Owner, "a"), w.AddStaff("mod", authz.Moderator, "a")
		ids := []string{
			w.by(w.A, "Ann.Writer@Mail.example", "Ann", "The wagtail sings, and so do I."),
			w.by(w.A, "ann.writer@mail.example", "Somebody", "A wagtail once more, on the roof."),
			w.by(w.A, "ANN.Writer@MAIL.example", "", "Cheap wagtail pills, order now at our casino."),
		}
		same := w.by(w.A, "ａｎｎ.writer@mail.example", "Ann", "The kingfisher is blue, says another Ann.")
		w.Decide(mod, w.A, comment.Approve, same)
		first := w.Decide(mod, w.A, comment.Approve, ids[0], ids[1])
		w.Undo(mod, w.A, w.Decide(mod, w.A, comment.MarkSpam, ids[1]).Batch)
		w.Decide(owner, w.A, comment.MarkSpam, ids[2])
		withdrawn, err := w.App.WithdrawLessons(w.Ctx, owner, w.A, owner.Account.ID, nil)
		w.Must(err)
		w.DecideTexts(w.A, 130)
		w.Undo(owner, w.A, withdrawn.Batch)
		if lessons, snapshots, models := w.holds(w.A, "wagtail"); lessons != 4 || snapshots == 0 || models != 1 {
			t.Fatalf("before it the word stands in %d lessons, %d snapshots and %d models", lessons, snapshots, models)
		}

		p := learning.DataSubject{Email: " ANN.writer@mail.example"}
		key := func() *txn.IdempotencyKey {
			sum := sha256.Sum256([]byte(p.Email))
			return &txn.IdempotencyKey{Site: w.A.ID, Route: "erase", Value: "k", Body: sum[:]}
		}
		would, err := w.App.LessonsOf(w.Ctx, owner, w.A, p)
		w.Must(err)
		out, err := w.App.EraseLessons(w.Ctx, owner, w.A, p, key())
		w.Must(err)
		again, err := w.App.EraseLessons(w.Ctx, owner, w.A, p, key())
		w.Must(err)
		if would.Lessons != 4 || would.Batch != "" || out.Lessons != 4 || out.Batch == "" || !again.Replayed ||
			again.Batch != out.Batch || again.Lessons != 4 {
			t.Errorf("said %+v, erased %+v, and again %+v", would, out, again)
		}
		gone := func(when string) {
			t.Helper()
			if lessons, snapshots, models := w.holds(w.A, "wagtail"); lessons+snapshots+models != 0 {
				t.Errorf("%s the word stands in %d lessons, %d snapshots and %d models", when, lessons, snapshots, models)
			}
			if !bytes.Equal(w.model(w.A), w.foldOfWhatCounts(w.A)) {
				t.Errorf("%s the model is not what counts", when)
			}
			if bad, err := w.App.VerifyLog(w.Ctx, w.A); err != nil || bad != 0 {
				t.Errorf("%s the log is bad at %d (%v)", when, bad, err)
			}
		}
		gone("after it")
		if lessons, _, models := w.holds(w.A, "kingfisher"); lessons != 1 || models != 1 {
			t.Errorf("of another with the same name %d lessons are left", lessons)
		}
		entries, _, err := w.App.Log(w.Ctx, mod, w.A, moderation.LogRequest{Limit: 1})
		w.Must(err)
		if e := entries[0]; e.Kind != auditlog.Erasure || e.Subject != "" || e.Comment != "" || e.Lessons != 4 ||
			e.Name != "owner" {
			t.Errorf("the log says %+v", e)
		}
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			plain := key()
			answer, err := tx.ClaimKey(*plain, w.Clock.Now())
			if answer == nil || bytes.Equal(answer.Body, plain.Body) {
				t.Errorf("kept is %+v; by a plain hash the e-mail could be guessed", answer)
			}
			return err
		}))

		_, err = w.App.Undo(w.Ctx, owner, w.A, out.Batch, nil)
		apptest.WantCode(t, "its undo", err, "field.invalid")
		w.Undo(owner, w.A, first.Batch)
		nothing, err := w.App.EraseLessons(w.Ctx, owner, w.A, p, nil)
		w.Must(err)
		if nothing.Lessons != 0 || nothing.Batch != "" {
			t.Errorf("erased twice: %+v", nothing)
		}
		_, err = w.App.RetireLessons(w.Ctx, owner, w.A, w.Clock.Now(), nil)
		w.Must(err)
		gone("after undos and a retirement")
		w.Decide(mod, w.A, comment.MarkSpam, ids[0])
		if lessons, _, _ := w.holds(w.A, "wagtail"); lessons != 1 {
			t.Errorf("decided again, the comment teaches %d lessons, want 1: the comments themselves stay", lessons)
		}
	})
}

// Comments without an e-mail address are named by ID. A name or a website does not identify a person.
func TestEraseLessons_NamedComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := []string{w.by(w.A, "", "Ann", "A wagtail without an e-mail."),
		w.by(w.A, "", "Ann", "A kingfisher of another Ann.")}
	w.Decide(authz.Operator, w.A, comment.Approve, ids...)
	_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
	w.Must(err)
	out, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, learning.DataSubject{Comments: ids[:1]}, nil)
	w.Must(err)
	if out.Lessons != 1 || out.Copies != 1 {
		t.Errorf("erased %+v", out)
	}
	for _, site := range []site.Site{w.A, w.B} {
		if lessons, _, models := w.holds(site, "wagtail"); lessons+models != 0 {
			t.Errorf("%s: %d lessons and %d models hold it", site.Key, lessons, models)
		}
		if lessons, _, models := w.holds(site, "kingfisher"); lessons != 1 || models != 1 {
			t.Errorf("%s: of the other %d lessons and %d models are left", site.Key, lessons, models)
		}
		if bad, err := w.App.VerifyLog(w.Ctx, site); err != nil || bad != 0 {
			t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
		}
	}
}

func TestEraseLessons_FollowsCopies(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		third := w.AddSite("c")
		ofA, ofBoth := w.AddStaff("of-a", authz.Owner, "a"), w.AddStaff("both", authz.Owner, "a", "b")
		const email = "ann@mail.example"
		w.Decide(authz.Operator, w.A, comment.MarkSpam, w.by(w.A, email, "Ann", "A wagtail on the first site."),
			w.by(w.A, "x@mail.example", "", "Cheap pills."))
		w.Decide(authz.Operator, w.B, comment.Approve, w.by(w.B, email, "Ann", "A kingfisher on the second site."))
		copied := func(to, from site.Site) {
			t.Helper()
			_, err := w.App.CopyLessons(w.Ctx, authz.Operator, to, from.Key, nil)
			w.Must(err)
		}
		copied(w.B, w.A)
		copied(third, w.B) // this includes lessons copied from the first site
		erase := func(who authz.Actor, site site.Site, want learning.Erasure) learning.Erasure {
			t.Helper()
			p := learning.DataSubject{Email: email}
			would, err := w.App.LessonsOf(w.Ctx, who, site, p)
			w.Must(err)
			got, err := w.App.EraseLessons(w.Ctx, who, site, p, nil)
			w.Must(err)
			if got.Batch = ""; got != want || would != want {
				t.Errorf("said %+v, erased %+v, want %+v", would, got, want)
			}
			return got
		}
		erase(ofA, w.A, learning.Erasure{Lessons: 1, Left: 2})
		erase(ofBoth, w.A, learning.Erasure{Copies: 1, Left: 1})
		erase(authz.Operator, w.A, learning.Erasure{Copies: 1})
		for _, site := range []site.Site{w.A, w.B, third} {
			if lessons, _, models := w.holds(site, "wagtail"); lessons+models != 0 {
				t.Errorf("%s: %d lessons and %d models hold it", site.Key, lessons, models)
			}
			if bad, err := w.App.VerifyLog(w.Ctx, site); err != nil || bad != 0 {
				t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
			}
		}
		if lessons, _, _ := w.holds(w.B, "kingfisher"); lessons != 1 {
			t.Errorf("what was written on the second site is left in %d lessons, want 1", lessons)
		}
		erase(authz.Operator, third, learning.Erasure{Lessons: 1}) // the copy of the second site's lesson
		erase(ofBoth, w.B, learning.Erasure{Lessons: 1})
	})
}

// A lesson sent with the Akismet protocol belongs to no comment, but it and its copies are erased too.
func TestEraseLessons_FollowsCopiesOfSentLessons(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		const email = "ann@mail.example"
		for _, in := range []spamcheck.Request{{Name: "Ann", Email: email, Body: "A wagtail that WordPress had."},
			{Name: "Xenia", Email: "x@mail.example", Body: "Cheap pills that WordPress had."}} {
			w.Must(w.App.Teach(w.Ctx, authz.Operator, w.A, in, classifier.Spam))
		}
		_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
		w.Must(err)
		p, want := learning.DataSubject{Email: email}, learning.Erasure{Lessons: 1, Copies: 1}
		would, err := w.App.LessonsOf(w.Ctx, authz.Operator, w.A, p)
		w.Must(err)
		got, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, p, nil)
		w.Must(err)
		if got.Batch = ""; got != want || would != want {
			t.Errorf("said %+v, erased %+v, want %+v", would, got, want)
		}
		for _, site := range []site.Site{w.A, w.B} {
			if lessons, _, models := w.holds(site, "wagtail"); lessons+models != 0 {
				t.Errorf("%s: %d lessons and %d models hold it", site.Key, lessons, models)
			}
			if lessons, _, _ := w.holds(site, "pills"); lessons != 1 {
				t.Errorf("%s: %d lessons are left of another, want 1", site.Key, lessons)
			}
			if bad, err := w.App.VerifyLog(w.Ctx, site); err != nil || bad != 0 {
				t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
			}
		}
	})
}

func TestEraseLessons_NeedsOwnerAndSubject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail."))
	p := learning.DataSubject{Email: "ann@mail.example"}
	for _, tt := range []struct {
		name string
		who  authz.Actor
		p    learning.DataSubject
		want string
	}{
		{"nobody", authz.Actor{}, p, "auth.needed"},
		{"a moderator", w.AddStaff("mod", authz.Moderator, "a"), p, "role.insufficient"},
		{"an owner of another site", w.AddStaff("of-b", authz.Owner, "b"), p, "site.unknown"},
		{"nobody's lessons", authz.Operator, learning.DataSubject{}, "field.invalid"},
		{"no e-mail", authz.Operator, learning.DataSubject{Email: "ann"}, "field.invalid"},
		{"no e-mail either", authz.Operator, learning.DataSubject{Email: "ann\xff@mail.example"}, "field.invalid"},
		{"no id", authz.Operator, learning.DataSubject{Comments: []string{"'; --"}}, "field.invalid"},
		{"too many ids", authz.Operator, learning.DataSubject{Comments: make([]string, 1_001)}, "field.invalid"},
	} {
		_, err := w.App.LessonsOf(w.Ctx, tt.who, w.A, tt.p)
		apptest.WantCode(t, tt.name+": a look", err, tt.want)
		_, err = w.App.EraseLessons(w.Ctx, tt.who, w.A, tt.p, nil)
		apptest.WantCode(t, tt.name, err, tt.want)
	}
	if lessons, _, _ := w.holds(w.A, "wagtail"); lessons != 1 {
		t.Errorf("%d lessons are left, want 1", lessons)
	}
}

// hookedStore calls happens in each transaction before lessons are added.
type hookedStore struct {
	txn.Store[store.Tx]
	happens func()
}

func (b hookedStore) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	return b.Store.Update(ctx, func(tx store.Tx) error { return fn(hookedTx{tx, b.happens}) })
}

type hookedTx struct {
	store.Tx
	happens func()
}

func (a hookedTx) AddLessons(site int64, ls []auditlog.Lesson) error {
	a.happens()
	return a.Tx.AddLessons(site, ls)
}

// An erasure that begins during a copy waits for the copy and erases it.
func TestEraseLessons_WaitsForRunningCopy(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail."),
			w.by(w.A, "", "Bob", "A kingfisher."))
		erased := make(chan error, 1)
		var once sync.Once
		s := w.NewApp(hookedStore{w.DB.Store, func() {
			once.Do(func() {
				go func() {
					_, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, learning.DataSubject{Email: "ann@mail.example"}, nil)
					erased <- err
				}()
				select {
				case err := <-erased:
					t.Errorf("the erasure did not wait (%v)", err)
					erased <- err
				case <-time.After(300 * time.Millisecond): // it waits
				}
			})
		}})
		_, err := s.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
		w.Must(err)
		w.Must(<-erased)
		if lessons, _, models := w.holds(w.B, "wagtail"); lessons+models != 0 {
			t.Errorf("%d lessons and %d models hold what was erased", lessons, models)
		}
		if lessons, _, _ := w.holds(w.B, "kingfisher"); lessons != 1 {
			t.Errorf("%d lessons of another were copied, want 1", lessons)
		}
	})
}

// A process that has not processed an erasure still has the words in its model. It must not write a snapshot.
func TestSaveSnapshots_OmitErasedWords(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail."))
		ids := w.AddTexts(w.A, apptest.RandomTexts(70, rand.New(rand.NewPCG(1, 2))))
		w.Decide(authz.Operator, w.A, comment.MarkSpam, ids...)
		w.Must(w.App.Learn(w.Ctx, w.A))
		w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail again."))
		_, err := w.AnotherApp(nil).EraseLessons(w.Ctx, authz.Operator, w.A, learning.DataSubject{Email: "ann@mail.example"}, nil)
		w.Must(err)
		w.Must(learning.SaveSnapshots(w.Ctx, w.App.Learning, w.A))
		if list := w.snapshots(w.A); len(list) != 0 {
			t.Errorf("%d snapshots were written of a model that knows what was erased", len(list))
		}
		w.Clock.Add(time.Minute)
		w.Must(w.App.Learn(w.Ctx, w.A))
		if list := w.snapshots(w.A); len(list) != 1 {
			t.Errorf("%d snapshots were written of the model without it, want 1", len(list))
		}
	})
}

// The hash chain protects erased lessons as well as the others.
func TestVerifyLog_FindsTamperedErasure(t *testing.T) {
	t.Parallel()
	const erase = "UPDATE lessons SET body = '', author = '', email = '', url = '', salt = X'', "
	for _, tt := range []struct {
		change string
		want   uint64
	}{
		{erase + "withdrawn = 12 WHERE site_id = 2 AND part = 5", 1},                // without a proof
		{erase + "withdrawn = 12, proof = X'00' WHERE site_id = 2 AND part = 5", 1}, // with a wrong proof
		// Erased by a decision.
		{erase + "withdrawn = 2, proof = X'00' WHERE site_id = 2 AND part = 5", 1},
		{"UPDATE lessons SET withdrawn = 3 WHERE site_id = 2 AND part = 5", 3},                      // hidden
		{"UPDATE lessons SET withdrawn = 0 WHERE site_id = 2 AND proof IS NOT NULL", 1},             // not erased by an entry
		{"UPDATE lessons SET body = 'x', withdrawn = 0 WHERE site_id = 2 AND proof IS NOT NULL", 1}, // restored
		{"UPDATE lessons SET proof = X'00' WHERE site_id = 2 AND proof IS NOT NULL", 1},
		{"DELETE FROM lessons WHERE site_id = 2 AND proof IS NOT NULL", 1},
		{"UPDATE decisions SET lesson = NULL WHERE site_id = 2 AND kind = 4", 3},
		{"UPDATE decisions SET lessons = 2 WHERE site_id = 2 AND kind = 4", 3},
	} {
		t.Run(tt.change, func(t *testing.T) {
			w := newWorld(t)
			w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail."))
			w.DecideTexts(w.A, 10)
			_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
			w.Must(err)
			w.Decide(authz.Operator, w.B, comment.Approve, w.Submit(w.B, "Lovely.").ID)
			_, err = w.App.EraseLessons(w.Ctx, authz.Operator, w.B, learning.DataSubject{Email: "ann@mail.example"}, nil)
			w.Must(err)
			if bad, err := w.App.VerifyLog(w.Ctx, w.B); err != nil || bad != 0 {
				t.Fatalf("untouched it is bad at %d (%v)", bad, err)
			}
			raw, err := sql.Open("sqlite", w.Path)
			w.Must(err)
			defer raw.Close()
			done, err := raw.Exec(tt.change)
			w.Must(err)
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("nothing was tampered with: %v", err)
			}
			if bad, err := w.App.VerifyLog(w.Ctx, w.B); err != nil || bad != tt.want {
				t.Errorf("bad at %d (%v), want %d", bad, err, tt.want)
			}
		})
	}
}

// Erased texts are overwritten in the file, not only unlinked.
func TestEraseLessons_OverwritesFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("A wagtail on the roof, and a wagtail in the yard. ", 150) // longer than a page
	w.Decide(authz.Operator, w.A, comment.Approve,
		w.by(w.A, "ann@mail.example", "Ann", long), w.by(w.A, "ann@mail.example", "Ann", "One more wagtail."))
	_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.B, w.A.Key, nil)
	w.Must(err)
	w.DecideTexts(w.B, 70)                                   // writes a snapshot
	w.Must(w.App.RemoveSite(w.Ctx, authz.Operator, w.A.Key)) // deletes the comments
	if n := w.CountInFile("wagtail"); n == 0 {
		t.Fatal("the word was never in the file")
	}
	_, err = w.App.EraseLessons(w.Ctx, authz.Operator, w.B, learning.DataSubject{Email: "ann@mail.example"}, nil)
	w.Must(err)
	if n := w.CountInFile("wagtail"); n != 0 {
		t.Errorf("the word stands %d times in the file", n)
	}
}
