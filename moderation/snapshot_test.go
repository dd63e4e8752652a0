package moderation_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/fold"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/store/storetest"
)

// taught has a site decide n comments, half of them spam, and returns the batches of the newest.
func (w *world) taught(site ground.Site, n int) (batches []string) {
	w.t.Helper()
	ids := w.waiting(site, texts(n, rand.New(rand.NewPCG(5, uint64(site.ID)))))
	for part := range slices.Chunk(ids, 100) {
		for half, some := range slices.Collect(slices.Chunk(part, (len(part)+1)/2)) {
			action := []decision.Action{decision.Approve, decision.MarkSpam}[half]
			batches = append(batches, w.decide(people.Operator, site, action, some...).Batch)
			w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
		}
	}
	return batches
}

func (w *world) snapshots(site ground.Site) (all []fold.Snapshot) {
	w.t.Helper()
	w.view(func(tx storetest.Tx) error {
		list, err := tx.Snapshots(site.ID)
		for _, s := range list {
			whole, err := tx.Snapshot(site.ID, s.Seq)
			w.must(err)
			all = append(all, whole)
		}
		return err
	})
	return all
}

func TestDamagedSnapshotsAreReplaced(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.taught(w.a, 1300)
		want, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, w.a)
		w.must(err)
		before := w.snapshots(w.a)
		if len(before) < 3 {
			t.Fatalf("%d snapshots of 1,300 decisions", len(before))
		}
		for i, s := range before {
			s.Model = slices.Clone(s.Model)
			s.Model[i*97%len(s.Model)] ^= 1
			w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error { return tx.PutSnapshot(w.a.ID, s) }))
		}
		fresh := w.another(nil)
		w.must(moderation.LearnLog(w.ctx, fresh.Moderation, w.a))
		got, _, err := moderation.ModelBytes(w.ctx, fresh.Moderation, w.a)
		w.must(err)
		if !bytes.Equal(got, want) {
			t.Errorf("after damage the model has %d bytes, want %d", len(got), len(want))
		}
		after := w.snapshots(w.a)
		for _, s := range after {
			if _, err := s.Open(w.a.ID); err != nil {
				t.Errorf("left behind: %v", err)
			}
		}
		if len(after) != 2 || after[0].Seq != 1300 || after[1].Seq != 512 {
			t.Errorf("%d snapshots were made anew, want those at 1,300 and 512", len(after))
		}
	})
}

// publish lets a site's comments be public at once.
func (w *world) publish(site ground.Site) {
	w.t.Helper()
	var err error
	w.a, err = w.s.SetSite(w.ctx, people.Operator, site.Key, ground.SiteChange{Settings: map[string]string{"moderation": "none"}})
	w.must(err)
}

// While a log is folded for want of a good snapshot nothing is published without a person,
// whatever the site's policy.
func TestWithoutAModelCommentsWaitForAPerson(t *testing.T) {
	w := newWorld(t)
	w.taught(w.a, 700)
	w.publish(w.a)
	for _, s := range w.snapshots(w.a) {
		s.Model = slices.Clone(s.Model)
		s.Model[len(s.Model)/2] ^= 1
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error { return tx.PutSnapshot(w.a.ID, s) }))
	}
	w.s = w.another(nil)
	early := w.submit(w.a, "Sent while there is no model.")
	if early.State != decision.Pending || early.Verdict.Warm || early.Verdict.Action != decision.Hold {
		t.Errorf("without a model: %s with %+v", early.State, early.Verdict)
	}
	item, _, err := w.s.Item(w.ctx, people.Operator, w.a, early.ID)
	w.must(err)
	if len(item.Evidence) != 0 {
		t.Errorf("evidence of no model: %v", item.Evidence)
	}
	w.run(w.s)
	w.until("the model is made and the comment judged", 20*time.Second, func() bool { return w.comment(w.a, early.ID).Verdict.Warm })
	if c := w.comment(w.a, early.ID); c.State != decision.Pending {
		t.Errorf("what waited was published by nobody: %s", c.State)
	}
	if c := w.submit(w.a, "Published by the new model."); c.State != decision.Approved {
		t.Errorf("with the new model: %s", c.State)
	}
}

// A new program reads texts differently, so the log is folded anew. The model of the old one
// serves meanwhile, and what it judged is judged again.
func TestAFormerProgramsModelServesUntilTheLogIsFolded(t *testing.T) {
	w := newWorld(t)
	w.taught(w.a, 700)
	for _, s := range w.snapshots(w.a) {
		const tokeniser = len("aitysmdl") + 2
		s.Model = slices.Clone(s.Model[:len(s.Model)-sha256.Size])
		s.Model[tokeniser]++
		sum := sha256.Sum256(s.Model)
		s.Model = append(s.Model, sum[:]...)
		s.Seal(w.a.ID)
		w.must(w.db.Update(w.ctx, func(tx storetest.Tx) error { return tx.PutSnapshot(w.a.ID, s) }))
	}
	old := w.s
	w.s = w.another(nil) // the new program
	early := w.submit(w.a, "Cheap pills casino, order now.")
	if !early.Verdict.Warm || early.Verdict.ModelSeq != 0 {
		t.Errorf("while the log is folded: %+v", early.Verdict)
	}
	w.run(w.s)
	w.until("the comment is judged by the new model", 20*time.Second, func() bool { return w.comment(w.a, early.ID).Verdict.ModelSeq > 0 })
	want, _, err := moderation.ModelBytes(w.ctx, old.Moderation, w.a)
	w.must(err)
	got, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, w.a)
	w.must(err)
	if !bytes.Equal(got, want) {
		t.Errorf("the new model has %d bytes, want %d", len(got), len(want))
	}
}

