package moderation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/e2e/machine"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// by posts a comment under an e-mail.
func (w *world) by(site ground.Site, email, name, text string) string {
	w.t.Helper()
	w.posts++
	out, err := w.s.Submit(w.ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/post", Name: name, Email: email, Body: text,
	})
	w.must(err)
	return out.ID
}

// holds counts in how many lessons, snapshots and models of a site a word stands.
func (w *world) holds(site ground.Site, word string) (lessons, snapshots, models int) {
	w.t.Helper()
	for _, l := range w.stored(site) {
		if strings.Contains(fmt.Sprint(l.Lesson.Comment), word) {
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

func TestWhatOnePersonTaughtIsErasedForGood(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		owner, mod := w.person("owner", people.Owner, "a"), w.person("mod", people.Moderator, "a")
		ids := []string{
			w.by(w.a, "Ann.Writer@Mail.example", "Ann", "The wagtail sings, and so do I."),
			w.by(w.a, "ann.writer@mail.example", "Somebody", "A wagtail once more, on the roof."),
			w.by(w.a, "ａｎｎ.writer@mail.example", "", "Cheap wagtail pills, order now at our casino."),
		}
		same := w.by(w.a, "another@mail.example", "Ann", "The kingfisher is blue, says another Ann.")
		w.decide(mod, w.a, decision.Approve, same)
		first := w.decide(mod, w.a, decision.Approve, ids[0], ids[1])
		w.undo(mod, w.a, w.decide(mod, w.a, decision.MarkSpam, ids[1]).Batch)
		w.decide(owner, w.a, decision.MarkSpam, ids[2])
		withdrawn, err := w.s.WithdrawLessons(w.ctx, owner, w.a, owner.Account.ID, nil)
		w.must(err)
		w.taught(w.a, 130)
		w.undo(owner, w.a, withdrawn.Batch)
		if lessons, snapshots, models := w.holds(w.a, "wagtail"); lessons != 4 || snapshots == 0 || models != 1 {
			t.Fatalf("before it the word stands in %d lessons, %d snapshots and %d models", lessons, snapshots, models)
		}

		p := moderation.Person{Email: " ANN.writer@mail.example"}
		key := func() *ground.Key {
			sum := sha256.Sum256([]byte(p.Email))
			return &ground.Key{Site: w.a.ID, Route: "erase", Value: "k", Body: sum[:]}
		}
		would, err := w.s.LessonsOf(w.ctx, owner, w.a, p)
		w.must(err)
		out, err := w.s.EraseLessons(w.ctx, owner, w.a, p, key())
		w.must(err)
		again, err := w.s.EraseLessons(w.ctx, owner, w.a, p, key())
		w.must(err)
		if would.Lessons != 4 || would.Batch != "" || out.Lessons != 4 || out.Batch == "" || !again.Replayed || again.Batch != out.Batch || again.Lessons != 4 {
			t.Errorf("said %+v, erased %+v, and again %+v", would, out, again)
		}
		gone := func(when string) {
			t.Helper()
			if lessons, snapshots, models := w.holds(w.a, "wagtail"); lessons+snapshots+models != 0 {
				t.Errorf("%s the word stands in %d lessons, %d snapshots and %d models", when, lessons, snapshots, models)
			}
			if !bytes.Equal(w.model(w.a), w.foldOfWhatCounts(w.a)) {
				t.Errorf("%s the model is not what counts", when)
			}
			if bad, err := w.s.VerifyLog(w.ctx, w.a); err != nil || bad != 0 {
				t.Errorf("%s the log is bad at %d (%v)", when, bad, err)
			}
		}
		gone("after it")
		if lessons, _, models := w.holds(w.a, "kingfisher"); lessons != 1 || models != 1 {
			t.Errorf("of another with the same name %d lessons are left", lessons)
		}
		entries, _, err := w.s.Log(w.ctx, mod, w.a, "", 1)
		w.must(err)
		if e := entries[0]; e.Kind != decision.Erasure || e.Subject != "" || e.Comment != "" || e.Lessons != 4 || e.Name != "owner" {
			t.Errorf("the log says %+v", e)
		}
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
			plain := key()
			answer, err := tx.ClaimKey(*plain, w.clock.Now())
			if answer == nil || bytes.Equal(answer.Body, plain.Body) {
				t.Errorf("kept is %+v; by a plain hash the e-mail could be guessed", answer)
			}
			return err
		}))

		_, err = w.s.Undo(w.ctx, owner, w.a, out.Batch, nil)
		wantCode(t, "its undo", err, "field.invalid")
		w.undo(owner, w.a, first.Batch)
		nothing, err := w.s.EraseLessons(w.ctx, owner, w.a, p, nil)
		w.must(err)
		if nothing.Lessons != 0 || nothing.Batch != "" {
			t.Errorf("erased twice: %+v", nothing)
		}
		_, err = w.s.RetireLessons(w.ctx, owner, w.a, w.clock.Now(), nil)
		w.must(err)
		gone("after undos and a retirement")
		w.decide(mod, w.a, decision.MarkSpam, ids[0])
		if lessons, _, _ := w.holds(w.a, "wagtail"); lessons != 1 {
			t.Errorf("decided again, the comment teaches %d lessons, want 1: the comments themselves stay", lessons)
		}
	})
}

