package auditlog

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// A Search selects entries of a log. Empty fields match everything.
type Search struct {
	After        string // cursor, or ""
	Limit        int
	Name         string    // of the account
	Action       string    // one of Actions
	Comment      string    // ID
	Batch        string    // ID
	Since, Until time.Time // Until is exclusive
}

// Actions are what a log can be searched for: decisions, redactions, undos, changes of the model, and takedowns.
var Actions = []string{"approve", "reject", "spam", "hold", "redact", "undo", "model", "demand"}

const (
	searchPage     = 500 // entries per read when filtering
	maxSearchPages = 10
)

// Find returns the matching entries, newest first, and the cursor of the next page, or "". With Comment or Batch it
// searches all entries of it; otherwise it reads at most 5,000 entries.
func (in Search) Find(tx Tx, site int64) (found []NamedEntry, next string, err error) {
	from, err := ParseCursor(in.After)
	if err != nil {
		return nil, "", err
	}
	if in.Action != "" && !slices.Contains(Actions, in.Action) {
		return nil, "", problem.Query("action", "Look for "+problem.Among(Actions)+".")
	}
	w := search{Search: in, tx: tx, site: site, from: from, found: []NamedEntry{}}
	switch {
	case in.Batch != "":
		err = w.all(tx.Batch(site, in.Batch))
	case in.Comment != "":
		err = w.all(tx.DecisionsOf(site, in.Comment))
	default:
		err = w.back()
	}
	if w.more {
		next = Cursor(w.from)
	}
	return w.found, next, err
}

// Cursor returns the cursor of the entries before seq, newest first.
func Cursor(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, seq))
}

// ParseCursor returns the seq of a Cursor, and 0 for an empty one.
func ParseCursor(cursor string) (seq uint64, err error) {
	if cursor == "" {
		return 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 8 {
		return 0, problem.Cursor()
	}
	if seq = binary.BigEndian.Uint64(raw); seq == 0 || seq > 1<<62 {
		return 0, problem.Cursor()
	}
	return seq, nil
}

// A search reads a log backwards, starting before from. more reports whether a next page exists.
type search struct {
	Search
	tx    Tx
	site  int64
	from  uint64
	found []NamedEntry
	more  bool
}

// all finds the matching ones of entries in ascending order.
func (w *search) all(all []Entry, err error) error {
	if err != nil {
		return err
	}
	slices.Reverse(all)
	_, err = w.take(slices.DeleteFunc(all, func(d Entry) bool { return w.from > 0 && d.Seq >= w.from }))
	return err
}

// back reads backwards from the newest entry that may match.
func (w *search) back() error {
	if w.from == 0 && !w.Until.IsZero() {
		if err := w.seek(); err != nil {
			return err
		}
	}
	step := searchPage
	if w.Name+w.Action == "" {
		step = w.Limit + 1
	}
	for range maxSearchPages {
		some, err := w.tx.DecisionsBefore(w.site, w.from, step)
		if err != nil {
			return err
		}
		if ended, err := w.take(some); ended || err != nil {
			return err
		}
		if len(some) < step {
			return nil
		}
	}
	w.more = true
	return nil
}

// seek finds the first entry at or after Until by binary search, so that no index is needed. Seqs have no gaps, and
// times rise with them, except for differences between clocks.
func (w *search) seek() error {
	head, err := w.tx.Head(w.site)
	if err != nil {
		return err
	}
	low, high := uint64(1), head.Seq+1 // the first entry at or after Until is in low to high
	for low < high {
		middle := (low + high) / 2
		one, err := w.tx.DecisionsAfter(w.site, middle-1, 1)
		if err != nil {
			return err
		}
		if len(one) == 0 || !one[0].At.Before(w.Until) {
			high = middle
		} else {
			low = middle + 1
		}
	}
	w.from = low
	return nil
}

// take filters the next entries backwards. It reports whether the search has ended.
func (w *search) take(some []Entry) (ended bool, err error) {
	told, err := WithNames(w.tx, some)
	if err != nil {
		return false, err
	}
	for _, e := range told {
		if !w.Since.IsZero() && e.At.Before(w.Since) {
			return true, nil
		}
		if len(w.found) == w.Limit {
			w.more = true
			return true, nil
		}
		w.from = e.Seq
		if w.matches(e) {
			w.found = append(w.found, e)
		}
	}
	return false, nil
}

func (w *search) matches(e NamedEntry) bool {
	if w.Name != "" && e.Name != w.Name || w.Comment != "" && e.Comment != w.Comment || !w.Until.IsZero() && !e.At.Before(w.Until) {
		return false
	}
	switch w.Action {
	case "":
		return true
	case "undo":
		return e.Undoes != 0
	case "model":
		return e.Kind != Decision && !e.IsTakedown()
	case "demand":
		return e.IsTakedown()
	case "redact":
		return e.Redacts() && e.Undoes == 0
	}
	return e.Kind == Decision && e.Undoes == 0 && !e.Redacts() && e.Action.String() == w.Action
}