// While a log is folded anew after an undo of long ago, the old model serves.
func TestTheOldModelServesUntilTheNewOneIsThere(t *testing.T) {
	w := newWorld(t)
	batches := w.taught(w.a, 700)
	if !w.comment(w.a, w.submit(w.a, "Cheap pills casino, order now.").ID).Verdict.Warm {
		t.Fatal("it has not learned")
	}
	w.undo(people.Operator, w.a, batches[0])
	if !w.comment(w.a, w.submit(w.a, "Cheap pills casino, order again.").ID).Verdict.Warm {
		t.Error("after the undo no model serves")
	}
}

func TestModelsLeaveMemoryAndComeBackTheSame(t *testing.T) {
	w := newWorld(t)
	var sites []ground.Site
	var want [][]byte
	for i := range 6 {
		site := w.site(fmt.Sprint("site", i))
		w.taught(site, 80)
		model, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, site)
		w.must(err)
		sites, want = append(sites, site), append(want, model)
	}
	if n, bytes := moderation.ModelsInMemory(w.s.Moderation); n != 6 || bytes/6 > 1<<20 {
		t.Fatalf("%d models of %d bytes on average are in memory, want 6 of at most 1 MiB", n, bytes/6)
	}
	_, all := moderation.ModelsInMemory(w.s.Moderation)
	moderation.SetModelMemory(w.s.Moderation, all/2)
	for round := range 3 {
		for i, site := range sites {
			got, _, err := moderation.ModelBytes(w.ctx, w.s.Moderation, site)
			w.must(err)
			if !bytes.Equal(got, want[i]) {
				t.Errorf("round %d: the model of %s has %d bytes, want %d", round, site.Key, len(got), len(want[i]))
			}
			w.must(moderation.LearnLog(w.ctx, w.s.Moderation, site))
		}
		if n, bytes := moderation.ModelsInMemory(w.s.Moderation); n == 0 || bytes > all/2 {
			t.Errorf("round %d: %d models of %d bytes are in memory, want at most %d", round, n, bytes, all/2)
		}
	}
	c := w.submit(sites[0], "Cheap pills casino, order now.")
	if !c.Verdict.Warm {
		t.Error("a comment on a site whose model had left was not judged")
	}
}

// Undoing one of the newest 500 of 10,000 decisions, and one of long ago, until scores show it.
func BenchmarkUndo(b *testing.B) {
	for name, back := range map[string]uint64{"newest500": 500, "oldest": 1 << 62} {
		w := newWorld(b)
		batches := w.taught(w.a, 10_000)
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
				i := slices.IndexFunc(batches, func(id string) bool { return w.entries(id)[0].Seq+back > w.head(w.a).Seq })
				taken := w.entries(batches[i])
				if out := w.undo(people.Operator, w.a, batches[i]); out.Done != len(taken) {
					b.Fatalf("undid %d of %d", out.Done, len(taken))
				}
				b.StartTimer()
				w.must(w.s.Learn(w.ctx, w.a))
				b.StopTimer()
				// The same again at the end of the log, which stays as long.
				ids := make([]string, len(taken))
				for n, d := range taken {
					ids[n] = d.Comment
				}
				batches = append(slices.Delete(batches, i, i+1), w.decide(people.Operator, w.a, taken[0].Action, ids...).Batch)
				b.StartTimer()
			}
		})
	}
}

// entries are those of a batch.
func (w *world) entries(batch string) (all []decision.Entry) {
	w.t.Helper()
	w.view(func(tx storetest.Tx) (err error) {
		all, err = tx.Batch(w.a.ID, batch)
		return err
	})
	return all
}

func (w *world) head(site ground.Site) (head decision.Head) {
	w.t.Helper()
	w.view(func(tx storetest.Tx) (err error) {
		head, err = tx.Head(site.ID)
		return err
	})
	return head
}

// An undo of one of the newest decisions of a long log is in the models of this process and of
// another about a second later, and so are a withdrawal and a copy.
func TestEachProcessFollowsWhatIsTakenBack(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		batches := w.taught(w.a, 1200)
		w.taught(w.b, 20)
		other := w.another(nil)
		w.run(w.s)
		w.run(other)
		for _, s := range []*storetest.Rooms{w.s, other} {
			w.must(s.Learn(w.ctx, w.a))
		}
		follows := func(what string) {
			t.Helper()
			start := time.Now()
			want := w.foldOfWhatCounts(w.a)
			for _, s := range []*storetest.Rooms{w.s, other} {
				w.until(what, 30*time.Second, func() bool {
					model, _, err := moderation.ModelBytes(w.ctx, s.Moderation, w.a)
					w.must(err)
					return bytes.Equal(model, want)
				})
				t.Logf("%s: after %v, with the fold that it is compared with", what, time.Since(start))
			}
		}
		w.undo(people.Operator, w.a, batches[len(batches)-9])
		follows("the undo")
		_, err := w.s.CopyLessons(w.ctx, people.Operator, w.a, w.b, nil)
		w.must(err)
		follows("the copy")
		out, err := w.s.WithdrawLessons(w.ctx, people.Operator, w.a, "", nil)
		w.must(err)
		follows("the withdrawal")
		w.undo(people.Operator, w.a, out.Batch)
		follows("its undo")
	})
}
