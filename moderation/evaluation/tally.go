package evaluation

import (
	"fmt"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
)

// A Log reads the audit log of a site.
type Log interface {
	DecisionsBefore(site int64, seq uint64, limit int) ([]auditlog.Entry, error) // descending; seq 0: from the newest
	// CountLessons counts the active lessons with a label that were taught by a decision on a comment of this site, up to
	// limit.
	CountLessons(site int64, label classifier.Label, limit int) (int, error)
}

// Read returns the decisions of a site since a time; a zero time means no limit.
func Read(log Log, site int64, since time.Time) (Decisions, error) {
	entries, err := log.DecisionsBefore(site, 0, MaxEntries)
	if err != nil {
		return Decisions{}, fmt.Errorf("read decisions: %w", err)
	}
	return DecisionsOf(entries, since), nil
}

// Count counts the lessons of a site.
func Count(log Log, site int64) (t Tally, err error) {
	if t.Ham, err = log.CountLessons(site, classifier.Ham, MinLessons); err == nil {
		t.Spam, err = log.CountLessons(site, classifier.Spam, MinLessons)
	}
	if err != nil {
		return Tally{}, fmt.Errorf("count lessons: %w", err)
	}
	return t, nil
}

// Minimum numbers of lessons before the classifier may publish comments or warn about contradictions: in total, and of
// each label.
const (
	MinLessons     = 100
	MinLessonsEach = 20
)

// A Tally counts the decisions in effect that teach the classifier, up to 100 per label. Lessons that were copied from
// another site do not count.
type Tally struct{ Ham, Spam int }

// Enough reports whether the classifier may publish comments: at least 100 decisions are in effect, with 20 of each
// label.
func (t Tally) Enough() bool {
	return t.Ham+t.Spam >= MinLessons && min(t.Ham, t.Spam) >= MinLessonsEach
}

// Remaining returns how many decisions are still needed for Enough, and how many of these must at least be approvals and
// spam.
func (t Tally) Remaining() (all, ham, spam int) {
	ham, spam = max(0, MinLessonsEach-t.Ham), max(0, MinLessonsEach-t.Spam)
	return max(ham+spam, MinLessons-t.Ham-t.Spam), ham, spam
}
