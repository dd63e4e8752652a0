package ledger

import "fmt"

// PutSent adds a lesson that another program sent, as an entry of its own: in the place of what was sent of the same
// content before. It reports false, and adds nothing, where the same stands with the same label.
func (b *Book) PutSent(l Lesson) (bool, error) {
	before, err := b.sent(l.Of)
	if err != nil {
		return false, err
	}
	if before.Seq != 0 && before.Subject == l.Label.String() {
		return false, nil
	}
	if before.Seq != 0 {
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

// sent finds the entry that says what another program sent of some content last and was not taken back; none: Seq 0.
func (b *Book) sent(of string) (last Entry, err error) {
	entries, err := b.tx.DecisionsOf(b.Site, of)
	if err != nil {
		return Entry{}, fmt.Errorf("read what was sent before: %w", err)
	}
	for _, d := range entries {
		if d.Kind == Sent && d.Undoes == 0 && !d.Undone {
			last = d
		}
	}
	return last, nil
}

// takeBackSent has a lesson that was sent count no longer, and the one that it took the place of again.
func (b *Book) takeBackSent(d Entry) (lowest uint64, err error) {
	last, err := b.sent(d.Comment)
	if err != nil || last.Seq != d.Seq { // another one took its place
		return d.Seq, err
	}
	b.Fall(d.Seq)
	entries, err := b.tx.DecisionsOf(b.Site, d.Comment)
	if err != nil {
		return 0, fmt.Errorf("read what was sent before: %w", err)
	}
	lowest = d.Seq
	for i := len(entries) - 1; i >= 0; i-- {
		if e := entries[i]; e.Seq < d.Seq && e.Kind == Sent && e.Undoes == 0 && !e.Undone {
			b.Rise(e.Seq)
			return e.Seq, nil
		}
	}
	return lowest, nil
}
