package auditlog

import (
	"fmt"
	"slices"
)

// PutSent adds a lesson that another program sent, as an entry of its own: in the place of what was sent of the same
// content before. It reports false, and adds nothing, where the same stands with the same label.
func (b *Book) PutSent(l Lesson) (bool, error) {
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
		b.Fall(before.Seq)
	}
	l.Seq = b.Next()
	d := Entry{Kind: Sent, Ruling: Ruling{Comment: l.Of},
		Teaching: Teaching{Subject: l.Label.String(), Lessons: 1, Lowest: before.Seq}}
	d.Lesson = TaughtHash(d, []Lesson{l})
	b.Teach(l)
	b.PutTeaching(d)
	return true, nil
}

// sent finds the entries that say what other programs sent of some content and were not taken back, ascending: the
// last one counts.
func (b *Book) sent(of string) ([]Entry, error) {
	entries, err := b.tx.DecisionsOf(b.Site, of)
	if err != nil {
		return nil, fmt.Errorf("read what was sent before: %w", err)
	}
	return slices.DeleteFunc(entries, func(d Entry) bool { return d.Kind != Sent || d.Undoes != 0 || d.Undone }), nil
}

// takeBackSent has a lesson that was sent count no longer, and the one that it took the place of again.
func (b *Book) takeBackSent(d Entry) (lowest uint64, err error) {
	standing, err := b.sent(d.Comment)
	n := len(standing)
	if err != nil || n == 0 || standing[n-1].Seq != d.Seq { // another one took its place
		return d.Seq, err
	}
	b.Fall(d.Seq)
	if n == 1 {
		return d.Seq, nil
	}
	before := standing[n-2].Seq
	b.Rise(before)
	return before, nil
}
