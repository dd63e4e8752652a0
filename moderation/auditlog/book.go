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

// A Pen signs what one use case writes into a site's log: every entry has its batch, author and time.
type Pen struct {
	Site  int64
	Under string // the site's key
	By    string // account id
	Batch string
	At    time.Time
	Salt  []byte // of which each entry's is made
}

// NewPen is for one batch of entries.
func NewPen(site site.Site, by string, at time.Time) Pen {
	return Pen{Site: site.ID, Under: site.Key, By: by, Batch: txn.NewID(), At: at, Salt: NewSalt()}
}

// NewSalt is sixteen random bytes, for a batch of entries or a lesson. It is made before the transaction that may need
// it.
func NewSalt() []byte {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	return salt
}

// A Book is the locked end of a site's log in one transaction. What is put into it is written by
// Close.
type Book struct {
	Pen
	tx   Tx
	head Head

	entries       []Entry
	lessons       []Lesson
	fallen, risen []uint64 // lessons that count no longer, and that count again
	events        []event.Event
}

// Open locks the log.
func (p Pen) Open(tx Tx) (*Book, error) {
	head, err := tx.LockLog(p.Site)
	if err != nil {
		return nil, fmt.Errorf("lock log: %w", err)
	}
	return &Book{Pen: p, tx: tx, head: head}, nil
}

// Next is the seq that the next entry will have.
func (b *Book) Next() uint64 { return b.head.Seq + 1 }

// Put adds an entry to the log: d needs what is its own only.
func (b *Book) Put(d Entry) Entry {
	d.Seq, d.Site, d.Under, d.Batch, d.By, d.At = b.Next(), b.Site, b.Under, b.Batch, b.By, b.At
	d.Salt = encoding{}.bytes(b.Salt).number(d.Seq).sum()[:16]
	d.Hash = Hash(b.head.Hash, d)
	b.head = Head{Seq: d.Seq, Hash: d.Hash}
	b.entries = append(b.entries, d)
	return d
}

// Teach stores lessons, whose seqs are those of entries in the book.
func (b *Book) Teach(lessons ...Lesson) { b.lessons = append(b.lessons, lessons...) }

// Fall says that the lessons of an entry stand no longer.
func (b *Book) Fall(seq uint64) { b.fallen = append(b.fallen, seq) }

// Rise says that the lessons of an entry stand again.
func (b *Book) Rise(seq uint64) { b.risen = append(b.risen, seq) }

// Tell has an event told of what the book holds.
func (b *Book) Tell(e event.Event) {
	e.Site, e.At = b.Site, b.At
	b.events = append(b.events, e)
}

// PutTeaching adds an entry about no comment, of which followers are told.
func (b *Book) PutTeaching(d Entry) {
	b.Put(d)
	b.Tell(event.Event{Kind: event.Taught})
}

// TakeBack takes back an entry about no comment: what it withdrew counts again, unless a later withdrawal stands, and
// what it copied no longer. What an entry erased does not come back. TakeBack returns how many lessons that is.
func (b *Book) TakeBack(d Entry) (lessons int, err error) {
	lessons, lowest := d.Lessons, d.Lowest
	switch d.Kind {
	case Withdrawal:
		var first uint64
		if lessons, first, err = b.tx.ReturnLessons(b.Site, d.Seq); err != nil {
			return 0, fmt.Errorf("return lessons: %w", err)
		}
		if first > 0 {
			lowest = min(lowest, first) // it had what an earlier withdrawal had taken out, too
		}
	case Retirement:
		return 0, problem.Field("/batch", "What was retired is erased, and does not come back.")
	case Erasure:
		return 0, problem.Field("/batch", "What was erased does not come back.")
	case Withholding, Restoration:
		return 0, problem.Field("/batch", "This was no decision. What a demand withholds is restored in the register.")
	case Copy:
		b.Fall(d.Seq)
		lowest = d.Seq
	case Sent:
		if lowest, err = b.takeBackSent(d); err != nil {
			return 0, err
		}
	}
	b.PutTeaching(Entry{Kind: d.Kind, Undoes: d.Seq,
		Teaching: Teaching{Subject: d.Subject, Lessons: lessons, Lowest: lowest}})
	return lessons, nil
}

// Close writes what the book holds.
func (b *Book) Close() error {
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
	}{{b.fallen, false}, {b.risen, true}} {
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
