package learning_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

func (w *world) snapshots(site site.Site) (all []fold.Snapshot) {
	w.T.Helper()
	w.View(func(tx store.Tx) error {
		list, err := tx.Snapshots(site.ID)
		for _, s := range list {
			whole, err := tx.Snapshot(site.ID, s.Seq)
			w.Must(err)
			all = append(all, whole)
		}
		return err
	})
	return all
}

// put replaces a snapshot of A by Seq.
func (w *world) put(s fold.Snapshot) {
	w.T.Helper()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		return errors.Join(tx.DropSnapshots(w.A.ID, []uint64{s.Seq}), tx.PutSnapshot(w.A.ID, s, 0))
	}))
}

func TestLearn_ReplacesDamagedSnapshots(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		w.DecideTexts(w.A, 1300)
		want, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)
		before := w.snapshots(w.A)
		if len(before) < 3 {
			t.Fatalf("%d snapshots of 1,300 decisions", len(before))
		}
		for i, s := range before {
			s.Model = slices.Clone(s.Model)
			s.Model[i*97%len(s.Model)] ^= 1
			w.put(s)
		}
		fresh := w.AnotherApp(nil)
		w.Must(fresh.Learn(w.Ctx, w.A))
		got, _, err := learning.ModelBytes(w.Ctx, fresh.Learning, w.A)
		w.Must(err)
		if !bytes.Equal(got, want) {
			t.Errorf("after damage the model has %d bytes, want %d", len(got), len(want))
		}
		after := w.snapshots(w.A)
		for _, s := range after {
			if _, err := s.Open(w.A.ID); err != nil {
				t.Errorf("left behind: %v", err)
			}
		}
		if len(after) != 2 || after[0].Seq != 1300 || after[1].Seq != 512 {
			t.Errorf("%d snapshots were rebuilt, want those at 1,300 and 512", len(after))
		}
	})
}

// However fast decisions are made, a snapshot is written once a minute. A process that stops writes one more, from
// which the next process starts.
func TestRun_SnapshotsPerMinuteAndOnStop(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ids := w.AddTexts(w.A, apptest.RandomTexts(400, rand.New(rand.NewPCG(1, 2))))
		ctx, stop := context.WithCancel(w.Ctx)
		done := make(chan error, 1)
		go func() { done <- w.App.Run(ctx) }()
		testkit.Until(t, "it is ready", func() bool { return w.App.Ready(w.Ctx) == nil })
		for part := range slices.Chunk(ids, 50) {
			w.Decide(authz.Operator, w.A, comment.Approve, part...)
			w.Must(w.App.Learn(w.Ctx, w.A))
		}
		if list := w.snapshots(w.A); len(list) != 1 || list[0].Seq > 100 {
			t.Errorf("%d snapshots were written within a minute, want one, at 100 entries or before", len(list))
		}
		stop()
		w.Must(<-done)
		head := w.Head(w.A).Seq
		if list := w.snapshots(w.A); len(list) == 0 || list[0].Seq != head {
			t.Fatalf("%d snapshots are there after the stop, want the newest at %d", len(list), head)
		}
		want, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)
		next := w.AnotherApp(nil)
		got, _, err := learning.ModelBytes(w.Ctx, next.Learning, w.A)
		w.Must(err)
		if !bytes.Equal(got, want) || learning.SnapshotUsed(next.Learning, w.A) != head {
			t.Errorf("the next process has %d bytes from the snapshot at %d, want %d from that at %d", len(got),
				learning.SnapshotUsed(next.Learning, w.A), len(want), head)
		}
	})
}

// recordingStore records how many bytes of models each transaction writes, and calls then after it.
type recordingStore struct {
	txn.Store[store.Tx]
	put  *[]int
	then func()
}

func (p recordingStore) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	bytes := 0
	events, err := p.Store.Update(ctx, func(tx store.Tx) error {
		bytes = 0
		return fn(countingTx{tx, &bytes})
	})
	if bytes > 0 {
		*p.put = append(*p.put, bytes)
		p.then()
	}
	return events, err
}

type countingTx struct {
	store.Tx
	bytes *int
}

func (w countingTx) PutPiece(site int64, s fold.Snapshot, piece int) error {
	*w.bytes += len(s.Model)
	return w.Tx.PutPiece(site, s, piece)
}

