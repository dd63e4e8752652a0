package auditlog

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// A Log is what a Walk reads of a site's log.
type Log interface {
	Head(site int64) (Head, error)
	DecisionsAfter(site int64, seq uint64, limit int) ([]Entry, error) // ascending
	// Lessons returns the lessons of the entries after one and up to another, whether they
	// count or not, ascending.
	Lessons(site int64, after, upTo uint64) ([]Lesson, error)
	// TakenBy returns the lessons that entry by took out of the model and did not return, ascending.
	TakenBy(site int64, by uint64) ([]Lesson, error)
}

// A Walk along a site's log, as far as its head, looks at each entry's hash, place and lessons.
type Walk struct {
	site int64
	head Head
	open bool // an entry had a public side, so all later ones must

	erasers map[uint64]Entry // entries that erased lessons, as far as they were needed
}

// NewWalk begins at the beginning.
func NewWalk(site int64) *Walk { return &Walk{site: site, erasers: map[uint64]Entry{}} }

// Step looks at the next entries, at most 1,000, and reports whether there are more. bad is the first
// entry that is not what it should be, where the walk ends; else 0.
func (w *Walk) Step(log Log) (bad uint64, more bool, err error) {
	const length = 1_000
	entries, err := log.DecisionsAfter(w.site, w.head.Seq, length)
	if err != nil {
		return 0, false, err
	}
	list, err := log.Lessons(w.site, w.head.Seq, w.head.Seq+length)
	if err != nil {
		return 0, false, err
	}
	lessons := make(map[uint64][]Lesson, len(list))
	for _, l := range list {
		lessons[l.Seq] = append(lessons[l.Seq], l)
	}
	for _, d := range entries {
		taught, err := w.taught(log, d, lessons[d.Seq])
		if err != nil {
			return 0, false, err
		}
		open := d.Public().Open != nil
		if d.Seq != w.head.Seq+1 || !bytes.Equal(d.Hash, Hash(w.head.Hash, d)) || !bytes.Equal(d.Lesson, taught) ||
			w.open && !open {
			return w.head.Seq + 1, false, nil
		}
		w.head, w.open = Head{Seq: d.Seq, Hash: d.Hash}, open
	}
	if len(entries) == length {
		return 0, true, nil
	}
	end, err := log.Head(w.site)
	if err == nil && (end.Seq != w.head.Seq || !bytes.Equal(end.Hash, w.head.Hash)) {
		bad = w.head.Seq + 1 // the end is cut off, or put on
	}
	return bad, false, err
}

// taught is what an entry's hash of its lessons should be.
func (w *Walk) taught(log Log, d Entry, lessons []Lesson) ([]byte, error) {
	if d.Kind == Erasure {
		taken, err := log.TakenBy(w.site, d.Seq)
		if err != nil || len(taken) == 0 {
			return nil, err
		}
		return ErasedHash(taken), nil
	}
	unproven := 0
	for _, l := range lessons {
		if !l.Erased() {
			continue
		}
		covered, err := w.covers(log, l.Withdrawn, d)
		if err != nil || !covered {
			return nil, err
		}
		if len(l.Proof) == 0 {
			unproven++
		}
	}
	if unproven > 0 && !slices.ContainsFunc(lessons, func(l Lesson) bool { return !l.Erased() }) {
		return d.Lesson, nil // what was retired is gone as a whole, and the entry alone speaks for it
	}
	return TaughtHash(d, lessons), nil
}

// covers reports whether entry by may have erased what entry d taught: a retirement what is
// older, an erasure what it says itself, at its own place.
func (w *Walk) covers(log Log, by uint64, d Entry) (bool, error) {
	if by == 0 {
		return false, nil
	}
	entry, known := w.erasers[by]
	if !known {
		found, err := log.DecisionsAfter(w.site, by-1, 1)
		if err != nil {
			return false, err
		}
		if len(found) > 0 && found[0].Seq == by {
			entry = found[0]
		}
		w.erasers[by] = entry
	}
	switch entry.Kind {
	case Erasure:
		return true, nil
	case Retirement:
		before, err := time.Parse(time.RFC3339Nano, entry.Subject)
		return err == nil && d.At.Before(before), nil
	}
	return false, nil
}

// Verify walks a site's whole log and returns the seq of the first entry whose hash, place or lesson is not what it
// should be; 0 when all is well.
func Verify(ctx context.Context, work txn.Work[Tx], site int64) (bad uint64, err error) {
	w := NewWalk(site)
	for more := true; more; {
		err := work.View(ctx, func(tx Tx) (err error) {
			bad, more, err = w.Step(tx)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("verify log: %w", err)
		}
	}
	return bad, nil
}
