// Package fold makes a site's model from its log: from the newest snapshot that is still good, or from
// nothing. The same log gives the same model, byte for byte.
//
// It reads a log through a small interface and writes nothing. Which models are in memory, and when one
// is made anew, is package moderation's.
package fold

import (
	"errors"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
)

var errEnded = errors.New("the fold has ended")

// A Log is what a Fold reads of a site's log and of its snapshots. It does not change meanwhile.
type Log interface {
	Head(site int64) (auditlog.Head, error)
	DecisionsAfter(site int64, seq uint64, limit int) ([]auditlog.Entry, error)  // ascending
	DecisionsBefore(site int64, seq uint64, limit int) ([]auditlog.Entry, error) // descending; seq 0: from the newest
	// EachLesson calls fn with each lesson after seq that counts, ascending.
	EachLesson(site int64, after uint64, fn func(classifier.Lesson) error) error
	// LowestTouched returns the lowest seq whose lessons the entries after one changed; 0: none.
	LowestTouched(site int64, after uint64) (uint64, error)
	Snapshots(site int64) ([]Snapshot, error) // newest first, without Model and Sum
	Snapshot(site int64, seq uint64) (Snapshot, error)
}

// A Fold makes a site's model from its log and its snapshots. Where Follow reports that an old model can
// go on, it has to learn Added; else Begin and Make make a new one.
type Fold struct {
	Learned
	log  Log
	site int64

	Added []classifier.Lesson // by Follow: what the old model has to learn yet

	Former *classifier.Model // of the newest snapshot of another tokeniser, where none of this is newer

	Made     bool   // anew
	Base     uint64 // the snapshot that it began with, or 0
	OnTheWay []Snapshot
	Damaged  []uint64 // snapshots that are none
	Outdated []uint64 // snapshots that hold what counts no longer, or lack what does again
}

// New begins at nothing: Follow or Begin say where to go on.
func New(log Log, site int64) Fold { return Fold{log: log, site: site} }

// Follow reads what the log brings beyond what a model knows. It reports whether the model can
// go on: nothing that it knows was taken back or brought back.
func (f *Fold) Follow(old Learned) (goesOn bool, err error) {
	f.Learned = old
	for {
		decisions, err := f.log.DecisionsAfter(f.site, f.Seq, decisionsRead)
		if err != nil {
			return false, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if f.Seq = d.Seq; d.TakesBack() {
				return false, nil
			}
			if len(d.Lesson) > 0 {
				f.Changed = d.Seq
			}
		}
		if len(decisions) < decisionsRead {
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

const decisionsRead = 500 // at a time

// Begin finds the end of the log and the newest good snapshot.
func (f *Fold) Begin() error {
	f.Made = true
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
			return fmt.Errorf("read what was touched: %w", err)
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
		if f.Former == nil {
			f.Former, _ = snapshot.OpenFormer(f.site) // the error is the one before
		}
		f.Damaged = append(f.Damaged, listed.Seq)
	}
	return nil
}

// Ahead counts the lessons that are to be learned; more than most are most and one.
func (f *Fold) Ahead(most int) (n int, err error) {
	err = f.log.EachLesson(f.site, f.Base, func(classifier.Lesson) error {
		if n++; n > most {
			return errEnded
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnded) {
		return 0, fmt.Errorf("count lessons: %w", err)
	}
	return n, nil
}

// Make learns what follows the snapshot, or folds everything. On its way it makes the snapshot
// from which one of the newest decisions can be undone soon.
func (f *Fold) Make() error {
	until := onTheWay(f.Seq)
	if until <= f.Base {
		return f.learn(f.Base, math.MaxUint64)
	}
	if err := f.learn(f.Base, until); err != nil {
		return err
	}
	f.OnTheWay = append(f.OnTheWay, SnapshotOf(f.site, until, f.Seq, f.Model))
	return f.learn(until, math.MaxUint64)
}

// learn teaches the model the lessons after one seq and up to another.
func (f *Fold) learn(after, upTo uint64) error {
	var err error
	lessons := func(yield func(classifier.Lesson) bool) {
		err = f.log.EachLesson(f.site, after, func(l classifier.Lesson) error {
			if l.Seq > upTo || !yield(l) {
				return errEnded
			}
			return nil
		})
	}
	if f.Model == nil {
		f.Model = classifier.Fold(lessons)
	} else {
		f.Model.Extend(lessons)
	}
	if err != nil && !errors.Is(err, errEnded) {
		return fmt.Errorf("read lessons: %w", err)
	}
	return nil
}

// Learned is a model and how far into the log it goes.
type Learned struct {
	Model *classifier.Model
	Seq   uint64 // the log is followed up to here
	// Changed is the seq of the last decision that could change the model: what verdicts are
	// stamped with. Unlike the model's own newest lesson it never goes back.
	Changed uint64
}

// FromNothing makes a site's model of all its lessons, and tells of each its entry of the log.
func FromNothing(log Log, site int64, learned func(entry uint64)) (*classifier.Model, error) {
	var err error
	model := classifier.Fold(func(yield func(classifier.Lesson) bool) {
		err = log.EachLesson(site, 0, func(l classifier.Lesson) error {
			if learned(l.Seq); !yield(l) {
				return errEnded
			}
			return nil
		})
	})
	return model, err
}