func (w countingTx) PutSnapshot(site int64, s fold.Snapshot, pieces int) error {
	*w.bytes += len(s.Model)
	return w.Tx.PutSnapshot(site, s, pieces)
}

// A large model is written in pieces of 128 KiB. Other writers get their turn between, and no piece survives an
// erasure.
func TestSaveSnapshots_LargeModelInPieces(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		random := rand.New(rand.NewPCG(7, 8))
		texts := make([]string, 100)
		for i := range texts {
			for range 100 {
				texts[i] += fmt.Sprintf(" %x", random.Uint32())
			}
		}
		w.Decide(authz.Operator, w.A, comment.Approve, w.by(w.A, "ann@mail.example", "", "A wagtail."))
		w.Decide(authz.Operator, w.A, comment.MarkSpam, w.AddTexts(w.A, texts[:50])...)
		w.Decide(authz.Operator, w.A, comment.Approve, w.AddTexts(w.A, texts[50:])...)
		w.Must(w.App.Learn(w.Ctx, w.A))
		want, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)

		write := func(then func()) (put []int) {
			w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
				list, err := tx.Snapshots(w.A.ID)
				for _, s := range list {
					err = errors.Join(err, tx.DropSnapshots(w.A.ID, []uint64{s.Seq}))
				}
				return err
			}))
			s := w.NewApp(recordingStore{w.DB.Store, &put, then})
			_, _, err = learning.ModelBytes(w.Ctx, s.Learning, w.A)
			w.Must(err)
			w.Must(learning.SaveSnapshots(w.Ctx, s.Learning, w.A))
			return put
		}
		put := write(func() {})
		if len(put) < 3 || slices.Max(put) > 128<<10 {
			t.Errorf("a model of %d bytes was written in transactions of %v", len(want), put)
		}
		next := w.AnotherApp(nil)
		got, _, err := learning.ModelBytes(w.Ctx, next.Learning, w.A)
		w.Must(err)
		if !bytes.Equal(got, want) || learning.SnapshotUsed(next.Learning, w.A) != w.Head(w.A).Seq {
			t.Errorf("the next process has %d bytes from the snapshot at %d, want %d from the newest", len(got),
				learning.SnapshotUsed(next.Learning, w.A), len(want))
		}

		asOf := w.Head(w.A).Seq
		var once sync.Once
		put = write(func() {
			once.Do(func() {
				_, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, learning.DataSubject{Email: "ann@mail.example"}, nil)
				w.Must(err)
			})
		})
		if list := w.snapshots(w.A); len(put) != 1 || len(list) != 0 {
			t.Errorf("after an erasure between: %d pieces and %d snapshots, want the one before and none", len(put), len(list))
		}
		w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { // PutSnapshot stores nothing if a piece is left
			return tx.PutSnapshot(w.A.ID, fold.Snapshot{Seq: asOf, AsOf: asOf, Model: []byte{1}, Sum: []byte{1}}, 0)
		}))
		if list := w.snapshots(w.A); len(list) != 1 {
			t.Error("a piece of what was erased is left")
		}
	})
}

// claims are shared by processes and do not expire.
type claims map[string]bool

func (c claims) Claim(_ context.Context, site int64, name string, _ time.Duration) bool {
	name = fmt.Sprint(site, name)
	mine := !c[name]
	c[name] = true
	return mine
}

// Processes follow a log a few entries apart and write one snapshot in total.
func TestSaveSnapshots_OneProcessWrites(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ids := w.AddTexts(w.A, apptest.RandomTexts(80, rand.New(rand.NewPCG(5, 6))))
		shared := claims{}
		var processes []*apptest.App
		for range 2 {
			p := w.NewAppWith(w.DB.Store, app.Coordination{Claims: shared}, app.Options{})
			w.Must(p.Learn(w.Ctx, w.A)) // from the beginning: the log is empty
			processes = append(processes, p)
		}
		for i, part := range [][]string{ids[:70], ids[70:]} {
			w.Decide(authz.Operator, w.A, comment.Approve, part...)
			w.Must(processes[i].Learn(w.Ctx, w.A))
		}
		if list := w.snapshots(w.A); len(list) != 1 || list[0].Seq != 70 {
			t.Errorf("%d snapshots were written, want the one at 70", len(list))
		}
	})
}

