package fold_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/learning/fold"
)

// lessons returns the lessons of the first n entries of a log. No two are near-duplicates.
func lessons(n int) []classifier.Lesson {
	list := make([]classifier.Lesson, n)
	for i := range list {
		list[i] = classifier.Lesson{Seq: uint64(i + 1), Label: classifier.Label(i % 2),
			Comment: classifier.Comment{Text: fmt.Sprintf("lesson%d says word%d and word%d", i, i*i, 7*i)}}
	}
	return list
}

// memory is a log in memory. Each entry teaches a lesson unless it is in out.
type memory struct {
	lessons   []classifier.Lesson
	out       map[uint64]bool
	undoes    map[uint64]uint64 // entries that undo another
	snapshots []fold.Snapshot   // newest first
}

func (m *memory) entry(seq uint64) auditlog.Entry {
	if undone := m.undoes[seq]; undone != 0 {
		return auditlog.Entry{Seq: seq, Undoes: undone}
	}
	return auditlog.Entry{Seq: seq, Lesson: []byte("hash")}
}

func (m *memory) Head(int64) (auditlog.Head, error) {
	return auditlog.Head{Seq: uint64(len(m.lessons))}, nil
}

func (m *memory) DecisionsAfter(_ int64, seq uint64, limit int) (list []auditlog.Entry, err error) {
	for seq++; seq <= uint64(len(m.lessons)) && len(list) < limit; seq++ {
		list = append(list, m.entry(seq))
	}
	return list, nil
}

func (m *memory) DecisionsBefore(_ int64, seq uint64, limit int) (list []auditlog.Entry, err error) {
	if seq == 0 {
		seq = uint64(len(m.lessons)) + 1
	}
	for seq--; seq > 0 && len(list) < limit; seq-- {
		list = append(list, m.entry(seq))
	}
	return list, nil
}

