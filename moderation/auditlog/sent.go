package auditlog

import (
	"fmt"
	"slices"
)

// AppendSent appends an entry with a lesson that another program sent. It replaces the earlier lesson with the same
// content. It returns false and appends nothing if that lesson has the same label.
func (b *Appender) AppendSent(l Lesson) (bool, error) {
	standing, err := b.sent(l.Of)
	if err != nil {
		return false, err
	}
	var before Entry
	if n := len(standing); n > 0 {
		before = standing[n-1]
		if before.Subject == l.Label.String() {
			return false, nil
		}
		b.Revoke(before.Seq)
	}
	l.Seq = b.Next()
	d := Entry{Kind: SentLesson, Ruling: Ruling{Comment: l.Of},
		Teaching: Teaching{Subject: l.Label.String(), Lessons: 1, Lowest: before.Seq}}
	d.Lesson = LessonsHash(d, []Lesson{l})
	b.Teach(l)
	b.AppendTeaching(d)
	return true, nil
}

// sent returns the entries with lessons that programs sent with the same content and that were not undone, ascending.
// The last one counts.
func (b *Appender) sent(of string) ([]Entry, error) {
	entries, err := b.tx.DecisionsOf(b.Site, of)
	if err != nil {
		return nil, fmt.Errorf("read sent lessons: %w", err)
	}
	return slices.DeleteFunc(entries, func(d Entry) bool { return d.Kind != SentLesson || d.Undoes != 0 || d.Undone }), nil
}

// undoSent revokes a sent lesson and restores the one that it replaced.
func (b *Appender) undoSent(d Entry) (lowest uint64, err error) {
	standing, err := b.sent(d.Comment)
	n := len(standing)
	if err != nil || n == 0 || standing[n-1].Seq != d.Seq { // another one replaced it
		return d.Seq, err
	}
	b.Revoke(d.Seq)
	if n == 1 {
		return d.Seq, nil
	}
	before := standing[n-2].Seq
	b.Restore(before)
	return before, nil
}