// Nobody is known by a name or a website: the comments of who left no e-mail are named.
func TestCommentsAreErasedByTheirIDs(t *testing.T) {
	w := newWorld(t)
	ids := []string{w.by(w.a, "", "Ann", "A wagtail without an e-mail."), w.by(w.a, "", "Ann", "A kingfisher of another Ann.")}
	w.decide(people.Operator, w.a, decision.Approve, ids...)
	_, err := w.s.CopyLessons(w.ctx, people.Operator, w.b, w.a, nil)
	w.must(err)
	out, err := w.s.EraseLessons(w.ctx, people.Operator, w.a, moderation.Person{Comments: ids[:1]}, nil)
	w.must(err)
	if out.Lessons != 1 || out.Copies != 1 {
		t.Errorf("erased %+v", out)
	}
	for _, site := range []ground.Site{w.a, w.b} {
		if lessons, _, models := w.holds(site, "wagtail"); lessons+models != 0 {
			t.Errorf("%s: %d lessons and %d models hold it", site.Key, lessons, models)
		}
		if lessons, _, models := w.holds(site, "kingfisher"); lessons != 1 || models != 1 {
			t.Errorf("%s: of the other %d lessons and %d models are left", site.Key, lessons, models)
		}
		if bad, err := w.s.VerifyLog(w.ctx, site); err != nil || bad != 0 {
			t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
		}
	}
}

func TestAnErasureFollowsItsCopies(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		third := w.site("c")
		ofA, ofBoth := w.person("of-a", people.Owner, "a"), w.person("both", people.Owner, "a", "b")
		const email = "ann@mail.example"
		w.decide(people.Operator, w.a, decision.MarkSpam, w.by(w.a, email, "Ann", "A wagtail on the first site."), w.by(w.a, "x@mail.example", "", "Cheap pills."))
		w.decide(people.Operator, w.b, decision.Approve, w.by(w.b, email, "Ann", "A kingfisher on the second site."))
		copied := func(to, from ground.Site) {
			t.Helper()
			_, err := w.s.CopyLessons(w.ctx, people.Operator, to, from, nil)
			w.must(err)
		}
		copied(w.b, w.a)
		copied(third, w.b) // and so the first site's as well
		erase := func(who people.Actor, site ground.Site, want moderation.Erasure) moderation.Erasure {
			t.Helper()
			p := moderation.Person{Email: email}
			would, err := w.s.LessonsOf(w.ctx, who, site, p)
			w.must(err)
			got, err := w.s.EraseLessons(w.ctx, who, site, p, nil)
			w.must(err)
			if got.Batch = ""; got != want || would != want {
				t.Errorf("said %+v, erased %+v, want %+v", would, got, want)
			}
			return got
		}
		erase(ofA, w.a, moderation.Erasure{Lessons: 1, Left: 2})
		erase(ofBoth, w.a, moderation.Erasure{Copies: 1, Left: 1})
		erase(people.Operator, w.a, moderation.Erasure{Copies: 1})
		for _, site := range []ground.Site{w.a, w.b, third} {
			if lessons, _, models := w.holds(site, "wagtail"); lessons+models != 0 {
				t.Errorf("%s: %d lessons and %d models hold it", site.Key, lessons, models)
			}
			if bad, err := w.s.VerifyLog(w.ctx, site); err != nil || bad != 0 {
				t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
			}
		}
		if lessons, _, _ := w.holds(w.b, "kingfisher"); lessons != 1 {
			t.Errorf("what was written on the second site is left in %d lessons, want 1", lessons)
		}
		erase(people.Operator, third, moderation.Erasure{Lessons: 1}) // copied from the second
		erase(ofBoth, w.b, moderation.Erasure{Lessons: 1})
	})
}

