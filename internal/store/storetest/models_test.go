package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/txn"
)

var modelRules = []rule{
	{"the lessons of an account are withdrawn and returned together", lessonsWithdrawn},
	{"the lessons of entries before a time are erased permanently", lessonsRetired},
	{"chosen lessons are erased permanently, and found by the entry that withdrew them", lessonsErased},
	{"the entries that copied lessons are found", copiesFound},
	{"copied lessons are found by the site of their comments", copiedLessons},
	{"one entry stores many lessons, which are read in their order", lessonsOfOneEntry},
	{"the lowest lesson touched after an entry is found", lowestTouched},
	{"snapshots come back unchanged, newest first, and the last write wins", snapshotsComeBack},
	{"a snapshot is stored in pieces, and exists when all are stored", snapshotsComeInPieces},
}

// append appends decisions to the site's log. It sets Seq, Site, Batch, At and Hash.
func (w *env) append(ds ...auditlog.Entry) {
	w.Helper()
	w.update(func(tx store.Tx) error {
		head, err := tx.LockLog(w.site.ID)
		if err != nil {
			return err
		}
		for i := range ds {
			d := &ds[i]
			d.Seq, d.Site, d.Batch, d.At = head.Seq+1, w.site.ID, "batch", began
			d.Hash = chained(head.Hash, *d)
			head = auditlog.Head{Seq: d.Seq, Hash: d.Hash}
		}
		return tx.AppendDecisions(w.site.ID, ds)
	})
}

// counting returns the lessons that count, as "seq:text".
func (w *env) counting() (all []string) {
	w.Helper()
	w.view(func(tx store.Tx) error {
		return tx.EachLesson(w.site.ID, 0, func(l classifier.Lesson) error {
			all = append(all, fmt.Sprintf("%d:%s", l.Seq, l.Comment.Text))
			return nil
		})
	})
	return all
}

func lesson(seq uint64, part int, text string) auditlog.Lesson {
	return auditlog.Lesson{
		Lesson: classifier.Lesson{Seq: seq, Comment: classifier.Comment{Text: text}},
		Part:   part, Of: text, Salt: []byte(text), Counts: true,
	}
}

func lessonsWithdrawn(w *env) {
	w.append(
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c1"}}, auditlog.Entry{By: "bob",
			Ruling: auditlog.Ruling{Comment: "c2"}},
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c3"}}, auditlog.Entry{By: "ann",
			Ruling: auditlog.Ruling{Comment: "c4"}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "other", Lessons: 1}},
		auditlog.Entry{By: "ann", Kind: auditlog.Withdrawal, Teaching: auditlog.Teaching{Subject: "ann", Lessons: 2, Lowest: 1}},
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c5"}},
	)
	w.update(func(tx store.Tx) error {
		err := tx.AddLessons(w.site.ID, []auditlog.Lesson{
			lesson(1, 0, "a"), lesson(2, 0, "b"), lesson(3, 0, "c"), lesson(4, 0, "d"), lesson(5, 0,
				"copied"), lesson(7, 0, "later"),
		})
		return errors.Join(err, tx.SetStanding(w.site.ID, []uint64{1}, false))
	})
	expect := func(after string, want ...string) {
		w.Helper()
		if got := w.counting(); !slices.Equal(got, want) {
			w.Errorf("after %s: %v count, want %v", after, got, want)
		}
	}
	withdraw := func(account string, by uint64, n int, lowest uint64) {
		w.Helper()
		w.update(func(tx store.Tx) error {
			gotN, gotLowest, err := tx.WithdrawLessons(w.site.ID, account, by)
			if gotN != n || gotLowest != lowest {
				w.Errorf("withdraw %s: %d lessons from %d on, want %d from %d", account, gotN, gotLowest, n, lowest)
			}
			return err
		})
	}
	withdraw("nobody", 6, 0, 0)
	withdraw("ann", 6, 2, 1)
	expect("the withdrawal", "2:b", "5:copied", "7:later")
	w.view(func(tx store.Tx) error {
		taught, err := tx.Taught(w.site.ID)
		if want := map[string]int{"ann": 1, "bob": 1}; !reflect.DeepEqual(taught, want) {
			w.Errorf("taught %v, want %v", taught, want)
		}
		return err
	})
	count := func(limit, want int) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			n, err := tx.CountLessons(w.site.ID, classifier.Ham, limit)
			if n != want {
				w.Errorf("%d lessons are counted, up to %d; want %d", n, limit, want)
			}
			spam, spamErr := tx.CountLessons(w.site.ID, classifier.Spam, limit)
			if spam != 0 {
				w.Errorf("%d lessons of spam are counted, want none", spam)
			}
			return errors.Join(err, spamErr)
		})
	}
	count(9, 2) // the copied one is from another site; a, c and d do not exist
	count(1, 1)
	withdraw("ann", 6, 0, 0)
	w.update(func(tx store.Tx) error { return tx.SetStanding(w.site.ID, []uint64{1}, true) })
	expect("a withdrawn lesson stands again", "2:b", "5:copied", "7:later")
	w.update(func(tx store.Tx) error {
		n, lowest, err := tx.ReturnLessons(w.site.ID, 6)
		if n != 3 || lowest != 1 {
			w.Errorf("%d lessons count again, from %d on", n, lowest)
		}
		return err
	})
	expect("the return", "1:a", "2:b", "3:c", "4:d", "5:copied", "7:later")
}

