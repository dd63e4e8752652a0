package auditlog

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/txn"
)

// A Log is what a Verifier reads of a site's log.
type Log interface {
	Head(site int64) (Head, error)
	DecisionsAfter(site int64, seq uint64, limit int) ([]Entry, error) // ascending
	// Lessons returns the lessons of entries after < seq <= upTo, whether they count or not, ascending.
	Lessons(site int64, after, upTo uint64) ([]Lesson, error)
	// TakenBy returns the lessons that entry by removed from the model and did not return, ascending.
	TakenBy(site int64, by uint64) ([]Lesson, error)
}

// A Verifier checks the hash, seq and lessons of each entry of a site's log, and its head.
type Verifier struct {
	site int64
	head Head
	open bool // an entry had a public side, so all later ones must

	erasers map[uint64]Entry // entries that erased lessons, by seq; filled on demand
}

// NewVerifier returns a Verifier at the beginning of a log.
func NewVerifier(site int64) *Verifier { return &Verifier{site: site, erasers: map[uint64]Entry{}} }

// Step checks the next 1,000 entries at most and reports whether there are more. bad is the seq of the first invalid
// entry, or 0. Verification ends there.
func (w *Verifier) Step(log Log) (bad uint64, more bool, err error) {
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
		taught, err := w.expectedHash(log, d, lessons[d.Seq])
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
		bad = w.head.Seq + 1 // the log is truncated or has extra entries
	}
	return bad, false, err
}

// expectedHash returns what an entry's Lesson hash should be.
func (w *Verifier) expectedHash(log Log, d Entry, lessons []Lesson) ([]byte, error) {
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
		covered, err := w.mayErase(log, l.Withdrawn, d)
		if err != nil || !covered {
			return nil, err
		}
		if len(l.Proof) == 0 {
			unproven++
		}
	}
	if unproven > 0 && !slices.ContainsFunc(lessons, func(l Lesson) bool { return !l.Erased() }) {
		return d.Lesson, nil // retired lessons are erased as a whole, so the entry's hash cannot be recomputed
	}
	return LessonsHash(d, lessons), nil
}

// mayErase reports whether entry by may have erased the lessons of entry d. A retirement may if d is older than its
// time; an erasure may, and is checked at its own place.
func (w *Verifier) mayErase(log Log, by uint64, d Entry) (bool, error) {
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

// Verify checks a site's whole log. It returns the seq of the first entry whose hash, seq or lessons are wrong, or 0.
func Verify(ctx context.Context, work txn.Work[Tx], site int64) (bad uint64, err error) {
	w := NewVerifier(site)
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
