package storetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

var logRules = []rule{
	{"concurrent deciders get numbers without gaps and one unbroken chain", chainHasNoGaps},
	{"a follower of the log misses no decision", followerOfTheLog},
	{"a log refuses entries that do not continue it", logRefusesGaps},
	{"decisions come back as they were put, by number, comment and batch", decisionsComeBack},
	{"a decision is undone only once", undoneOnce},
	{"standing lessons are read in order, in any number", lessonsInOrder},
}

// chained returns the hash of a decision that follows the hash before.
func chained(before []byte, d auditlog.Entry) []byte {
	sum := sha256.Sum256(fmt.Appendf(bytes.Clone(before), "%d %s %s", d.Seq, d.Comment, d.Batch))
	return sum[:]
}

// decide appends n decisions to the env's log in one update. If why is not nil, it rolls them back.
func (w *env) decide(batch string, n int, why error) error {
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
		head, err := tx.LockLog(w.site.ID)
		if err != nil {
			return err
		}
		ds := make([]auditlog.Entry, n)
		for i := range ds {
			d := auditlog.Entry{
				Seq:   head.Seq + 1,
				Site:  w.site.ID,
				Batch: batch,
				By:    "someone",
				At:    began,
				Ruling: auditlog.Ruling{Comment: fmt.Sprint(batch, "-", i), Version: 1, Action: comment.Approve,
					To: comment.Approved},
			}
			d.Hash = chained(head.Hash, d)
			head = auditlog.Head{Seq: d.Seq, Hash: d.Hash}
			ds[i] = d
		}
		if err := tx.AppendDecisions(w.site.ID, ds); err != nil {
			return err
		}
		return why
	})
	return err
}

func (w *env) decisionsAfter(seq uint64, limit int) (ds []auditlog.Entry) {
	w.Helper()
	w.view(func(tx store.Tx) (err error) {
		ds, err = tx.DecisionsAfter(w.site.ID, seq, limit)
		return err
	})
	return ds
}

func chainHasNoGaps(w *env) {
	const deciders, each = 8, 6
	change := errors.New("changed my mind")
	committed := 0
	var mu sync.Mutex
	runConcurrently(deciders, func(i int) {
		for n := range each {
			var why error
			if (i+n)%3 == 0 {
				why = change
			}
			err := w.decide(fmt.Sprint("batch", i, "/", n), 1+n, why)
			if !errors.Is(err, why) {
				w.Errorf("decide: %v, want %v", err, why)
			}
			if err == nil {
				mu.Lock()
				committed += 1 + n
				mu.Unlock()
			}
		}
	})
	all := w.decisionsAfter(0, 10_000)
	if len(all) != committed {
		w.Errorf("%d decisions are in the log, %d were acknowledged", len(all), committed)
	}
	var hash []byte
	for i, d := range all {
		if d.Seq != uint64(i+1) {
			w.Fatalf("decision %d has number %d: the log has a gap", i+1, d.Seq)
		}
		if want := chained(hash, d); !bytes.Equal(d.Hash, want) {
			w.Fatalf("the chain breaks at %d", d.Seq)
		}
		hash = d.Hash
	}
	w.view(func(tx store.Tx) error {
		head, err := tx.Head(w.site.ID)
		if head.Seq != uint64(committed) || !bytes.Equal(head.Hash, hash) {
			w.Errorf("the head is %d, want %d", head.Seq, committed)
		}
		return err
	})
}