// A killed process writes no last snapshot. The next process learns the lessons after the newest one.
func TestModel_LearnsLessonsAfterSnapshot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		ids := w.AddTexts(w.A, apptest.RandomTexts(200, rand.New(rand.NewPCG(3, 4))))
		for part := range slices.Chunk(ids, 50) {
			w.Decide(authz.Operator, w.A, comment.Approve, part[:25]...)
			w.Decide(authz.Operator, w.A, comment.MarkSpam, part[25:]...)
			w.Must(w.App.Learn(w.Ctx, w.A))
		}
		want, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
		w.Must(err)
		next := w.AnotherApp(nil)
		got, _, err := learning.ModelBytes(w.Ctx, next.Learning, w.A)
		w.Must(err)
		head, used := w.Head(w.A).Seq, learning.SnapshotUsed(next.Learning, w.A)
		if used == 0 || used+50 > head {
			t.Fatalf("the next process began with the snapshot at %d of %d entries: nothing to learn", used, head)
		}
		if sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("the next process has a model of %d bytes, want the same %d", len(got), len(want))
		}
	})
}

// While a log is folded without a valid snapshot, comments stay pending whatever the site's policy.
func TestJudge_WithoutModelCommentsStayPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DecideTexts(w.A, 700)
	w.Publish(w.A)
	for _, s := range w.snapshots(w.A) {
		s.Model = slices.Clone(s.Model)
		s.Model[len(s.Model)/2] ^= 1
		w.put(s)
	}
	w.App = w.AnotherApp(nil)
	early := w.Submit(w.A, "Sent while there is no model.")
	if early.State != comment.Pending || early.Verdict.Warm || early.Verdict.Action != comment.Hold {
		t.Errorf("without a model: %s with %+v", early.State, early.Verdict)
	}
	item, _, err := w.App.Item(w.Ctx, authz.Operator, w.A, early.ID)
	w.Must(err)
	if len(item.Evidence) != 0 {
		t.Errorf("evidence of no model: %v", item.Evidence)
	}
	w.Run(w.App)
	testkit.Until(w.T, "the model is made and the comment judged",
		func() bool { return w.Comment(w.A, early.ID).Verdict.Warm })
	if c := w.Comment(w.A, early.ID); c.State != comment.Pending {
		t.Errorf("what waited was published by nobody: %s", c.State)
	}
	if c := w.Submit(w.A, "Published by the new model."); c.State != comment.Approved {
		t.Errorf("with the new model: %s", c.State)
	}
}

// A new program version tokenises texts differently, so the log is folded again. Until then the old model serves, and
// its verdicts are rescored later.
func TestModel_OldTokeniserServesUntilFolded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.DecideTexts(w.A, 700)
	for _, s := range w.snapshots(w.A) {
		const tokeniser = len("aitysmdl") + 2
		s.Model = slices.Clone(s.Model[:len(s.Model)-sha256.Size])
		s.Model[tokeniser]++
		sum := sha256.Sum256(s.Model)
		s.Model = append(s.Model, sum[:]...)
		s.Seal(w.A.ID)
		w.put(s)
	}
	old := w.App
	w.App = w.AnotherApp(nil) // the new program version
	early := w.Submit(w.A, "Cheap pills casino, order now.")
	if !early.Verdict.Warm || early.Verdict.ModelSeq != 0 {
		t.Errorf("while the log is folded: %+v", early.Verdict)
	}
	w.Run(w.App)
	testkit.Until(w.T, "the comment is judged by the new model",
		func() bool { return w.Comment(w.A, early.ID).Verdict.ModelSeq > 0 })
	want, _, err := learning.ModelBytes(w.Ctx, old.Learning, w.A)
	w.Must(err)
	got, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, w.A)
	w.Must(err)
	if !bytes.Equal(got, want) {
		t.Errorf("the new model has %d bytes, want %d", len(got), len(want))
	}
}

// While a log is folded again after the undo of an old decision, the old model serves.
func TestModel_OldOneServesDuringRebuild(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	batches := w.DecideTexts(w.A, 700)
	if !w.Comment(w.A, w.Submit(w.A, "Cheap pills casino, order now.").ID).Verdict.Warm {
		t.Fatal("it has not learned")
	}
	w.Undo(authz.Operator, w.A, batches[0])
	if !w.Comment(w.A, w.Submit(w.A, "Cheap pills casino, order again.").ID).Verdict.Warm {
		t.Error("after the undo no model serves")
	}
}

