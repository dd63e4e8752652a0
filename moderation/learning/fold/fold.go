// Package fold builds a site's model from its log, starting from the newest valid snapshot or from scratch. The same
// log gives the same model, byte for byte.
//
// It reads a log through a small interface and writes nothing. Package learning decides which models are in memory
// and when one is rebuilt.
package fold

import (
	"errors"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
)

var errStop = errors.New("the fold has ended")

// A Log is what a Fold reads: a site's log and its snapshots. It must not change during a fold.
type Log interface {
	Head(site int64) (auditlog.Head, error)
	DecisionsAfter(site int64, seq uint64, limit int) ([]auditlog.Entry, error)  // ascending
	DecisionsBefore(site int64, seq uint64, limit int) ([]auditlog.Entry, error) // descending; seq 0: from the newest
	// EachLesson calls fn with each lesson after seq that counts, ascending.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// LowestTouched returns the lowest seq whose lessons entries after a seq changed, or 0.
	LowestTouched(site int64, after uint64) (uint64, error)
	Snapshots(site int64) ([]Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (Snapshot, error)
}

// A Fold builds a site's model from its log and snapshots. If Follow reports that an old model can continue, that
// model must learn Added. Otherwise FindBase and Build build a new one.
type Fold struct {
	Learned
	log  Log
	site int64

	Added []classifier.Lesson // by Follow: lessons that the old model has to learn

	Fallback *classifier.Model // model of the newest snapshot of another tokeniser, if there is no valid newer one

	Rebuilt     bool   // a new model was built
	Base        uint64 // seq of the snapshot that it started from, or 0
	Checkpoints []Snapshot
	Damaged     []uint64 // invalid snapshots
	Outdated    []uint64 // snapshots whose lessons were revoked or restored since
}

// New returns an empty Fold. Call Follow or FindBase next.
func New(log Log, site int64) Fold { return Fold{log: log, site: site} }

// Follow reads the log beyond what a model includes. It reports whether the model can continue: none of its lessons
// was revoked or restored.
func (f *Fold) Follow(old Learned) (goesOn bool, err error) {
	f.Learned = old
	for {
		decisions, err := f.log.DecisionsAfter(f.site, f.Seq, pageSize)
		if err != nil {
			return false, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if f.Seq = d.Seq; d.ChangesOldLessons() {
				return false, nil
			}
			if len(d.Lesson) > 0 {
				f.Changed = d.Seq
			}
		}
		if len(decisions) < pageSize {
			break
		}
	}
	err = f.log.EachLesson(f.site, old.Seq, func(l classifier.Lesson) error {
		f.Added = append(f.Added, l)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read lessons: %w", err)
	}
	return true, nil
}

const pageSize = 500 // per query

// FindBase reads the end of the log and the newest valid snapshot.
func (f *Fold) FindBase() error {
	f.Rebuilt = true
	head, err := f.log.Head(f.site)
	if err != nil {
		return fmt.Errorf("read the log's head: %w", err)
	}
	if f.Changed, err = auditlog.LastChange(f.log, f.site); err != nil {
		return err
	}
	f.Seq, f.Model = head.Seq, nil
	list, err := f.log.Snapshots(f.site)
	if err != nil {
		return fmt.Errorf("list snapshots: %w", err)
	}
	for _, listed := range list {
		touched, err := f.log.LowestTouched(f.site, listed.AsOf)
		if err != nil {
			return fmt.Errorf("read the lowest touched seq: %w", err)
		}
		if touched != 0 && touched <= listed.Seq {
			f.Outdated = append(f.Outdated, listed.Seq)
			continue
		}
		snapshot, err := f.log.Snapshot(f.site, listed.Seq)
		if err != nil {
			return fmt.Errorf("read snapshot: %w", err)
		}
		if f.Model, err = snapshot.Open(f.site); err == nil {
			f.Base = snapshot.Seq
			return nil
		}
		if f.Fallback == nil {
			f.Fallback, _ = snapshot.OpenFormer(f.site) // the error is the one above
		}
		f.Damaged = append(f.Damaged, listed.Seq)
	}
	return nil
}

// CountLessons returns the number of lessons to learn after the base. It stops at most+1.
func (f *Fold) CountLessons(most int) (n int, err error) {
	err = f.log.EachLesson(f.site, f.Base, func(classifier.Lesson) error {
		if n++; n > most {
			return errStop
		}
		return nil
	})
	if err != nil && !errors.Is(err, errStop) {
		return 0, fmt.Errorf("count lessons: %w", err)
	}
	return n, nil
}

// Build learns the lessons after the base, or all. On the way it takes the checkpoint from which one of the newest
// decisions can be undone quickly.
func (f *Fold) Build() error {
	until := checkpointSeq(f.Seq)
	if until <= f.Base {
		return f.learn(f.Base, math.MaxUint64)
	}
	if err := f.learn(f.Base, until); err != nil {
		return err
	}
	f.Checkpoints = append(f.Checkpoints, SnapshotOf(f.site, until, f.Seq, f.Model))
	return f.learn(until, math.MaxUint64)
}

// learn teaches the model the lessons with after < seq <= upTo.
func (f *Fold) learn(after, upTo uint64) error {
	var err error
	lessons := func(yield func(classifier.Lesson) bool) {
		err = f.log.EachLesson(f.site, after, func(l classifier.Lesson) error {
			if l.Seq > upTo || !yield(l) {
				return errStop
			}
			return nil
		})
	}
	if f.Model == nil {
		f.Model = classifier.Fold(lessons)
	} else {
		f.Model.Extend(lessons)
	}
	if err != nil && !errors.Is(err, errStop) {
		return fmt.Errorf("read lessons: %w", err)
	}
	return nil
}

// Learned is a model and its position in the log.
type Learned struct {
	Model *classifier.Model
	Seq   uint64 // the log is followed up to here
	// Changed is the seq of the last decision that could change the model, with which verdicts are stamped. Unlike
	// the seq of the model's newest lesson it never decreases.
	Changed uint64
}

// FromScratch folds all lessons of a site into a model. It calls learned with the seq of each.
func FromScratch(log Log, site int64, learned func(entry uint64)) (*classifier.Model, error) {
	var err error
	model := classifier.Fold(func(yield func(classifier.Lesson) bool) {
		err = log.EachLesson(site, 0, func(l classifier.Lesson) error {
			if learned(l.Seq); !yield(l) {
				return errStop
			}
			return nil
		})
	})
	return model, err
}