func followerOfTheLog(w *env) {
	const deciders, each = 6, 10
	stop := make(chan struct{})
	var followed []uint64
	var follower sync.WaitGroup
	follower.Go(func() {
		seq := uint64(0)
		for {
			last := false
			select {
			case <-stop:
				last = true // read once more after the end
			default:
			}
			for _, d := range w.decisionsAfter(seq, 7) {
				followed = append(followed, d.Seq)
				seq = d.Seq
			}
			if last && len(w.decisionsAfter(seq, 1)) == 0 {
				return
			}
		}
	})
	runConcurrently(deciders, func(i int) {
		for n := range each {
			if err := w.decide(fmt.Sprint(i, "/", n), 1+i%3, nil); err != nil {
				w.Errorf("decide: %v", err)
			}
		}
	})
	close(stop)
	follower.Wait()
	all := w.decisionsAfter(0, 10_000)
	if len(followed) != len(all) {
		w.Errorf("the follower saw %d decisions of %d", len(followed), len(all))
	}
	for i, seq := range followed {
		if seq != uint64(i+1) {
			w.Fatalf("the follower saw number %d as the %dth", seq, i+1)
		}
	}
}

func logRefusesGaps(w *env) {
	if err := w.decide("first", 2, nil); err != nil {
		w.Fatal(err)
	}
	d := func(seq uint64) auditlog.Entry {
		return auditlog.Entry{Seq: seq, Batch: "b", At: began, Hash: []byte{1}, Ruling: auditlog.Ruling{Comment: "c"}}
	}
	for _, ds := range [][]auditlog.Entry{{d(1)}, {d(2)}, {d(4)}, {d(3), d(5)}, {d(3), d(3)}, {d(4), d(3)}} {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			if _, err := tx.LockLog(w.site.ID); err != nil {
				return err
			}
			return tx.AppendDecisions(w.site.ID, ds)
		})
		if err == nil {
			w.Errorf("after 2 the log took %v", ds)
		}
	}
	if n := len(w.decisionsAfter(0, 10)); n != 2 {
		w.Errorf("the log has %d decisions, want 2", n)
	}
}

func decisionsComeBack(w *env) {
	var want []auditlog.Entry
	for i := range 5 {
		want = append(want, auditlog.Entry{
			Seq:    uint64(i + 1),
			Site:   w.site.ID,
			Batch:  fmt.Sprint("batch", i/2),
			By:     hostile,
			Lesson: []byte{0, 1},
			At:     began.Add(time.Duration(i)),
			Hash:   []byte{byte(i), 0xff},
			Ruling: auditlog.Ruling{Comment: fmt.Sprint("c", i%3), Version: int64(i + 1), Action: comment.Reject,
				Reason: comment.ReasonUnlawful, Note: hostile, From: comment.Pending, To: comment.Rejected, Score: 0.25,
				Suggested: comment.MarkSpam, ModelSeq: 1 << 40, Spam: 0.1 * float64(i), Warm: i > 0},
		})
		want[i].At = began.Add(time.Duration(i) * time.Microsecond)
	}
	want[3].Lesson = nil
	want[4].Before, want[4].Undoes, want[4].Restores = 3, 2, 1
	want[1].Undone = true
	w.update(func(tx store.Tx) error { return tx.AppendDecisions(w.site.ID, want) })
	reversed := slices.Clone(want)
	slices.Reverse(reversed)
	w.view(func(tx store.Tx) error {
		for _, tt := range []struct {
			name string
			read func() ([]auditlog.Entry, error)
			want []auditlog.Entry
		}{
			{"after 0", func() ([]auditlog.Entry, error) { return tx.DecisionsAfter(w.site.ID, 0, 9) }, want},
			{"after 2, two", func() ([]auditlog.Entry, error) { return tx.DecisionsAfter(w.site.ID, 2, 2) }, want[2:4]},
			{"from the newest", func() ([]auditlog.Entry, error) { return tx.DecisionsBefore(w.site.ID, 0, 9) }, reversed},
			{"before 4, two", func() ([]auditlog.Entry, error) { return tx.DecisionsBefore(w.site.ID, 4, 2) }, reversed[2:4]},
			{"of c1", func() ([]auditlog.Entry, error) { return tx.DecisionsOf(w.site.ID, "c1") },
				[]auditlog.Entry{want[1], want[4]}},
			{"of c2 and c0", func() ([]auditlog.Entry, error) { return tx.DecisionsOf(w.site.ID, "c2", "c0") },
				[]auditlog.Entry{want[0], want[2], want[3]}},
			{"of none", func() ([]auditlog.Entry, error) { return tx.DecisionsOf(w.site.ID) }, nil},
			{"batch", func() ([]auditlog.Entry, error) { return tx.Batch(w.site.ID, "batch1") }, want[2:4]},
			{"no batch", func() ([]auditlog.Entry, error) { return tx.Batch(w.site.ID, "none") }, nil},
		} {
			got, err := tt.read()
			if err != nil {
				return fmt.Errorf("%s: %w", tt.name, err)
			}
			if !reflect.DeepEqual(got, tt.want) {
				w.Errorf("%s:\n%+v\nwant\n%+v", tt.name, got, tt.want)
			}
		}
		return nil
	})
}