func lessonsRetired(w *env) {
	w.append(auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c1"}},
		auditlog.Entry{By: "bob", Ruling: auditlog.Ruling{Comment: "c2"}})
	w.update(func(tx store.Tx) error {
		return tx.AddLessons(w.site.ID, []auditlog.Lesson{lesson(1, 0, "a"), lesson(2, 0, "b")})
	})
	retire := func(before time.Time, by uint64, n int, lowest uint64) {
		w.Helper()
		w.update(func(tx store.Tx) error {
			gotN, gotLowest, err := tx.RetireLessons(w.site.ID, before, by)
			if gotN != n || gotLowest != lowest {
				w.Errorf("retire before %v: %d lessons from %d on, want %d from %d", before, gotN, gotLowest, n, lowest)
			}
			return err
		})
	}
	w.update(func(tx store.Tx) error {
		_, _, err := tx.WithdrawLessons(w.site.ID, "bob", 3)
		return err
	})
	count := func(want int) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			n, err := tx.CountRetirable(w.site.ID, began.Add(time.Second))
			if n != want {
				w.Errorf("%d lessons could be retired, want %d", n, want)
			}
			return err
		})
	}
	retire(began, 4, 0, 0)
	count(2)
	retire(began.Add(time.Second), 2, 1, 1)
	count(1)
	retire(began.Add(time.Second), 5, 1, 2)
	count(0)
	w.update(func(tx store.Tx) error {
		_, _, err := tx.ReturnLessons(w.site.ID, 3)
		return err
	})
	if got := w.counting(); len(got) != 0 {
		w.Errorf("%v count", got)
	}
	w.view(func(tx store.Tx) error {
		got, err := tx.Lessons(w.site.ID, 0, 9)
		want := []auditlog.Lesson{
			{Lesson: classifier.Lesson{Seq: 1}, Of: "a", Withdrawn: 2},
			{Lesson: classifier.Lesson{Seq: 2}, Of: "b", Withdrawn: 5},
		}
		for i := range got {
			if len(got[i].Salt) == 0 {
				got[i].Salt = nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			w.Errorf("left are %+v, want %+v", got, want)
		}
		return err
	})
}

