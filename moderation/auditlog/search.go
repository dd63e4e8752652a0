package auditlog

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// A Search asks for entries of a log. What it leaves out is everything.
type Search struct {
	After        string // where an earlier one ended, or ""
	Limit        int
	Who          string    // a name
	What         string    // one of Searched
	Comment      string    // an id
	Since, Until time.Time // Until is not in it
}

// Searched are what a log can be searched for: what was decided, taken out of a text, undone, done to the model, or
// done on demand.
var Searched = []string{"approve", "reject", "spam", "hold", "redact", "undo", "model", "demand"}

const (
	searchStep  = 500 // entries read at once where some are looked for
	searchSteps = 10
)

// Find returns what is searched for, newest first, and where to go on; "": there is no more. Of a comment all
// entries are found; else at most 5,000 are looked through.
func (in Search) Find(tx Tx, site int64) (found []Told, next string, err error) {
	from, err := Place(in.After)
	if err != nil {
		return nil, "", err
	}
	if in.What != "" && !slices.Contains(Searched, in.What) {
		return nil, "", problem.Query("action", "Look for "+problem.Among(Searched)+".")
	}
	w := search{Search: in, tx: tx, site: site, from: from, found: []Told{}}
	if in.Comment != "" {
		err = w.ofComment()
	} else {
		err = w.back()
	}
	if w.more {
		next = Cursor(w.from)
	}
	return w.found, next, err
}

// Cursor is the place from which a list goes on that is read from the newest entry back: what came before seq.
func Cursor(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, seq))
}

// Place reads a Cursor: entries before it are meant; 0, of an empty one: all.
func Place(cursor string) (seq uint64, err error) {
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

// A search reads a log backwards, from before from on; at its end it says whether there is more.
type search struct {
	Search
	tx    Tx
	site  int64
	from  uint64
	found []Told
	more  bool
}

// ofComment finds the entries about one comment.
func (w *search) ofComment() error {
	all, err := w.tx.DecisionsOf(w.site, w.Comment)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	_, err = w.take(slices.DeleteFunc(all, func(d Entry) bool { return w.from > 0 && d.Seq >= w.from }))
	return err
}

// back walks from the newest entry that may be meant.
func (w *search) back() error {
	if w.from == 0 && !w.Until.IsZero() {
		if err := w.seek(); err != nil {
			return err
		}
	}
	step := searchStep
	if w.Who+w.What == "" {
		step = w.Limit + 1
	}
	for range searchSteps {
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

// seek finds where the entries of Until begin. Numbers have no gaps, and times rise with them but for what clocks
// differ: it halves what is left, so that no index is needed.
func (w *search) seek() error {
	head, err := w.tx.Head(w.site)
	if err != nil {
		return err
	}
	low, high := uint64(1), head.Seq+1 // the first of Until is in low to high
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

// take finds what is meant among entries, the next ones backwards, and says whether that was all or enough.
func (w *search) take(some []Entry) (ended bool, err error) {
	told, err := Tell(w.tx, some)
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
		if w.means(e) {
			w.found = append(w.found, e)
		}
	}
	return false, nil
}

func (w *search) means(e Told) bool {
	if w.Who != "" && e.Name != w.Who || !w.Until.IsZero() && !e.At.Before(w.Until) {
		return false
	}
	switch w.What {
	case "":
		return true
	case "undo":
		return e.Undoes != 0
	case "model":
		return e.Kind != OnComment && !e.OnDemand()
	case "demand":
		return e.OnDemand()
	case "redact":
		return e.Redacts() && e.Undoes == 0
	}
	return e.Kind == OnComment && e.Undoes == 0 && !e.Redacts() && e.Action.String() == w.What
}
