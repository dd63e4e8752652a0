package moderation

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/e2e/planted"
	"github.com/aitys/aitys/moderation/decision"
)

var (
	errFolded     = errors.New("the fold has ended")
	errNotLearned = errors.New("the classifier could not learn")
)

// learnLog brings a site's model to the end of its log: it learns what was added, or is made
// anew, while the old one serves, where something that it knew was taken back. A model that is
// not in memory and would take more than most lessons to make is errLoading.
func (s *Service) learnLog(ctx context.Context, site int64, most int) (l *learned, err error) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	defer s.survive(ctx, "learn", "", func() { l, err = nil, errNotLearned })
	old := m.live.Load()
	var f folding
	err = s.view(ctx, func(tx Tx) error {
		f = folding{tx: tx, site: site}
		if old != nil {
			goesOn, err := f.follow(*old)
			if err != nil || goesOn {
				return err
			}
		}
		if err := f.begin(); err != nil {
			return err
		}
		if old == nil {
			if err := f.foresee(m, most); err != nil {
				return err
			}
		}
		return f.make()
	})
	for _, seq := range f.damaged {
		s.log.WarnContext(ctx, "snapshot refused", "site", site, "seq", seq)
	}
	if err != nil {
		return nil, fmt.Errorf("follow the log: %w", err)
	}
	for _, lesson := range f.added {
		f.model.Learn(lesson)
	}
	if f.made {
		m.saved, m.unsaved = f.base, f.onTheWay
		m.damaged = append(m.damaged, f.damaged...)
		m.damaged = append(m.damaged, f.outdated...)
	}
	m.live.Store(&f.learned)
	m.slow.Store(false)
	m.bytes.Store(int64(f.model.Memory()))
	s.models.evict(site)
	if old == nil || f.changed != old.changed {
		s.models.mark(&s.models.stale, site)
		wake(s.models.judge)
	}
	return &f.learned, nil
}

// A folding makes a site's model from its log and its snapshots, on one view of the database.
type folding struct {
	learned
	tx   Tx
	site int64

	added []classifier.Lesson // what the old model goes on with

	made     bool   // anew
	base     uint64 // the snapshot that it began with, or 0
	onTheWay []Snapshot
	damaged  []uint64 // snapshots that are none
	outdated []uint64 // snapshots that hold what counts no longer, or lack what does again
}

// follow reads what the log brings beyond what a model knows. It reports whether the model can
// go on: nothing that it knows was taken back or brought back.
func (f *folding) follow(old learned) (goesOn bool, err error) {
	f.learned = old
	for {
		decisions, err := f.tx.DecisionsAfter(f.site, f.seq, decisionsRead)
		if err != nil {
			return false, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if f.seq = d.Seq; takesBack(d) {
				return false, nil
			}
			if len(d.Lesson) > 0 {
				f.changed = d.Seq
			}
		}
		if len(decisions) < decisionsRead {
			break
		}
	}
	err = f.tx.EachLesson(f.site, old.seq, func(l classifier.Lesson) error {
		f.added = append(f.added, l)
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read lessons: %w", err)
	}
	return true, nil
}

const decisionsRead = 500 // at a time

// takesBack reports whether d may take back what an earlier entry taught, or bring it back.
func takesBack(d decision.Entry) bool { return d.Before != 0 || d.Undoes != 0 }

// begin finds the end of the log and the newest good snapshot.
func (f *folding) begin() error {
	f.made = true
	head, err := f.tx.Head(f.site)
	if err != nil {
		return fmt.Errorf("read the log's head: %w", err)
	}
	if f.changed, err = lastChange(f.tx, f.site); err != nil {
		return err
	}
	f.seq, f.model = head.Seq, nil
	list, err := f.tx.Snapshots(f.site)
	if err != nil {
		return fmt.Errorf("list snapshots: %w", err)
	}
	for _, listed := range list {
		touched, err := f.tx.LowestTouched(f.site, listed.AsOf)
		if err != nil {
			return fmt.Errorf("read what was touched: %w", err)
		}
		if touched != 0 && touched <= listed.Seq && !planted.Is("outdated-snapshot") {
			f.outdated = append(f.outdated, listed.Seq)
			continue
		}
		snapshot, err := f.tx.Snapshot(f.site, listed.Seq)
		if err != nil {
			return fmt.Errorf("read snapshot: %w", err)
		}
		if f.model, err = snapshot.open(f.site); err == nil {
			f.base = snapshot.Seq
			return nil
		}
		f.damaged = append(f.damaged, listed.Seq)
	}
	return nil
}

// foresee counts the lessons that are to be learned. Where they are many, requests do not wait
// for the model until it is made.
func (f *folding) foresee(m *siteModel, most int) error {
	n := 0
	err := f.tx.EachLesson(f.site, f.base, func(classifier.Lesson) error {
		if n++; n > fewLessons {
			return errFolded
		}
		return nil
	})
	if err != nil && !errors.Is(err, errFolded) {
		return fmt.Errorf("count lessons: %w", err)
	}
	if n > fewLessons {
		m.slow.Store(true)
	}
	if n > most {
		return errLoading
	}
	return nil
}

// make learns what follows the snapshot, or folds everything. On its way it makes the snapshot
// from which one of the newest decisions can be undone soon.
func (f *folding) make() error {
	until := onTheWay(f.seq)
	if until <= f.base {
		return f.learn(f.base, math.MaxUint64)
	}
	if err := f.learn(f.base, until); err != nil {
		return err
	}
	f.onTheWay = append(f.onTheWay, sealed(f.site, until, f.seq, f.model))
	return f.learn(until, math.MaxUint64)
}

// learn teaches the model the lessons after one seq and up to another.
func (f *folding) learn(after, upTo uint64) error {
	each := func(learn func(classifier.Lesson) bool) error {
		err := f.tx.EachLesson(f.site, after, func(l classifier.Lesson) error {
			if l.Seq > upTo || !learn(l) {
				return errFolded
			}
			return nil
		})
		if err != nil && !errors.Is(err, errFolded) {
			return fmt.Errorf("read lessons: %w", err)
		}
		return nil
	}
	if f.model != nil {
		return each(func(l classifier.Lesson) bool {
			f.model.Learn(l)
			return true
		})
	}
	var err error
	f.model = classifier.Fold(func(yield func(classifier.Lesson) bool) { err = each(yield) })
	return err
}

// lastChange finds the last entry of a log that could change the model; 0: none.
func lastChange(tx Tx, site int64) (uint64, error) {
	for before := uint64(0); ; {
		decisions, err := tx.DecisionsBefore(site, before, decisionsRead)
		if err != nil {
			return 0, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if takesBack(d) || len(d.Lesson) > 0 {
				return d.Seq, nil
			}
			before = d.Seq
		}
		if len(decisions) < decisionsRead {
			return 0, nil
		}
	}
}