func lessonsErased(w *env) {
	const n = 130 // more than one batch
	w.append(
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c1"}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "other", Lessons: n}},
	)
	put := []auditlog.Lesson{lesson(1, 0, "a")}
	for part := range n {
		put = append(put, lesson(2, part, fmt.Sprint("part ", part)))
	}
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.AddLessons(w.site.ID, put), tx.SetStanding(w.site.ID, []uint64{1}, false))
	})
	want := slices.Clone(put)
	want[0].Counts = false
	var chosen []auditlog.Lesson
	for i := range want {
		if i == 0 || i > 3 {
			l := &want[i]
			l.Proof, l.Withdrawn = fmt.Append(nil, "proof ", i), 3
			chosen = append(chosen, *l)
			l.Lesson.Comment, l.Salt, l.Counts = classifier.Comment{}, nil, false
		}
	}
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.EraseLessons(w.site.ID, nil, 3), tx.EraseLessons(w.site.ID, chosen, 3))
	})
	w.update(func(tx store.Tx) error { return tx.SetStanding(w.site.ID, []uint64{1}, true) })
	if got := w.counting(); !slices.Equal(got, []string{"2:part 0", "2:part 1", "2:part 2"}) {
		w.Errorf("%v count", got)
	}
	left := func(what string, want []auditlog.Lesson, read func(store.Tx) ([]auditlog.Lesson, error)) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			got, err := read(tx)
			for i := range got {
				if len(got[i].Salt) == 0 {
					got[i].Salt = nil
				}
			}
			if !reflect.DeepEqual(got, want) {
				w.Errorf("%s: %+v, want %+v", what, got, want)
			}
			return err
		})
	}
	left("left", want, func(tx store.Tx) ([]auditlog.Lesson, error) { return tx.Lessons(w.site.ID, 0, 9) })
	gone := slices.DeleteFunc(slices.Clone(want), func(l auditlog.Lesson) bool { return l.Withdrawn == 0 })
	left("taken", gone, func(tx store.Tx) ([]auditlog.Lesson, error) { return tx.TakenBy(w.site.ID, 3) })
	left("taken by nobody", nil, func(tx store.Tx) ([]auditlog.Lesson, error) { return tx.TakenBy(w.site.ID, 0) })
}

func copiesFound(w *env) {
	w.append(
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c1"}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "other", Lessons: 1}},
		auditlog.Entry{By: "ann", Kind: auditlog.Erasure, Teaching: auditlog.Teaching{Lessons: 1, Lowest: 1}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "third", Lessons: 1}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Undoes: 2, Teaching: auditlog.Teaching{Subject: "other",
			Lessons: 1, Lowest: 2}},
	)
	w.view(func(tx store.Tx) error {
		got, err := tx.Copies(w.site.ID)
		if want := []uint64{2, 4}; !slices.Equal(got, want) {
			w.Errorf("the entries are %v, want %v", got, want)
		}
		return err
	})
}

func copiedLessons(w *env) {
	other := w.newSite("other")
	page := w.newPage(other.ID, "https://other.example/post").ID
	there := func(c *comment.Comment) { c.Site, c.Page = other.ID, page }
	first, removed := w.comment(there), w.comment(there, func(c *comment.Comment) { c.State = comment.Removed })
	here := w.comment()
	copied := auditlog.Entry{Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "other", Lessons: 1}}
	undone := copied
	undone.Undoes, undone.Lowest = 2, 2
	w.append(auditlog.Entry{Ruling: auditlog.Ruling{Comment: first.ID}}, copied,
		auditlog.Entry{Kind: auditlog.Erasure, Teaching: auditlog.Teaching{Lessons: 1, Lowest: 2}}, copied, undone)
	put := []auditlog.Lesson{
		lesson(1, 0, first.ID), // taught, not copied
		lesson(2, 0, "of a third site"), lesson(2, 1, removed.ID), lesson(2, 2, first.ID), lesson(2, 3, here.ID),
		lesson(4, 0, first.ID),
	}
	want := []auditlog.Lesson{put[2], put[3], put[5]}
	want[1].Salt, want[1].Proof, want[1].Withdrawn = nil, []byte("proof"), 3
	want[1].Comment, want[1].Counts = classifier.Comment{}, false
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.AddLessons(w.site.ID, put), tx.EraseLessons(w.site.ID, want[1:2], 3))
	})
	w.view(func(tx store.Tx) error {
		got, err := tx.CopiedLessons(w.site.ID, other.ID)
		for i := range got {
			if len(got[i].Salt) == 0 {
				got[i].Salt = nil
			}
		}
		if !reflect.DeepEqual(got, want) {
			w.Errorf("of the other site are %+v, want %+v", got, want)
		}
		own, errOwn := tx.CopiedLessons(w.site.ID, w.site.ID)
		if !reflect.DeepEqual(own, put[4:5]) {
			w.Errorf("of the site itself is %+v, want %+v", own, put[4:5])
		}
		none, errNone := tx.CopiedLessons(other.ID, w.site.ID)
		if len(none) > 0 {
			w.Errorf("the other site took nothing over, and has %+v", none)
		}
		return errors.Join(err, errOwn, errNone)
	})
}

