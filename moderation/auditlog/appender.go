package auditlog

import (
	"crypto/rand"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// An Author writes one batch of entries into a site's log. Every entry has its batch, account and time.
type Author struct {
	Site    int64
	SiteKey string // the site's key
	By      string // account ID
	Batch   string
	At      time.Time
	Salt    []byte // input of each entry's salt
}

// NewAuthor returns the Author of a new batch.
func NewAuthor(site site.Site, by string, at time.Time) Author {
	return Author{Site: site.ID, SiteKey: site.Key, By: by, Batch: txn.NewID(), At: at, Salt: NewSalt()}
}

// NewSalt returns sixteen random bytes for a batch of entries or a lesson. Call it before the transaction that may
// need it.
func NewSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails: crypto/rand ends the program instead
	return salt
}

// An Appender holds the lock on a site's log and collects entries, lessons and events in one transaction. Close
// writes them.
type Appender struct {
	Author
	tx   Tx
	head Head

	entries           []Entry
	lessons           []Lesson
	revoked, restored []uint64 // lessons that stop counting, and that count again
	events            []event.Event
}

// Open locks the log and returns its Appender.
func (p Author) Open(tx Tx) (*Appender, error) {
	head, err := tx.LockLog(p.Site)
	if err != nil {
		return nil, fmt.Errorf("lock log: %w", err)
	}
	return &Appender{Author: p, tx: tx, head: head}, nil
}

// Next returns the seq of the next entry.
func (b *Appender) Next() uint64 { return b.head.Seq + 1 }

// Append adds d to the log and returns it. It fills in Seq, Site, Under, Batch, By, At, Salt and Hash.
func (b *Appender) Append(d Entry) Entry {
	d.Seq, d.Site, d.Under, d.Batch, d.By, d.At = b.Next(), b.Site, b.SiteKey, b.Batch, b.By, b.At
	d.Salt = encoding{}.bytes(b.Salt).number(d.Seq).sum()[:16]
	d.Hash = Hash(b.head.Hash, d)
	b.head = Head{Seq: d.Seq, Hash: d.Hash}
	b.entries = append(b.entries, d)
	return d
}

// Teach stores lessons. Their seqs are those of appended entries.
func (b *Appender) Teach(lessons ...Lesson) { b.lessons = append(b.lessons, lessons...) }

// Revoke stops the lessons of an entry from counting.
func (b *Appender) Revoke(seq uint64) { b.revoked = append(b.revoked, seq) }

// Restore makes the lessons of an entry count again.
func (b *Appender) Restore(seq uint64) { b.restored = append(b.restored, seq) }

// Emit adds an event, which is stored in the same transaction.
func (b *Appender) Emit(e event.Event) {
	e.Site, e.At = b.Site, b.At
	b.events = append(b.events, e)
}

// AppendTeaching appends an entry about the model and emits an event for followers.
func (b *Appender) AppendTeaching(d Entry) {
	b.Append(d)
	b.Emit(event.Event{Kind: event.Taught})
}

// Undo appends the undo of an entry about the model. Withdrawn lessons count again, unless a later withdrawal covers
// them. Copied lessons stop counting. Erased lessons cannot be restored. Undo returns how many lessons changed.
func (b *Appender) Undo(d Entry) (lessons int, err error) {
	lessons, lowest := d.Lessons, d.Lowest
	switch d.Kind {
	case Withdrawal:
		var first uint64
		if lessons, first, err = b.tx.ReturnLessons(b.Site, d.Seq); err != nil {
			return 0, fmt.Errorf("return lessons: %w", err)
		}
		if first > 0 {
			lowest = min(lowest, first) // it includes lessons of an earlier withdrawal
		}
	case Retirement:
		return 0, problem.Field("/batch", "Retired lessons are erased and cannot be restored.")
	case Erasure:
		return 0, problem.Field("/batch", "Erased lessons cannot be restored.")
	case Withholding, Restoration:
		return 0, problem.Field("/batch", "This is no decision. Restore what was withheld under Legal requests.")
	case Copy:
		b.Revoke(d.Seq)
		lowest = d.Seq
	case SentLesson:
		if lowest, err = b.undoSent(d); err != nil {
			return 0, err
		}
	}
	b.AppendTeaching(Entry{Kind: d.Kind, Undoes: d.Seq,
		Teaching: Teaching{Subject: d.Subject, Lessons: lessons, Lowest: lowest}})
	return lessons, nil
}

// Close writes all entries, lessons and events.
func (b *Appender) Close() error {
	if len(b.entries) > 0 {
		if err := b.tx.AppendDecisions(b.Site, b.entries); err != nil {
			return fmt.Errorf("append decisions: %w", err)
		}
	}
	if len(b.lessons) > 0 {
		if err := b.tx.AddLessons(b.Site, b.lessons); err != nil {
			return fmt.Errorf("add lessons: %w", err)
		}
	}
	for _, l := range []struct {
		seqs     []uint64
		standing bool
	}{{b.revoked, false}, {b.restored, true}} {
		if len(l.seqs) == 0 {
			continue
		}
		if err := b.tx.SetStanding(b.Site, l.seqs, l.standing); err != nil {
			return fmt.Errorf("set standing: %w", err)
		}
	}
	if len(b.events) == 0 {
		return nil
	}
	if err := b.tx.Emit(b.events...); err != nil {
		return fmt.Errorf("emit: %w", err)
	}
	return nil
}
