package moderation_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// texts makes n texts that share words, so that models of them have something to learn.
func texts(n int, rnd *rand.Rand) []string {
	words := strings.Fields(`pills casino cheap order best price tomatoes recipe thank you garden red lovely idiot hate
		bread oven flour morning coffee читать книга спасибо дешево заказ кітап рахмет нан таң жақсы win bonus now free`)
	all := make([]string, n)
	for i := range all {
		var text []string
		for range 4 + rnd.IntN(16) {
			text = append(text, words[rnd.IntN(len(words))])
		}
		all[i] = fmt.Sprintf("%s %d", strings.Join(text, " "), i)
	}
	return all
}

// reader is the i-th of fifty writers of comments: an e-mail, and a word that only they use.
func reader(i int) (email, canary string) {
	i %= 50
	return fmt.Sprintf("reader%d@mail.example", i), "siskin" + strings.Repeat(string(rune('b'+i%10)), 2+i/10)
}

// waiting puts comments with texts on a site's first page, and returns their ids. Each is of a
// reader who uses their own word, and writes their e-mail in capitals now and then.
func (w *world) waiting(site ground.Site, texts []string) []string {
	w.t.Helper()
	first := w.submit(site, "The first of many.")
	ids := make([]string, len(texts))
	w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error {
		for i, text := range texts {
			c := first
			ids[i] = uuid.NewString()
			email, canary := reader(i)
			if i%3 == 0 {
				email = strings.ToUpper(email)
			}
			c.ID, c.Same, c.Path, c.Source = ids[i], nil, fmt.Sprintf("%016d", i), text+" "+canary
			c.Name, c.Email = fmt.Sprint("Reader ", i%50), email
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// A longHistory decides, undoes, withdraws, copies, retires, erases, follows and starts again at
// random, beside a second process that only follows.
type longHistory struct {
	*world
	site, other   ground.Site
	owner         people.Actor
	people        []people.Actor
	ids, otherIDs []string
	batches       []string
	rnd           *rand.Rand
	follower      *storetest.Rooms
	copied        bool // from the site to the other one
	restored      int  // starts that began at a snapshot
	replayed      int  // snapshots from which the model was made again
	erased        int  // lessons, and
	copies        int  // those of them that were copies on the other site
}

func newLongHistory(w *world, seed uint64, comments int) *longHistory {
	h := &longHistory{world: w, rnd: rand.New(rand.NewPCG(seed, 7)), follower: w.another(nil)}
	h.site, h.other = w.site("long"), w.site("other")
	h.owner = w.person("owner", people.Owner, "long", "other")
	h.people = []people.Actor{h.owner, w.person("ann", people.Moderator, "long"), w.person("bob", people.Moderator, "long")}
	h.ids = w.waiting(h.site, texts(comments, h.rnd))
	h.otherIDs = w.waiting(h.other, texts(40, h.rnd))
	for i, id := range h.otherIDs {
		w.decide(h.owner, h.other, []decision.Action{decision.Approve, decision.MarkSpam}[i%2], id)
	}
	return h
}

func (h *longHistory) decideSome(n int) {
	chosen := map[string]bool{}
	var ids []string
	for range n {
		// Mostly new ones: what is decided anew makes snapshots untrue.
		i := h.rnd.IntN(len(h.ids))
		if id := h.ids[i]; !chosen[id] {
			chosen[id] = true
			ids = append(ids, id)
		}
	}
	choice := moderation.Choice{Action: decision.Action(h.rnd.IntN(4))}
	if choice.Action == decision.Reject {
		choice.Reason = decision.ReasonDuplicate + decision.Reason(h.rnd.IntN(7))
	}
	out := h.choose(h.people[h.rnd.IntN(len(h.people))], h.site, choice, ids...)
	if out.Batch != "" {
		h.batches = append(h.batches, out.Batch)
	}
}

// stored are all lessons of a site.
func (w *world) stored(site ground.Site) (all []decision.Lesson) {
	w.t.Helper()
	w.view(func(tx storetest.Tx) (err error) {
		all, err = tx.Lessons(site.ID, 0, 1_000_000)
		return err
	})
	return all
}

// erase takes out what a reader taught on one of the sites, and on the other what was copied of
// it: exactly that, and no word of it is left.
func (h *longHistory) erase(n int, onOther bool) {
	h.t.Helper()
	site, other, written := h.site, h.other, h.ids
	if onOther {
		site, other, written = h.other, h.site, h.otherIDs
	}
	email, canary := reader(n)
	want := map[int64][]decision.Lesson{site.ID: h.stored(site), other.ID: h.stored(other)}
	gone := map[int64]int{}
	for id, lessons := range want {
		for i := range lessons {
			l := &lessons[i]
			// On the other site their own comments stay: nothing but copies has these ids.
			theirs := strings.EqualFold(l.Lesson.Comment.Email, email) && (id == site.ID || slices.Contains(written, l.Comment))
			if theirs {
				gone[id]++
				l.Lesson.Comment, l.Salt, l.Proof, l.Withdrawn, l.Counts = classifier.Comment{}, nil, nil, 0, false
			}
		}
	}
	p := moderation.Person{Email: strings.ToUpper(email)}
	would, err := h.s.LessonsOf(h.ctx, h.owner, site, p)
	h.must(err)
	out, err := h.s.EraseLessons(h.ctx, h.owner, site, p, nil)
	h.must(err)
	if out.Lessons != gone[site.ID] || out.Copies != gone[other.ID] || (out.Batch != "") != (out.Lessons > 0) || out.Left != 0 {
		h.t.Fatalf("erased %+v, want %d lessons and %d copies", out, gone[site.ID], gone[other.ID])
	}
	if would.Lessons != out.Lessons || would.Copies != out.Copies || would.Left != 0 {
		h.t.Fatalf("it was said that %+v would be erased, and %+v was", would, out)
	}
	h.erased, h.copies = h.erased+out.Lessons, h.copies+out.Copies
	for _, s := range []ground.Site{site, other} {
		for i, l := range h.stored(s) {
			w := want[s.ID][i]
			if w.Lesson.Comment == (classifier.Comment{}) {
				if l.Lesson.Comment != (classifier.Comment{}) || len(l.Salt) > 0 || l.Counts {
					h.t.Fatalf("lesson %d.%d is not erased", l.Seq, l.Part)
				}
			} else if !reflect.DeepEqual(l, w) {
				h.t.Fatalf("lesson %d.%d is %+v, was %+v", l.Seq, l.Part, l, w)
			}
		}
		if gone[s.ID] > 0 && s.ID == site.ID {
			for _, snapshot := range h.snapshots(s) {
				if bytes.Contains(snapshot.Model, []byte(canary)) {
					h.t.Fatalf("the snapshot at %d of %s holds %q", snapshot.Seq, s.Key, canary)
				}
			}
		}
	}
}

func (h *longHistory) step() {
	h.t.Helper()
	h.clock.add(time.Minute)
	note := func(out moderation.Outcome, err error) {
		h.must(err)
		if out.Batch != "" {
			h.batches = append(h.batches, out.Batch)
		}
	}
	switch n := h.rnd.IntN(42); {
	case n < 22:
		h.decideSome(1 + h.rnd.IntN(30))
	case n < 27: // a late one, as people do
		late := max(0, len(h.batches)-5)
		if len(h.batches) > 0 {
			h.undo(h.owner, h.site, h.batches[late+h.rnd.IntN(len(h.batches)-late)])
		}
	case n < 29:
		if len(h.batches) > 0 {
			h.undo(h.owner, h.site, h.batches[h.rnd.IntN(len(h.batches))])
		}
	case n < 30:
		account := h.people[h.rnd.IntN(len(h.people))].Account.ID
		note(h.s.WithdrawLessons(h.ctx, h.owner, h.site, account, nil))
	case n < 31:
		if before := h.clock.Now().Add(-90 * time.Minute); h.rnd.IntN(2) == 0 {
			_, err := h.s.RetireLessons(h.ctx, h.owner, h.site, before, nil)
			h.must(err)
			return
		}
		if h.rnd.IntN(3) == 0 && !h.copied { // once: what is copied to and fro grows
			h.copied = true
			_, err := h.s.CopyLessons(h.ctx, h.owner, h.other, h.site, nil)
			h.must(err)
			return
		}
		note(h.s.CopyLessons(h.ctx, h.owner, h.site, h.other, nil))
	case n < 33:
		h.erase(h.rnd.IntN(50), h.rnd.IntN(3) == 0)
	case n < 37:
		h.must(moderation.LearnLog(h.ctx, h.s.Moderation, h.site))
	case n < 39:
		h.must(moderation.LearnLog(h.ctx, h.follower.Moderation, h.site))
	default:
		fresh, err := storetest.Furnish(h.ctx, h.db.Store, testSecret, ground.Options{Clock: h.clock})
		h.must(err)
		h.s = fresh
		h.must(h.s.Learn(h.ctx, h.site))
		if moderation.SnapshotUsed(h.s.Moderation, h.site) > 0 {
			h.restored++
		}
	}
}

// check compares the models of both processes, and those that each good snapshot and what
// follows it make, with what the log alone says.
func (h *longHistory) check(step int) []byte {
	h.t.Helper()
	want := h.foldOfWhatCounts(h.site)
	for _, s := range []*storetest.Rooms{h.s, h.follower} {
		h.must(moderation.LearnLog(h.ctx, s.Moderation, h.site))
		live, _, err := moderation.ModelBytes(h.ctx, s.Moderation, h.site)
		h.must(err)
		if !bytes.Equal(live, want) {
			h.t.Fatalf("step %d: the model has %d bytes, what counts makes %d", step, len(live), len(want))
		}
	}
	for _, s := range h.snapshots(h.site) {
		h.view(func(tx storetest.Tx) error {
			touched, err := tx.LowestTouched(h.site.ID, s.AsOf)
			if err != nil || touched != 0 && touched <= s.Seq {
				return err // good for nothing since
			}
			h.replayed++
			model, err := classifier.Restore(s.Model)
			h.must(err)
			err = tx.EachLesson(h.site.ID, s.Seq, func(l classifier.Lesson) error {
				model.Learn(l)
				return nil
			})
			if got := model.Bytes(); !bytes.Equal(got, want) {
				h.t.Fatalf("step %d: from the snapshot at %d the model has %d bytes, what counts makes %d", step, s.Seq, len(got), len(want))
			}
			return err
		})
	}
	return want
}

// foldOfWhatCounts makes a model from nothing by the log: of each comment the last decision
// that was not undone, unless a withdrawal that was not undone follows it; and what was copied;
// nothing that was retired or erased.
func (w *world) foldOfWhatCounts(site ground.Site) []byte {
	w.t.Helper()
	var lessons []classifier.Lesson
	w.view(func(tx storetest.Tx) error {
		log, err := tx.DecisionsAfter(site.ID, 0, 100_000)
		if err != nil {
			return err
		}
		standing := map[string]decision.Entry{} // by comment
		withdrawn := map[string]uint64{}        // accounts, up to which entry
		count := map[uint64]bool{}
		erases := map[uint64]bool{} // entries
		var retired time.Time       // what is older
		for _, d := range log {
			switch {
			case d.Undoes != 0 || d.Undone:
			case d.Kind == decision.OnComment:
				standing[d.Comment] = d
			case d.Kind == decision.Withdrawal:
				withdrawn[d.Subject] = d.Seq
			case d.Kind == decision.Retirement:
				before, err := time.Parse(time.RFC3339Nano, d.Subject)
				w.must(err)
				if before.After(retired) {
					retired = before
				}
			case d.Kind == decision.Erasure:
				erases[d.Seq] = true
			default:
				count[d.Seq] = true
			}
		}
		for _, d := range standing {
			count[d.Seq] = d.Seq > withdrawn[d.By]
		}
		all, err := tx.Lessons(site.ID, 0, uint64(len(log)))
		for _, l := range all {
			if d := log[l.Seq-1]; count[l.Seq] && !d.At.Before(retired) && !erases[l.Withdrawn] {
				lessons = append(lessons, l.Lesson)
			}
		}
		return err
	})
	return classifier.Fold(slices.Values(lessons)).Bytes()
}

// Whatever happens, and however often it is started again from a snapshot, a model has the
// bytes that a rebuild from nothing makes: on both databases, on one processor and on two.
func TestAModelFromSnapshotsIsTheOneFromNothing(t *testing.T) {
	steps := 220
	if testing.Short() {
		steps = 60
	}
	seen := map[string][]string{}
	for _, processors := range []int{1, 2} {
		t.Run(fmt.Sprintf("GOMAXPROCS=%d", processors), func(t *testing.T) {
			before := runtime.GOMAXPROCS(processors)
			defer runtime.GOMAXPROCS(before)
			onBoth(t, func(t *testing.T, w *world) {
				h := newLongHistory(w, 7, 700)
				for step := range steps {
					h.step()
					if step%10 == 9 {
						sum := sha256.Sum256(h.check(step))
						at := fmt.Sprint("step ", step)
						seen[at] = append(seen[at], fmt.Sprintf("%x", sum[:8]))
					}
				}
				h.verify()
				t.Logf("%d entries, %d starts from a snapshot, %d snapshots replayed, %d lessons and %d copies erased",
					h.entries(), h.restored, h.replayed, h.erased, h.copies)
				if h.restored == 0 || h.replayed == 0 || h.erased == 0 {
					t.Error("no start began at a snapshot, or none was replayed, or nothing was erased")
				}
			})
		})
	}
	for at, sums := range seen {
		if len(slices.Compact(slices.Clone(sums))) != 1 {
			t.Errorf("%s: the models differ: %v", at, sums)
		}
	}
}

// Many short histories: any mixture of decisions, undos, withdrawals, copies, retirements and
// erasures ends in the bytes that the log determines.
func TestAnyMixtureOfTeachingMakesTheBytesOfItsLog(t *testing.T) {
	histories := 24
	if testing.Short() {
		histories = 4
	}
	erased, copies := 0, 0
	for seed := range histories {
		h := newLongHistory(newWorld(t), uint64(seed), 90)
		for step := range 60 {
			h.step()
			if step%6 == 5 {
				h.check(step)
			}
		}
		h.verify()
		erased, copies = erased+h.erased, copies+h.copies
	}
	if erased == 0 || copies == 0 {
		t.Errorf("%d lessons and %d copies were erased, want some of each", erased, copies)
	}
}

// verify walks the logs of both sites.
func (h *longHistory) verify() {
	h.t.Helper()
	for _, site := range []ground.Site{h.site, h.other} {
		if bad, err := h.s.VerifyLog(h.ctx, site); err != nil || bad != 0 {
			h.t.Errorf("the log of %s is bad at %d (%v)", site.Key, bad, err)
		}
	}
}

func (h *longHistory) entries() (n uint64) {
	h.view(func(tx storetest.Tx) error {
		head, err := tx.Head(h.site.ID)
		n = head.Seq
		return err
	})
	return n
}