func TestOnlyOwnersErase(t *testing.T) {
	w := newWorld(t)
	w.decide(people.Operator, w.a, decision.Approve, w.by(w.a, "ann@mail.example", "", "A wagtail."))
	p := moderation.Person{Email: "ann@mail.example"}
	for _, tt := range []struct {
		name string
		who  people.Actor
		p    moderation.Person
		want string
	}{
		{"nobody", people.Actor{}, p, "auth.needed"},
		{"a moderator", w.person("mod", people.Moderator, "a"), p, "role.insufficient"},
		{"an owner of another site", w.person("of-b", people.Owner, "b"), p, "site.unknown"},
		{"nobody's lessons", people.Operator, moderation.Person{}, "field.invalid"},
		{"no e-mail", people.Operator, moderation.Person{Email: "ann"}, "field.invalid"},
		{"no e-mail either", people.Operator, moderation.Person{Email: "ann\xff@mail.example"}, "field.invalid"},
		{"no id", people.Operator, moderation.Person{Comments: []string{"'; --"}}, "field.invalid"},
		{"too many ids", people.Operator, moderation.Person{Comments: make([]string, 1_001)}, "field.invalid"},
	} {
		_, err := w.s.LessonsOf(w.ctx, tt.who, w.a, tt.p)
		wantCode(t, tt.name+": a look", err, tt.want)
		_, err = w.s.EraseLessons(w.ctx, tt.who, w.a, tt.p, nil)
		wantCode(t, tt.name, err, tt.want)
	}
	if lessons, _, _ := w.holds(w.a, "wagtail"); lessons != 1 {
		t.Errorf("%d lessons are left, want 1", lessons)
	}
}

// between is a store in whose transactions something happens once lessons were added.
type between struct {
	ground.Store[storetest.Tx]
	happens func()
}

func (b between) Update(ctx context.Context, fn func(storetest.Tx) error) ([]ground.Event, error) {
	return b.Store.Update(ctx, func(tx storetest.Tx) error { return fn(addsThen{tx, b.happens}) })
}

type addsThen struct {
	storetest.Tx
	happens func()
}

func (a addsThen) AddLessons(site int64, ls []decision.Lesson) error {
	a.happens()
	return a.Tx.AddLessons(site, ls)
}

// An erasure that begins while a copy is under way waits for it, and finds it.
func TestNoCopyEscapesAnErasure(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.decide(people.Operator, w.a, decision.Approve, w.by(w.a, "ann@mail.example", "", "A wagtail."), w.by(w.a, "", "Bob", "A kingfisher."))
		erased := make(chan error, 1)
		var once sync.Once
		s, err := storetest.Furnish(w.ctx, between{w.db.Store, func() {
			once.Do(func() {
				go func() {
					_, err := w.s.EraseLessons(w.ctx, people.Operator, w.a, moderation.Person{Email: "ann@mail.example"}, nil)
					erased <- err
				}()
				select {
				case err := <-erased:
					t.Errorf("the erasure did not wait (%v)", err)
					erased <- err
				case <-time.After(300 * time.Millisecond): // it waits
				}
			})
		}}, testSecret, ground.Options{Clock: w.clock})
		w.must(err)
		_, err = s.CopyLessons(w.ctx, people.Operator, w.b, w.a, nil)
		w.must(err)
		w.must(<-erased)
		if lessons, _, models := w.holds(w.b, "wagtail"); lessons+models != 0 {
			t.Errorf("%d lessons and %d models hold what was erased", lessons, models)
		}
		if lessons, _, _ := w.holds(w.b, "kingfisher"); lessons != 1 {
			t.Errorf("%d lessons of another were copied, want 1", lessons)
		}
	})
}

// A process that has not heard of an erasure still knows the words: it must not write them down.
func TestNoSnapshotBringsErasedWordsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.decide(people.Operator, w.a, decision.Approve, w.by(w.a, "ann@mail.example", "", "A wagtail."))
		ids := w.waiting(w.a, texts(70, rand.New(rand.NewPCG(1, 2))))
		w.decide(people.Operator, w.a, decision.MarkSpam, ids...)
		w.must(w.s.Learn(w.ctx, w.a))
		w.decide(people.Operator, w.a, decision.Approve, w.by(w.a, "ann@mail.example", "", "A wagtail again."))
		_, err := w.another(nil).EraseLessons(w.ctx, people.Operator, w.a, moderation.Person{Email: "ann@mail.example"}, nil)
		w.must(err)
		w.must(moderation.SaveSnapshots(w.ctx, w.s.Moderation, w.a))
		if list := w.snapshots(w.a); len(list) != 0 {
			t.Errorf("%d snapshots were written of a model that knows what was erased", len(list))
		}
		w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
		if list := w.snapshots(w.a); len(list) != 1 {
			t.Errorf("%d snapshots were written of the model without it, want 1", len(list))
		}
	})
}

