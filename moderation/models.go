package moderation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/classifier"
)

// models are the sites' classifiers. Each is the fold of the lessons that stand in its site's
// log, follows that log, and is read into memory when it is first needed.
type models struct {
	learn chan struct{} // wakes the goroutine that follows the logs
	judge chan struct{} // wakes the one that renews verdicts

	mu     sync.Mutex
	bySite map[int64]*siteModel
	grown  map[int64]bool // sites whose logs may have grown since they were followed
	stale  map[int64]bool // sites whose waiting comments may have old verdicts
}

// siteModel is one site's model. Judging never waits: what it uses is swapped, or learns
// beside it.
type siteModel struct {
	live      atomic.Pointer[learned] // nil until loaded
	following sync.Mutex              // held by the one who loads, learns or folds anew
}

// learned is a model and how far into the log it goes.
type learned struct {
	model *classifier.Model
	seq   uint64 // the log is followed up to here
	// changed is the seq of the last decision that could change the model: what verdicts are
	// stamped with. Unlike the model's own newest lesson it never goes back.
	changed uint64
}

func (m *models) of(site int64) *siteModel {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bySite == nil {
		m.bySite = map[int64]*siteModel{}
	}
	if m.bySite[site] == nil {
		m.bySite[site] = &siteModel{}
	}
	return m.bySite[site]
}

// logGrew notes that a site's log may have grown; the learning goroutine looks.
func (s *Service) logGrew(e Event) {
	if e.Kind != EventDecided {
		return
	}
	s.models.mu.Lock()
	if s.models.grown == nil {
		s.models.grown = map[int64]bool{}
	}
	s.models.grown[e.Site] = true
	s.models.mu.Unlock()
	wake(s.models.learn)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // awake already
	}
}

// take empties a set of sites and returns them in order.
func (m *models) take(set *map[int64]bool) []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	sites := slices.Sorted(maps.Keys(*set))
	*set = nil
	return sites
}

func (m *models) mark(set *map[int64]bool, site int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if *set == nil {
		*set = map[int64]bool{}
	}
	(*set)[site] = true
}

// model returns a site's model as it is now; it is loaded first where it was never needed.
func (s *Service) model(ctx context.Context, site int64) (*learned, error) {
	m := s.models.of(site)
	if l := m.live.Load(); l != nil {
		return l, nil
	}
	if err := s.learnLog(ctx, site); err != nil {
		return nil, err
	}
	return m.live.Load(), nil
}

// Learn brings a site's model to the end of its log now. Run does so by itself, a moment after
// each decision.
func (s *Service) Learn(ctx context.Context, site Site) error { return s.learnLog(ctx, site.ID) }

// loadModels makes the models of all sites.
func (s *Service) loadModels(ctx context.Context) error {
	var sites []Site
	err := s.view(ctx, func(tx Tx) (err error) {
		sites, err = tx.Sites()
		return err
	})
	if err != nil {
		return err
	}
	for _, site := range sites {
		if err := s.learnLog(ctx, site.ID); err != nil {
			return fmt.Errorf("site %s: %w", site.Key, err)
		}
		s.models.mark(&s.models.stale, site.ID)
	}
	wake(s.models.judge)
	return nil
}

// learning follows the sites' logs until ctx ends.
func (s *Service) learning(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.models.learn:
		}
		for _, site := range s.models.take(&s.models.grown) {
			if err := s.learnLog(ctx, site); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "log not followed", "site", site, "error", err)
				s.models.mark(&s.models.grown, site) // again with the next event
			}
		}
	}
}

// learnLog brings a site's model to the end of its log: it learns what was added, or is
// folded anew, while the old one serves, where something that it knew was taken back.
func (s *Service) learnLog(ctx context.Context, site int64) (err error) {
	m := s.models.of(site)
	m.following.Lock()
	defer m.following.Unlock()
	defer s.survive(ctx, "learn", "", func() { err = errNotLearned })
	old := m.live.Load()
	var next learned
	var lessons []classifier.Lesson
	err = s.view(ctx, func(tx Tx) error {
		growth, err := readGrowth(tx, site, old)
		if err != nil {
			return err
		}
		next = growth.learned
		if old == nil || growth.takesBack {
			next.model, err = foldLessons(tx, site)
			return err
		}
		next.model = old.model
		return tx.EachLesson(site, old.seq, func(l classifier.Lesson) error {
			lessons = append(lessons, l)
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("follow the log: %w", err)
	}
	for _, l := range lessons {
		next.model.Learn(l)
	}
	m.live.Store(&next)
	if old == nil || next.changed != old.changed {
		s.models.mark(&s.models.stale, site)
		wake(s.models.judge)
	}
	return nil
}

// growth is what a site's log brings beyond what a model knows.
type growth struct {
	learned
	takesBack bool
}

const decisionsRead = 500 // at a time

func readGrowth(tx Tx, site int64, old *learned) (growth, error) {
	if old == nil {
		return readEnd(tx, site)
	}
	g := growth{learned: learned{seq: old.seq, changed: old.changed}}
	for {
		decisions, err := tx.DecisionsAfter(site, g.seq, decisionsRead)
		if err != nil {
			return growth{}, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			g.seq = d.Seq
			if takesBack(d) {
				g.takesBack = true
			}
			if takesBack(d) || len(d.Lesson) > 0 {
				g.changed = d.Seq
			}
		}
		if len(decisions) < decisionsRead {
			return g, nil
		}
	}
}

// takesBack reports whether d may take back what an earlier decision taught, or bring it back.
func takesBack(d Decision) bool { return d.Before != 0 || d.Undoes != 0 }

// readEnd finds the end of a log, and the last decision that could change the model.
func readEnd(tx Tx, site int64) (growth, error) {
	head, err := tx.Head(site)
	if err != nil {
		return growth{}, fmt.Errorf("read the log's head: %w", err)
	}
	g := growth{learned: learned{seq: head.Seq}}
	for before := uint64(0); ; {
		decisions, err := tx.DecisionsBefore(site, before, decisionsRead)
		if err != nil {
			return growth{}, fmt.Errorf("read decisions: %w", err)
		}
		for _, d := range decisions {
			if takesBack(d) || len(d.Lesson) > 0 {
				g.changed = d.Seq
				return g, nil
			}
			before = d.Seq
		}
		if len(decisions) < decisionsRead {
			return g, nil
		}
	}
}

var (
	errFolded     = errors.New("the fold has ended")
	errNotLearned = errors.New("the classifier could not learn")
)

func foldLessons(tx Tx, site int64) (*classifier.Model, error) {
	var err error
	model := classifier.Fold(func(yield func(classifier.Lesson) bool) {
		err = tx.EachLesson(site, 0, func(l classifier.Lesson) error {
			if !yield(l) {
				return errFolded
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read lessons: %w", err)
	}
	return model, nil
}