func (m *memory) EachLesson(_ int64, after uint64, fn func(classifier.Lesson) error) error {
	for _, l := range m.lessons[after:] {
		if m.out[l.Seq] || m.undoes[l.Seq] != 0 {
			continue
		}
		if err := fn(l); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) LowestTouched(_ int64, after uint64) (lowest uint64, err error) {
	for seq, undone := range m.undoes {
		if seq > after && (lowest == 0 || undone < lowest) {
			lowest = undone
		}
	}
	return lowest, nil
}

func (m *memory) Snapshots(int64) ([]fold.Snapshot, error) { return m.snapshots, nil }

func (m *memory) Snapshot(_ int64, seq uint64) (fold.Snapshot, error) {
	i := slices.IndexFunc(m.snapshots, func(s fold.Snapshot) bool { return s.Seq == seq })
	return m.snapshots[i], nil
}

func made(t *testing.T, log *memory) fold.Fold {
	t.Helper()
	f := fold.New(log, 1)
	if err := f.FindBase(); err != nil {
		t.Fatal(err)
	}
	if err := f.Build(); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFold_SameLogSameBytes(t *testing.T) {
	log := &memory{lessons: lessons(1_100)}
	first := made(t, log)
	if first.Base != 0 || first.Seq != 1_100 || first.Changed != 1_100 || len(first.Checkpoints) != 1 ||
		first.Checkpoints[0].Seq != 512 {
		t.Fatalf("from nothing: base %d, seq %d, changed %d, %d on the way", first.Base, first.Seq, first.Changed,
			len(first.Checkpoints))
	}
	told := 0
	nothing, err := fold.FromScratch(log, 1, func(uint64) { told++ })
	if err != nil || told != 1_100 || !bytes.Equal(nothing.Bytes(), first.Model.Bytes()) {
		t.Errorf("told of %d lessons, %v; the same bytes: %t", told, err, bytes.Equal(nothing.Bytes(), first.Model.Bytes()))
	}
	want := first.Model.Bytes()
	log.snapshots = first.Checkpoints
	if second := made(t, log); second.Base != 512 || !bytes.Equal(second.Model.Bytes(), want) {
		t.Errorf("from the snapshot on the way: base %d, the same bytes: %t", second.Base,
			bytes.Equal(second.Model.Bytes(), want))
	}
	// The log grows and the model continues.
	log.lessons = lessons(1_105)
	going := fold.New(log, 1)
	if on, err := going.Follow(first.Learned); err != nil || !on || len(going.Added) != 5 || going.Seq != 1_105 ||
		going.Changed != 1_105 {
		t.Fatalf("it goes on: %t, %v, with %d lessons to %d", on, err, len(going.Added), going.Seq)
	}
	going.Model.Learn(going.Added...)
	if fresh := made(t, &memory{lessons: log.lessons}); !bytes.Equal(going.Model.Bytes(), fresh.Model.Bytes()) {
		t.Error("a continued model differs from a rebuilt one")
	}
}

func TestFold_OmitsUndoneLessons(t *testing.T) {
	log := &memory{lessons: lessons(700)}
	before := made(t, log)
	whole := fold.SnapshotOf(1, 300, 700, made(t, &memory{lessons: lessons(300)}).Model)
	damaged := fold.SnapshotOf(1, 250, 700, before.Model)
	early := fold.SnapshotOf(1, 100, 700, made(t, &memory{lessons: lessons(100)}).Model)
	log.snapshots = []fold.Snapshot{whole, damaged, early}
	log.lessons = lessons(701)
	log.out, log.undoes = map[uint64]bool{260: true}, map[uint64]uint64{701: 260}
	f := fold.New(log, 1)
	if on, err := f.Follow(before.Learned); err != nil || on {
		t.Fatalf("a model that knows what was taken back goes on: %t, %v", on, err)
	}
	after := made(t, log)
	if after.Base != 100 || !slices.Equal(after.Outdated, []uint64{300}) || !slices.Equal(after.Damaged, []uint64{250}) ||
		after.Changed != 701 {
		t.Errorf("it begins at %d, %v outdated, %v damaged, changed %d", after.Base, after.Outdated, after.Damaged,
			after.Changed)
	}
	want, err := fold.FromScratch(log, 1, func(uint64) {})
	if err != nil || !bytes.Equal(after.Model.Bytes(), want.Bytes()) || bytes.Equal(want.Bytes(), before.Model.Bytes()) {
		t.Errorf("the model without the lesson differs from one made of nothing, or is the old one: %v", err)
	}
	if n, err := after.CountLessons(500); n != 501 || err != nil {
		t.Errorf("600 lessons after the snapshot are counted as %d, %v; want 501", n, err)
	}
	if changed, err := auditlog.LastChange(log, 1); changed != 701 || err != nil {
		t.Errorf("the last change is %d, %v", changed, err)
	}
}

func TestSnapshotOpen_RefusesDamage(t *testing.T) {
	const site, other = 1, 2
	good := fold.SnapshotOf(site, 6, 6, classifier.Fold(slices.Values(lessons(6))))
	model := good.Model
	if _, err := good.Open(site); err != nil {
		t.Fatalf("a whole snapshot is refused: %v", err)
	}
	variants := 0
	refused := func(what string, s fold.Snapshot) {
		variants++
		if _, err := s.Open(site); err == nil {
			t.Errorf("%s: it is opened", what)
		}
	}
	for i := range model {
		s := good
		s.Model = slices.Clone(model)
		s.Model[i] ^= 0x10
		refused(fmt.Sprint("byte ", i, " flipped"), s)
		s.Seal(site) // damaged before sealing
		refused(fmt.Sprint("byte ", i, " flipped and sealed"), s)
		s = good
		s.Model = model[:i]
		refused(fmt.Sprint("cut to ", i), s)
	}
	for i := range good.Sum {
		s := good
		s.Sum = slices.Clone(good.Sum)
		s.Sum[i] ^= 1
		refused(fmt.Sprint("byte ", i, " of the sum flipped"), s)
	}
	for what, change := range map[string]func(*fold.Snapshot){
		"longer":        func(s *fold.Snapshot) { s.Model = append(slices.Clone(model), 0) },
		"other seq":     func(s *fold.Snapshot) { s.Seq = 5 },
		"other asOf":    func(s *fold.Snapshot) { s.AsOf = 7 },
		"empty":         func(s *fold.Snapshot) { s.Model, s.Sum = nil, nil },
		"of after seq":  func(s *fold.Snapshot) { s.Seq = 5; s.Seal(site) },
		"of other site": func(s *fold.Snapshot) { s.Seal(other) },
	} {
		s := good
		change(&s)
		refused(what, s)
	}
	t.Logf("damaged: %d snapshots were refused", variants)
}

// However a log grows, the undo of an entry n back starts from a snapshot not much older, and few snapshots are kept.
func TestThin_KeepsGrowingDistances(t *testing.T) {
	for _, grow := range []uint64{1, 7, 40, 64} {
		var kept []uint64
		for head := grow; head <= 40_000; head += grow {
			if len(kept) > 0 && head/64 == kept[0]/64 || head < 64 {
				continue
			}
			kept = slices.Insert(kept, 0, head)
			drop := fold.Thin(kept, head)
			kept = slices.DeleteFunc(kept, func(seq uint64) bool { return slices.Contains(drop, seq) })
			if len(kept) > 14 {
				t.Fatalf("grown by %d to %d: %d snapshots are kept", grow, head, len(kept))
			}
			for back := uint64(1); back < head; back *= 2 {
				folded := head // from scratch
				if i := slices.IndexFunc(kept, func(seq uint64) bool { return seq <= head-back }); i >= 0 {
					folded = head - kept[i]
				}
				if most := max(3*64, 25*back); folded > most {
					t.Fatalf("grown by %d to %d: an undo %d back folds %d, want at most %d (%v)", grow, head, back, folded, most, kept)
				}
			}
		}
	}
}

// For a log that grows by one entry at a time, the snapshots written total five times its length at any length. One
// snapshot per 64 entries totalled 800 times the length of 100,000 entries.
func TestDue_BytesStayProportionalToLog(t *testing.T) {
	var saved, written uint64
	for seq := uint64(1); seq <= 1_000_000; seq++ {
		if fold.Due(saved, seq, false) {
			saved = seq
			written += seq
		}
		if written > 6*seq {
			t.Fatalf("at entry %d so much was written as %d entries hold", seq, written)
		}
		if behind := seq - saved; behind > max(64, seq/4) {
			t.Fatalf("at entry %d the newest snapshot is %d back", seq, behind)
		}
	}
	if !fold.Due(1_000_000, 1_000_064, true) || fold.Due(1_000_000, 1_000_063, true) {
		t.Error("the last one of a process is not due after 64 entries")
	}
}