func lessonsOfOneEntry(w *env) {
	const n = 2500 // several batches
	w.append(
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c1"}},
		auditlog.Entry{By: "ann", Kind: auditlog.Copy, Teaching: auditlog.Teaching{Subject: "other", Lessons: n}},
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "c3"}},
	)
	put := []auditlog.Lesson{lesson(1, 0, "before")}
	for part := range n {
		put = append(put, lesson(2, part, fmt.Sprint("part ", part)))
	}
	put = append(put, lesson(3, 0, "after"))
	var want []string
	for _, l := range put {
		want = append(want, fmt.Sprintf("%d:%s", l.Seq, l.Lesson.Comment.Text))
	}
	w.update(func(tx store.Tx) error { return tx.AddLessons(w.site.ID, put) })
	if got := w.counting(); !slices.Equal(got, want) {
		w.Errorf("%d lessons are read, want %d in their order", len(got), len(want))
	}
	w.view(func(tx store.Tx) error {
		got, err := tx.Lessons(w.site.ID, 1, 2)
		if !reflect.DeepEqual(got, put[1:n+1]) {
			w.Errorf("the entry has %d lessons, want %d", len(got), n)
		}
		return err
	})
	w.update(func(tx store.Tx) error { return tx.SetStanding(w.site.ID, []uint64{2}, false) })
	if got := w.counting(); !slices.Equal(got, []string{"1:before", "3:after"}) {
		w.Errorf("%d lessons count once the entry fell, want 2", len(got))
	}
}

func lowestTouched(w *env) {
	w.append(
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c1"}}, auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c2"}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c3"}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c3", Before: 3}},
		auditlog.Entry{Undoes: 4, Ruling: auditlog.Ruling{Comment: "c3", Before: 4, Restores: 3}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c2", Before: 2}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "c4"}},
	)
	for after, want := range []uint64{2, 2, 2, 2, 2, 2, 0, 0} {
		w.view(func(tx store.Tx) error {
			got, err := tx.LowestTouched(w.site.ID, uint64(after))
			if got != want {
				w.Errorf("after %d the lowest touched is %d, want %d", after, got, want)
			}
			return err
		})
	}
	w.append(auditlog.Entry{Undoes: 6, Ruling: auditlog.Ruling{Comment: "c3", Before: 6, Restores: 1}})
	w.view(func(tx store.Tx) error {
		got, err := tx.LowestTouched(w.site.ID, 7)
		if got != 1 {
			w.Errorf("what an undo restores is touched: got %d, want 1", got)
		}
		return err
	})
}

