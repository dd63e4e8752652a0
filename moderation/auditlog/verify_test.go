package auditlog_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// memory is a log in memory.
type memory struct {
	head    auditlog.Head
	entries []auditlog.Entry
	lessons []auditlog.Lesson
}

func (m *memory) Head(int64) (auditlog.Head, error) { return m.head, nil }

func (m *memory) DecisionsAfter(_ int64, seq uint64, limit int) (list []auditlog.Entry, err error) {
	for _, d := range m.entries {
		if d.Seq > seq && len(list) < limit {
			list = append(list, d)
		}
	}
	return list, nil
}

func (m *memory) Lessons(_ int64, after, upTo uint64) (list []auditlog.Lesson, err error) {
	for _, l := range m.lessons {
		if l.Seq > after && l.Seq <= upTo {
			list = append(list, l)
		}
	}
	return list, nil
}

func (m *memory) TakenBy(_ int64, by uint64) (list []auditlog.Lesson, err error) {
	for _, l := range m.lessons {
		if l.Withdrawn == by {
			list = append(list, l)
		}
	}
	return list, nil
}

// put appends an entry.
func (m *memory) put(d auditlog.Entry) {
	d.Seq, d.Site, d.At = m.head.Seq+1, 1, began.Add(time.Duration(m.head.Seq)*time.Second)
	d.Hash = auditlog.Hash(m.head.Hash, d)
	m.head = auditlog.Head{Seq: d.Seq, Hash: d.Hash}
	m.entries = append(m.entries, d)
}

func (m *memory) teach(id string) {
	l := auditlog.Lesson{Of: id, Salt: []byte(id)}
	l.Seq, l.Comment = m.head.Seq+1, classifier.Comment{Text: "What " + id + " says."}
	m.lessons = append(m.lessons, l)
	m.put(auditlog.Entry{Lesson: l.Hash(), Ruling: auditlog.Ruling{Comment: id, Action: comment.Approve}})
}

// take appends an entry that erases the lesson of entry seq.
func (m *memory) take(seq uint64, kind auditlog.Kind) {
	i := slices.IndexFunc(m.lessons, func(l auditlog.Lesson) bool { return l.Seq == seq })
	l := &m.lessons[i]
	d := auditlog.Entry{Kind: kind, Teaching: auditlog.Teaching{Lessons: 1, Lowest: seq,
		Subject: began.Add(time.Hour).Format(time.RFC3339Nano)}}
	if kind == auditlog.Erasure {
		d.Subject, l.Proof = "", l.Hash()
		d.Lesson = auditlog.ErasedHash([]auditlog.Lesson{*l})
	}
	l.Salt, l.Comment, l.Withdrawn = nil, classifier.Comment{}, m.head.Seq+1
	m.put(d)
}

func (m *memory) verify(t *testing.T) uint64 {
	t.Helper()
	w := auditlog.NewVerifier(1)
	for {
		bad, more, err := w.Step(m)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return bad
		}
	}
}

// written returns a log of 1,500 entries. At its end the lesson of entry 2 is retired and that of entry 3 erased.
func written() *memory {
	m := &memory{}
	for i := range 1_498 {
		m.teach(fmt.Sprint("c", i+1))
	}
	m.take(2, auditlog.Retirement)
	m.take(3, auditlog.Erasure)
	return m
}

func TestVerifier_FindsFirstInvalidEntry(t *testing.T) {
	if bad := written().verify(t); bad != 0 {
		t.Fatalf("a whole log is bad at %d", bad)
	}
	for _, tt := range []struct {
		name string
		do   func(m *memory)
		bad  uint64
	}{
		{"a note", func(m *memory) { m.entries[1_199].Note = "changed" }, 1_200},
		{"a hash", func(m *memory) { m.entries[9].Hash = []byte("another") }, 10},
		{"an entry is gone", func(m *memory) { m.entries = slices.Delete(m.entries, 99, 100) }, 100},
		{"the end is gone, and with it what erased lessons", func(m *memory) { m.entries = m.entries[:1_400] }, 2},
		{"the head is newer", func(m *memory) { m.head.Seq++ }, 1_501},
		{"the head is older", func(m *memory) { m.head = auditlog.Head{Seq: 1_499, Hash: m.entries[1_498].Hash} }, 1_501},
		{"a lesson's text", func(m *memory) { m.lessons[19].Comment.Text = "changed" }, 20},
		{"a lesson is gone", func(m *memory) { m.lessons = slices.Delete(m.lessons, 19, 20) }, 20},
		{"a lesson is erased by nobody", func(m *memory) {
			m.lessons[19].Salt, m.lessons[19].Comment = nil, classifier.Comment{}
		}, 20},
		{"a lesson is erased by a decision", func(m *memory) {
			m.lessons[19].Salt, m.lessons[19].Comment, m.lessons[19].Withdrawn = nil, classifier.Comment{}, 30
		}, 20},
		{"a lesson is erased by an entry that is not there", func(m *memory) {
			m.lessons[19].Salt, m.lessons[19].Comment, m.lessons[19].Withdrawn = nil, classifier.Comment{}, 9_999
		}, 20},
		{"an erased lesson's proof", func(m *memory) { m.lessons[2].Proof = []byte("another") }, 3},
		{"an erased lesson is taken out of its erasure", func(m *memory) { m.lessons[2].Withdrawn = 1_499 }, 1_500},
	} {
		m := written()
		tt.do(m)
		if bad := m.verify(t); bad != tt.bad {
			t.Errorf("%s: found at %d, want %d", tt.name, bad, tt.bad)
		}
	}
}
