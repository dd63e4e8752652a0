package evaluation

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
)

// A Log is what is read of a site's log.
type Log interface {
	DecisionsBefore(site int64, seq uint64, limit int) ([]auditlog.Entry, error) // descending; seq 0: from the newest
	// CountLessons counts the lessons of a label that count and were taught by a decision on
	// a comment here, at most up to limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
}

// Read reads a site's past since a time, or as far back as is looked.
func Read(log Log, site int64, since time.Time) (Past, error) {
	entries, err := log.DecisionsBefore(site, 0, MaxEntries)
	if err != nil {
		return Past{}, fmt.Errorf("read decisions: %w", err)
	}
	return PastOf(entries, since), nil
}

// Count counts what a site has taught.
func Count(log Log, site int64) (t Tally, err error) {
	if t.Ham, err = log.CountLessons(site, classifier.Ham, EnoughTaught); err == nil {
		t.Spam, err = log.CountLessons(site, classifier.Spam, EnoughTaught)
	}
	if err != nil {
		return Tally{}, fmt.Errorf("count lessons: %w", err)
	}
	return t, nil
}

// How much a site must have taught before its filter may act, or contradict anybody.
const (
	EnoughTaught = 100
	EnoughOfEach = 20
)

// A Tally is how many decisions stand that teach the filter, of each kind; no more than 100 of
// a kind are counted, and those of another site's that were copied here are not.
type Tally struct{ Ham, Spam int }

// Enough reports whether comments may be published by the filter's word: at least 100
// decisions stand, 20 of each kind.
func (t Tally) Enough() bool {
	return t.Ham+t.Spam >= EnoughTaught && min(t.Ham, t.Spam) >= EnoughOfEach
}

// Missing returns how many decisions are needed yet for that, and how many of them at least
// have to be approvals and how many spam.
func (t Tally) Missing() (all, ham, spam int) {
	ham, spam = max(0, EnoughOfEach-t.Ham), max(0, EnoughOfEach-t.Spam)
	return max(ham+spam, EnoughTaught-t.Ham-t.Spam), ham, spam
}