func snapshotsComeBack(w *env) {
	big := bytes.Repeat([]byte{0, 1, 2, 0xFF}, 1<<19)
	put := []fold.Snapshot{
		{Seq: 64, AsOf: 64, Model: []byte{0}, Sum: []byte{1}},
		{Seq: 512, AsOf: 600, Model: []byte("first"), Sum: []byte{2}},
		{Seq: 512, AsOf: 700, Model: big, Sum: []byte{3}},
		{Seq: 128, AsOf: 128, Model: []byte("m"), Sum: []byte{4}},
	}
	for _, s := range put {
		w.update(func(tx store.Tx) error { return tx.PutSnapshot(w.site.ID, s, 0) })
	}
	w.view(func(tx store.Tx) error {
		list, err := tx.Snapshots(w.site.ID)
		want := []fold.Snapshot{{Seq: 512, AsOf: 700}, {Seq: 128, AsOf: 128}, {Seq: 64, AsOf: 64}}
		if !reflect.DeepEqual(list, want) {
			w.Errorf("the list is %v, want %v", list, want)
		}
		got, errGot := tx.Snapshot(w.site.ID, 512)
		if !reflect.DeepEqual(got, put[2]) {
			w.Errorf("snapshot 512 came back as of %d with %d bytes", got.AsOf, len(got.Model))
		}
		return errors.Join(err, errGot)
	})
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.DropSnapshots(w.site.ID, nil), tx.DropSnapshots(w.site.ID, []uint64{512, 64, 9}))
	})
	w.view(func(tx store.Tx) error {
		list, err := tx.Snapshots(w.site.ID)
		if len(list) != 1 || list[0].Seq != 128 {
			w.Errorf("left are %v, want 128 alone", list)
		}
		if _, err := tx.Snapshot(w.site.ID, 512); !errors.Is(err, txn.ErrNotFound) {
			w.Errorf("what was dropped answers %v", err)
		}
		return err
	})
}

// snapshotsComeInPieces stores a complete snapshot, one with a missing piece, and pieces without a snapshot.
func snapshotsComeInPieces(w *env) {
	part := func(seq, asOf uint64, text string) fold.Snapshot {
		return fold.Snapshot{Seq: seq, AsOf: asOf, Model: []byte(text), Sum: []byte{1}}
	}
	newest := func(seq uint64) (s fold.Snapshot, err error) {
		w.view(func(tx store.Tx) error { s, err = tx.Snapshot(w.site.ID, seq); return nil })
		return s, err
	}
	w.update(func(tx store.Tx) error {
		return errors.Join(
			tx.PutPiece(w.site.ID, part(9, 9, "two "), 1), tx.PutPiece(w.site.ID, part(9, 9, "once"), 0),
			tx.PutPiece(w.site.ID, part(9, 9, "one "), 0), // again
			tx.PutSnapshot(w.site.ID, part(9, 9, "nothing"), 3),
			tx.PutPiece(w.site.ID, part(9, 12, "of another time "), 0))
	})
	if _, err := newest(9); !errors.Is(err, txn.ErrNotFound) {
		w.Errorf("after two pieces of three it answers %v", err)
	}
	w.update(func(tx store.Tx) error { return tx.PutSnapshot(w.site.ID, part(9, 9, "three"), 2) })
	if got, err := newest(9); err != nil || string(got.Model) != "one two three" {
		w.Errorf("of three pieces came %q, %v", got.Model, err)
	}
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.DropSnapshots(w.site.ID, nil), tx.PutSnapshot(w.site.ID, part(9, 12, "whole"), 0))
	})
	if got, err := newest(9); err != nil || string(got.Model) != "whole" {
		w.Errorf("with the pieces of another time came %q, %v", got.Model, err)
	}
	w.update(func(tx store.Tx) error {
		return errors.Join(tx.DropSnapshots(w.site.ID, nil), tx.PutSnapshot(w.site.ID, part(9, 9, "pieces"), 0))
	})
	if got, err := newest(9); err != nil || string(got.Model) != "pieces" {
		w.Errorf("the pieces of what was replaced are still there: %q, %v", got.Model, err)
	}
}
