package learning

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/learning/fold"
)

const (
	maxModels  = 256 << 20 // bytes of models in memory; the one used last stays in any case
	fewLessons = 500       // a request waits for the fold of so many, and no more
	allLessons = math.MaxInt
	manyFolds  = 4 // sites whose logs are followed at one time
	// learnEvery is how often a site's log is followed while it grows: the first entry is learned at once, and what
	// comes meanwhile together, which costs half as much.
	learnEvery = 300 * time.Millisecond
)

// A cache holds the sites' classifiers. Each is the fold of the lessons that count in its site's
// log, follows that log, is read into memory when it is first needed, and leaves it again when
// others were needed since and all together are too large.
type cache struct {
	learn chan struct{} // wakes the goroutine that follows the logs
	uses  atomic.Int64  // how often a model was asked for

	mu     sync.Mutex
	most   int // bytes
	bySite map[int64]*siteModel
	grown  map[int64]bool // sites whose logs may have grown since they were followed
	busy   map[int64]bool // sites whose logs are being followed
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
	savedAt   time.Time       // when this process last wrote one
	unsaved   []fold.Snapshot // made on the way of a fold
	damaged   []uint64        // snapshots that are no good
}

var errLoading = errors.New("the model is being folded")

func (m *cache) of(site int64) *siteModel {
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

// sites are those that the process knows, in no order.
func (m *cache) sites() []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.bySite))
}

// logGrew notes that a site's log may have grown. Where its model is in memory the learning
// goroutine follows; else verdicts may be old, and whoever renews them loads it.
func (s *Models) logGrew(e event.Event) {
	if e.Kind != event.Decided && e.Kind != event.Taught {
		return
	}
	if s.models.of(e.Site).live.Load() == nil {
		s.changed(e.Site, 0)
		return
	}
	s.models.follow(e.Site)
}

// follow has the learning goroutine follow a site's log.
func (m *cache) follow(site int64) {
	m.mark(site)
	m.wake()
}

func (m *cache) wake() {
	select {
	case m.learn <- struct{}{}:
	default: // awake already
	}
}

// mark notes that a site's log may have grown.
func (m *cache) mark(site int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.grown == nil {
		m.grown = map[int64]bool{}
	}
	m.grown[site] = true
}

// model returns a site's model as it is now. Where it is not in memory it is loaded, unless
// that takes a long fold: then a former program's serves, or it is errLoading, until the learning
// goroutine has made one.
func (s *Models) model(ctx context.Context, site int64) (*fold.Learned, error) {
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
		s.models.follow(site)
		if former := m.former.Load(); former != nil {
			return &fold.Learned{Model: former}, nil // of no entry, so that what it judges is judged again
		}
	}
	return l, err
}

// learning follows the sites' logs until ctx ends, each for itself: an undo is not to wait for
// another site's long fold.
func (s *Models) learning(ctx context.Context) {
	defer s.saveLast(ctx)
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
				next := time.After(learnEvery)
				err := s.followLog(ctx, site)
				<-room
				if err != nil && ctx.Err() == nil {
					s.log.WarnContext(ctx, "log not followed", "site", site, "error", err)
				}
				select {
				case <-ctx.Done():
				case <-next:
				}
				s.models.end(site, err != nil)
			})
		}
	}
}

func (s *Models) followLog(ctx context.Context, site int64) error {
	if _, err := s.learnLog(ctx, site, allLessons); err != nil {
		return err
	}
	return s.saveSnapshots(ctx, site, false)
}

// begin takes the sites whose logs have grown and that nobody follows just now.
func (m *cache) begin() []int64 {
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
func (m *cache) end(site int64, failed bool) {
	m.mu.Lock()
	delete(m.busy, site)
	again := m.grown[site] && !failed
	m.mu.Unlock()
	if failed {
		m.mark(site)
	}
	if again {
		m.wake()
	}
}

// evict takes models out of memory, the longest unused first, until the others have room. The
// one of site stays: it is wanted now.
func (m *cache) evict(site int64) {
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
