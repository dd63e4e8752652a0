package moderation

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/fold"
	"github.com/aitys/aitys/moderation/ground"
)

const (
	maxModels  = 256 << 20 // bytes of models in memory; the one used last stays in any case
	fewLessons = 500       // a request waits for the fold of so many, and no more
	allLessons = math.MaxInt
	manyFolds  = 4 // sites whose logs are followed at one time
)

// models are the sites' classifiers. Each is the fold of the lessons that count in its site's
// log, follows that log, is read into memory when it is first needed, and leaves it again when
// others were needed since and all together are too large.
type models struct {
	learn chan struct{} // wakes the goroutine that follows the logs
	judge chan struct{} // wakes the one that renews verdicts
	uses  atomic.Int64  // how often a model was asked for

	mu     sync.Mutex
	most   int // bytes
	bySite map[int64]*siteModel
	grown  map[int64]bool // sites whose logs may have grown since they were followed
	busy   map[int64]bool // sites whose logs are being followed
	stale  map[int64]bool // sites whose waiting comments may have old verdicts
}

// siteModel is one site's model. Judging never waits for learning: what it uses is swapped, or
// learns beside it.
type siteModel struct {
	live  atomic.Pointer[fold.Learned] // nil: not in memory
	used  atomic.Int64                 // models.uses when it was last asked for
	bytes atomic.Int64
	slow  atomic.Bool // it takes a long fold to load, and requests do not wait for it
	// former is the model of a program that read texts differently: it serves until there is a
	// live one.
	former atomic.Pointer[classifier.Model]

	following sync.Mutex      // held by the one who loads, learns or folds anew
	saved     uint64          // the newest good snapshot's seq
	unsaved   []fold.Snapshot // made on the way of a fold
	damaged   []uint64        // snapshots that are no good
}

var errLoading = errors.New("the model is being folded")

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

// logGrew notes that a site's log may have grown. Where its model is in memory the learning
// goroutine follows; else verdicts may be old, and whoever renews them loads it.
func (s *Service) logGrew(e ground.Event) {
	if e.Kind != ground.EventDecided && e.Kind != ground.EventTaught {
		return
	}
	if s.models.of(e.Site).live.Load() == nil {
		s.models.mark(&s.models.stale, e.Site)
		wake(s.models.judge)
		return
	}
	s.models.mark(&s.models.grown, e.Site)
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

// model returns a site's model as it is now. Where it is not in memory it is loaded, unless
// that takes a long fold: then a former program's serves, or it is errLoading, until the learning
// goroutine has made one.
func (s *Service) model(ctx context.Context, site int64) (*fold.Learned, error) {
	m := s.models.of(site)
	m.used.Store(s.models.uses.Add(1))
	if l := m.live.Load(); l != nil {
		return l, nil
	}
	l, err := (*fold.Learned)(nil), errLoading
	if !m.slow.Load() {
		l, err = s.learnLog(ctx, site, fewLessons)
	}
	if errors.Is(err, errLoading) {
		s.models.mark(&s.models.grown, site)
		wake(s.models.learn)
		if former := m.former.Load(); former != nil {
			return &fold.Learned{Model: former}, nil // of no entry, so that what it judges is judged again
		}
	}
	return l, err
}

// Learn brings a site's model to the end of its log now. Run does so by itself, a moment after
// each decision.
func (s *Service) Learn(ctx context.Context, site ground.Site) error {
	_, err := s.learnLog(ctx, site.ID, allLessons)
	return err
}

// markAllStale has the verdicts of all sites looked at.
func (s *Service) markAllStale(ctx context.Context) error {
	var sites []ground.Site
	err := s.work.View(ctx, func(tx Tx) (err error) {
		sites, err = tx.Sites()
		return err
	})
	for _, site := range sites {
		s.models.mark(&s.models.stale, site.ID)
	}
	wake(s.models.judge)
	return err
}

// learning follows the sites' logs until ctx ends, each for itself: an undo is not to wait for
// another site's long fold.
func (s *Service) learning(ctx context.Context) {
	var following sync.WaitGroup
	defer following.Wait()
	room := make(chan struct{}, manyFolds)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.models.learn:
		}
		for _, site := range s.models.begin() {
			select {
			case <-ctx.Done():
				return
			case room <- struct{}{}:
			}
			following.Go(func() {
				err := s.followLog(ctx, site)
				<-room
				if err != nil && ctx.Err() == nil {
					s.log.WarnContext(ctx, "log not followed", "site", site, "error", err)
				}
				s.models.end(site, err != nil)
			})
		}
	}
}

func (s *Service) followLog(ctx context.Context, site int64) error {
	if _, err := s.learnLog(ctx, site, allLessons); err != nil {
		return err
	}
	return s.saveSnapshots(ctx, site)
}

// begin takes the sites whose logs have grown and that nobody follows just now.
func (m *models) begin() []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy == nil {
		m.busy = map[int64]bool{}
	}
	var sites []int64
	for _, site := range slices.Sorted(maps.Keys(m.grown)) {
		if !m.busy[site] {
			m.busy[site] = true
			delete(m.grown, site)
			sites = append(sites, site)
		}
	}
	return sites
}

// end looks again at a site's log where it grew meanwhile; after a failure with the next event.
func (m *models) end(site int64, failed bool) {
	m.mu.Lock()
	delete(m.busy, site)
	again := m.grown[site] && !failed
	m.mu.Unlock()
	if failed {
		m.mark(&m.grown, site)
	}
	if again {
		wake(m.learn)
	}
}

// evict takes models out of memory, the longest unused first, until the others have room. The
// one of site stays: it is wanted now.
func (m *models) evict(site int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	total := 0
	var others []*siteModel
	for id, o := range m.bySite {
		if o.live.Load() == nil {
			continue
		}
		total += int(o.bytes.Load())
		if id != site {
			others = append(others, o)
		}
	}
	slices.SortFunc(others, func(a, b *siteModel) int { return int(a.used.Load() - b.used.Load()) })
	for _, o := range others {
		if total <= m.most {
			return
		}
		if o.following.TryLock() { // else somebody is at work on it
			o.live.Store(nil)
			total -= int(o.bytes.Load())
			o.following.Unlock()
		}
	}
}