func TestCache_EvictedModelsReloadIdentically(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var sites []site.Site
	var want [][]byte
	for i := range 6 {
		site := w.AddSite(fmt.Sprint("site", i))
		w.DecideTexts(site, 80)
		model, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, site)
		w.Must(err)
		sites, want = append(sites, site), append(want, model)
	}
	if n, bytes := learning.ModelsInMemory(w.App.Learning); n != 6 || bytes/6 > 1<<20 {
		t.Fatalf("%d models of %d bytes on average are in memory, want 6 of at most 1 MiB", n, bytes/6)
	}
	_, all := learning.ModelsInMemory(w.App.Learning)
	learning.SetModelMemory(w.App.Learning, all/2)
	for round := range 3 {
		for i, site := range sites {
			got, _, err := learning.ModelBytes(w.Ctx, w.App.Learning, site)
			w.Must(err)
			if !bytes.Equal(got, want[i]) {
				t.Errorf("round %d: the model of %s has %d bytes, want %d", round, site.Key, len(got), len(want[i]))
			}
			w.Must(w.App.Learn(w.Ctx, site))
		}
		if n, bytes := learning.ModelsInMemory(w.App.Learning); n == 0 || bytes > all/2 {
			t.Errorf("round %d: %d models of %d bytes are in memory, want at most %d", round, n, bytes, all/2)
		}
	}
	c := w.Submit(sites[0], "Cheap pills casino, order now.")
	if !c.Verdict.Warm {
		t.Error("a comment was not scored after its model was evicted")
	}
}

// The time until scores reflect the undo of one of the newest 500 of 10,000 decisions, and of an old one.
func BenchmarkUndo(b *testing.B) {
	for name, back := range map[string]uint64{"newest500": 500, "oldest": 1 << 62} {
		w := newWorld(b)
		batches := w.DecideTexts(w.A, 10_000)
		b.Run(name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				w.Must(w.App.Learn(w.Ctx, w.A))
				i := slices.IndexFunc(batches, func(id string) bool { return w.Entries(id)[0].Seq+back > w.Head(w.A).Seq })
				taken := w.Entries(batches[i])
				if out := w.Undo(authz.Operator, w.A, batches[i]); out.Done != len(taken) {
					b.Fatalf("undid %d of %d", out.Done, len(taken))
				}
				b.StartTimer()
				w.Must(w.App.Learn(w.Ctx, w.A))
				b.StopTimer()
				// Decide again at the end of the log, so that it keeps its length.
				ids := make([]string, len(taken))
				for n, d := range taken {
					ids[n] = d.Comment
				}
				batches = append(slices.Delete(batches, i, i+1), w.Decide(authz.Operator, w.A, taken[0].Action, ids...).Batch)
				b.StartTimer()
			}
		})
	}
}

// Undos of recent decisions, withdrawals and copies are in the models of this and of another process about a second
// later.
func TestRun_ProcessesFollowUndos(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, w *world) {
		batches := w.DecideTexts(w.A, 1200)
		w.DecideTexts(w.B, 20)
		other := w.AnotherApp(nil)
		w.Run(w.App)
		w.Run(other)
		for _, s := range []*apptest.App{w.App, other} {
			w.Must(s.Learn(w.Ctx, w.A))
		}
		follows := func(what string) {
			t.Helper()
			start := time.Now()
			want := w.foldOfWhatCounts(w.A)
			for _, s := range []*apptest.App{w.App, other} {
				testkit.Until(w.T, what, func() bool {
					model, _, err := learning.ModelBytes(w.Ctx, s.Learning, w.A)
					w.Must(err)
					return bytes.Equal(model, want)
				})
				t.Logf("%s: after %v, with the fold that it is compared with", what, time.Since(start))
			}
		}
		w.Undo(authz.Operator, w.A, batches[len(batches)-9])
		follows("the undo")
		_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.A, w.B.Key, nil)
		w.Must(err)
		follows("the copy")
		out, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, "", nil)
		w.Must(err)
		follows("the withdrawal")
		w.Undo(authz.Operator, w.A, out.Batch)
		follows("its undo")
	})
}