// What an erasure took is as safe in the log as what it left.
func TestAnErasureTamperedWithIsFound(t *testing.T) {
	const erase = "UPDATE lessons SET body = '', author = '', email = '', url = '', salt = X'', "
	for _, tt := range []struct {
		change string
		want   uint64
	}{
		{erase + "withdrawn = 12 WHERE site_id = 2 AND part = 5", 1},                                // without a proof
		{erase + "withdrawn = 12, proof = X'00' WHERE site_id = 2 AND part = 5", 1},                 // with a wrong one
		{erase + "withdrawn = 2, proof = X'00' WHERE site_id = 2 AND part = 5", 1},                  // in the name of a decision
		{"UPDATE lessons SET withdrawn = 3 WHERE site_id = 2 AND part = 5", 3},                      // hidden
		{"UPDATE lessons SET withdrawn = 0 WHERE site_id = 2 AND proof IS NOT NULL", 1},             // nobody's
		{"UPDATE lessons SET body = 'x', withdrawn = 0 WHERE site_id = 2 AND proof IS NOT NULL", 1}, // put back
		{"UPDATE lessons SET proof = X'00' WHERE site_id = 2 AND proof IS NOT NULL", 1},
		{"DELETE FROM lessons WHERE site_id = 2 AND proof IS NOT NULL", 1},
		{"UPDATE decisions SET lesson = NULL WHERE site_id = 2 AND kind = 4", 3},
		{"UPDATE decisions SET lessons = 2 WHERE site_id = 2 AND kind = 4", 3},
	} {
		t.Run(tt.change, func(t *testing.T) {
			w := newWorld(t)
			w.decide(people.Operator, w.a, decision.Approve, w.by(w.a, "ann@mail.example", "", "A wagtail."))
			w.taught(w.a, 10)
			_, err := w.s.CopyLessons(w.ctx, people.Operator, w.b, w.a, nil)
			w.must(err)
			w.decide(people.Operator, w.b, decision.Approve, w.submit(w.b, "Lovely.").ID)
			_, err = w.s.EraseLessons(w.ctx, people.Operator, w.b, moderation.Person{Email: "ann@mail.example"}, nil)
			w.must(err)
			if bad, err := w.s.VerifyLog(w.ctx, w.b); err != nil || bad != 0 {
				t.Fatalf("untouched it is bad at %d (%v)", bad, err)
			}
			raw, err := sql.Open("sqlite", w.path)
			w.must(err)
			defer raw.Close()
			done, err := raw.Exec(tt.change)
			w.must(err)
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("nothing was tampered with: %v", err)
			}
			if bad, err := w.s.VerifyLog(w.ctx, w.b); err != nil || bad != tt.want {
				t.Errorf("bad at %d (%v), want %d", bad, err, tt.want)
			}
		})
	}
}

// What is erased is overwritten in the file, not only let go.
func TestNothingErasedIsLeftInTheFile(t *testing.T) {
	w := newWorld(t)
	long := strings.Repeat("A wagtail on the roof, and a wagtail in the yard. ", 150) // of more than one page
	w.decide(people.Operator, w.a, decision.Approve,
		w.by(w.a, "ann@mail.example", "Ann", long), w.by(w.a, "ann@mail.example", "Ann", "One more wagtail."))
	_, err := w.s.CopyLessons(w.ctx, people.Operator, w.b, w.a, nil)
	w.must(err)
	w.taught(w.b, 70) // a snapshot is written
	raw, err := sql.Open("sqlite", w.path)
	w.must(err)
	defer raw.Close()
	inFile := func() (n int) {
		_, err := raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
		w.must(err)
		for _, name := range []string{w.path, w.path + "-wal"} {
			file, err := os.ReadFile(name)
			w.must(err)
			n += bytes.Count(file, []byte("wagtail"))
		}
		return n
	}
	w.must(w.s.RemoveSite(w.ctx, people.Operator, w.a.Key)) // the comments themselves
	if n := inFile(); n == 0 {
		t.Fatal("the word was never in the file")
	}
	_, err = w.s.EraseLessons(w.ctx, people.Operator, w.b, moderation.Person{Email: "ann@mail.example"}, nil)
	w.must(err)
	if n := inFile(); n != 0 {
		t.Errorf("the word stands %d times in the file", n)
	}
}

// Erasing one of fifty people among 10,000 lessons: the transaction, and then until scores show
// it. Their first lesson is an old one, so the whole log is folded.
func BenchmarkErase(b *testing.B) {
	for name, open := range map[string]func() *world{
		"sqlite": func() *world { return newWorld(b) }, "postgres": func() *world { return newWorldOn(b, machine.Postgres(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			w := open()
			w.taught(w.a, 10_000)
			var erased, learned time.Duration
			for i := range b.N {
				email, _ := reader(i)
				start := time.Now()
				_, err := w.s.EraseLessons(w.ctx, people.Operator, w.a, moderation.Person{Email: email}, nil)
				erased += time.Since(start)
				w.must(err)
				start = time.Now()
				w.must(w.s.Learn(w.ctx, w.a))
				learned += time.Since(start)
			}
			b.ReportMetric(float64(erased.Milliseconds())/float64(b.N), "erase-ms")
			b.ReportMetric(float64(learned.Milliseconds())/float64(b.N), "learn-ms")
		})
	}
}
