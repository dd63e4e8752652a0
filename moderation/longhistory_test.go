package moderation_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
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

// waiting puts comments with texts on a site's first page, and returns their ids.
func (w *world) waiting(site moderation.Site, texts []string) []string {
	w.t.Helper()
	first := w.submit(site, "The first of many.")
	ids := make([]string, len(texts))
	w.must(w.db.Update(w.ctx, func(tx moderation.Tx) error {
		for i, text := range texts {
			c := first
			ids[i] = uuid.NewString()
			c.ID, c.Same, c.Path, c.Source = ids[i], nil, fmt.Sprintf("%016d", i), text
			c.Name, c.Email = fmt.Sprint("Reader ", i%50), ""
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// A longHistory decides, undoes, withdraws, copies, retires, follows and starts again at random.
type longHistory struct {
	*world
	site, other moderation.Site
	owner       moderation.Actor
	people      []moderation.Actor
	ids         []string
	batches     []string
	rnd         *rand.Rand
	restored    int // starts that began at a snapshot
}

func newLongHistory(w *world, seed uint64) *longHistory {
	h := &longHistory{world: w, rnd: rand.New(rand.NewPCG(seed, 7))}
	h.site, h.other = w.site("long"), w.site("other")
	h.owner = w.person("owner", moderation.Owner, "long", "other")
	h.people = []moderation.Actor{h.owner, w.person("ann", moderation.Moderator, "long"), w.person("bob", moderation.Moderator, "long")}
	h.ids = w.waiting(h.site, texts(700, h.rnd))
	for i, id := range w.waiting(h.other, texts(40, h.rnd)) {
		w.decide(h.owner, h.other, []moderation.Action{moderation.Approve, moderation.MarkSpam}[i%2], id)
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
	choice := moderation.Choice{Action: moderation.Action(h.rnd.IntN(4))}
	if choice.Action == moderation.Reject {
		choice.Reason = moderation.ReasonDuplicate + moderation.Reason(h.rnd.IntN(7))
	}
	out := h.choose(h.people[h.rnd.IntN(len(h.people))], h.site, choice, ids...)
	if out.Batch != "" {
		h.batches = append(h.batches, out.Batch)
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
	switch n := h.rnd.IntN(40); {
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
		note(h.s.CopyLessons(h.ctx, h.owner, h.site, h.other, nil))
	case n < 37:
		h.must(moderation.LearnLog(h.ctx, h.s, h.site))
	default:
		fresh, err := moderation.New(h.ctx, moderation.Options{Store: h.db, Secret: testSecret, Clock: h.clock})
		h.must(err)
		h.s = fresh
		h.must(h.s.Learn(h.ctx, h.site))
		if moderation.SnapshotUsed(h.s, h.site) > 0 {
			h.restored++
		}
	}
}

// check compares the model with what the log alone says.
func (h *longHistory) check(step int) []byte {
	h.t.Helper()
	h.must(moderation.LearnLog(h.ctx, h.s, h.site))
	live, _, err := moderation.ModelBytes(h.ctx, h.s, h.site)
	h.must(err)
	if want := h.foldOfWhatCounts(h.site); !bytes.Equal(live, want) {
		h.t.Fatalf("step %d: the model has %d bytes, what counts makes %d", step, len(live), len(want))
	}
	return live
}

// foldOfWhatCounts makes a model from nothing by the log: of each comment the last decision
// that was not undone, unless a withdrawal that was not undone follows it; and what was copied;
// nothing that was retired.
func (w *world) foldOfWhatCounts(site moderation.Site) []byte {
	w.t.Helper()
	var lessons []classifier.Lesson
	w.view(func(tx moderation.Tx) error {
		log, err := tx.DecisionsAfter(site.ID, 0, 100_000)
		if err != nil {
			return err
		}
		standing := map[string]moderation.Decision{} // by comment
		withdrawn := map[string]uint64{}             // accounts, up to which entry
		count := map[uint64]bool{}
		var retired time.Time // what is older
		for _, d := range log {
			switch {
			case d.Undoes != 0 || d.Undone:
			case d.Kind == moderation.EntryDecision:
				standing[d.Comment] = d
			case d.Kind == moderation.EntryWithdrawal:
				withdrawn[d.Subject] = d.Seq
			case d.Kind == moderation.EntryRetirement:
				before, err := time.Parse(time.RFC3339Nano, d.Subject)
				w.must(err)
				if before.After(retired) {
					retired = before
				}
			default:
				count[d.Seq] = true
			}
		}
		for _, d := range standing {
			count[d.Seq] = d.Seq > withdrawn[d.By]
		}
		all, err := tx.Lessons(site.ID, 0, uint64(len(log)))
		for _, l := range all {
			if d := log[l.Seq-1]; count[l.Seq] && !d.At.Before(retired) {
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
				h := newLongHistory(w, 11)
				for step := range steps {
					h.step()
					if step%10 == 9 {
						sum := sha256.Sum256(h.check(step))
						at := fmt.Sprint("step ", step)
						seen[at] = append(seen[at], fmt.Sprintf("%x", sum[:8]))
					}
				}
				if bad, err := h.s.VerifyLog(h.ctx, h.site); err != nil || bad != 0 {
					t.Errorf("the log is bad at %d (%v)", bad, err)
				}
				t.Logf("%d entries, %d starts from a snapshot", h.entries(), h.restored)
				if h.restored == 0 {
					t.Error("no start began at a snapshot")
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

func (h *longHistory) entries() (n uint64) {
	h.view(func(tx moderation.Tx) error {
		head, err := tx.Head(h.site.ID)
		n = head.Seq
		return err
	})
	return n
}