func undoneOnce(w *env) {
	if err := w.decide("first", 2, nil); err != nil {
		w.Fatal(err)
	}
	undo := func(seq uint64) error {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
			head, err := tx.LockLog(w.site.ID)
			if err != nil {
				return err
			}
			return tx.AppendDecisions(w.site.ID, []auditlog.Entry{{
				Seq:    head.Seq + 1,
				Batch:  fmt.Sprint("undo", head.Seq),
				Undoes: seq,
				At:     began,
				Hash:   []byte{1},
				Ruling: auditlog.Ruling{Comment: "c"},
			}})
		})
		return err
	}
	if err := undo(1); err != nil {
		w.Errorf("the first undo: %v", err)
	}
	w.wants("the second undo", undo(1), txn.ErrTaken)
	if err := undo(2); err != nil {
		w.Errorf("undo of another: %v", err)
	}
}

func lessonsInOrder(w *env) {
	const n = 2500
	want := make([]auditlog.Lesson, n)
	for i := range want {
		want[i] = auditlog.Lesson{
			Lesson: classifier.Lesson{
				Seq: uint64(i + 1), Label: classifier.Label(i % 5),
				Comment: classifier.Comment{Text: fmt.Sprint("text ", i), Author: hostile, Email: "e", URL: "u"},
			},
			Of: fmt.Sprint("c", i), Salt: []byte{byte(i)}, Counts: true,
		}
	}
	if err := w.decide("all", n, nil); err != nil {
		w.Fatal(err)
	}
	taken := map[uint64]bool{1: true, 7: true, n: true}
	w.update(func(tx store.Tx) error {
		if err := tx.AddLessons(w.site.ID, want); err != nil {
			return err
		}
		if err := tx.SetStanding(w.site.ID, []uint64{1, 7, 8, n, n + 9}, false); err != nil {
			return err
		}
		return tx.SetStanding(w.site.ID, []uint64{8}, true)
	})
	for _, after := range []uint64{0, 7, 1000, n} {
		var got []classifier.Lesson
		w.view(func(tx store.Tx) error {
			return tx.EachLesson(w.site.ID, after, func(l classifier.Lesson) error {
				got = append(got, l)
				_, err := tx.Head(w.site.ID) // the callback may use the store.Tx
				return err
			})
		})
		var wanted []classifier.Lesson
		for _, l := range want {
			if l.Seq > after && !taken[l.Seq] {
				wanted = append(wanted, l.Lesson)
			}
		}
		if !reflect.DeepEqual(got, wanted) {
			w.Errorf("after %d: %d lessons, want %d", after, len(got), len(wanted))
		}
	}
	w.view(func(tx store.Tx) error {
		got, err := tx.Lessons(w.site.ID, 3, 13)
		wanted := slices.Clone(want[3:13])
		wanted[7-4].Counts, wanted[7-4].Fallen = false, true
		if !reflect.DeepEqual(got, wanted) {
			w.Errorf("lessons after 3: %+v, want %+v", got, wanted)
		}
		return err
	})
	why := errors.New("enough")
	err := w.store.View(w.ctx(), func(tx store.Tx) error {
		return tx.EachLesson(w.site.ID, 0, func(classifier.Lesson) error { return why })
	})
	w.wants("a fold that stops", err, why)
}
