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
	maxModelBytes      = 256 << 20 // bytes of models in memory; the most recently used model always stays
	maxSyncLessons     = 500       // a request waits for a fold of at most this many lessons
	allLessons         = math.MaxInt
	maxConcurrentFolds = 4 // logs followed concurrently
	// learnInterval is how often a site's growing log is followed. The first entry is learned at once and later ones
	// in batches, which costs half as much.
	learnInterval = 300 * time.Millisecond
)

// A cache holds the sites' models. A model is loaded when it is first needed, follows its log, and is evicted when
// models used more recently need the memory.
type cache struct {
	learn chan struct{} // wakes the goroutine that follows the logs
	uses  atomic.Int64  // counts requests for models

	mu       sync.Mutex
	maxBytes int // limit in bytes
	bySite   map[int64]*siteModel
	grown    map[int64]bool // sites whose logs may have grown since they were last followed
	busy     map[int64]bool // sites whose logs are being followed
}

// siteModel is one site's model. Judging never waits for learning: the model is replaced atomically, or learns
// concurrently with its readers.
type siteModel struct {
	live  atomic.Pointer[fold.Learned] // nil: not in memory
	used  atomic.Int64                 // cache.uses when it was last used
	bytes atomic.Int64
	slow  atomic.Bool // loading takes a long fold, and requests do not wait for it
	// fallback is the model of a program with another tokeniser. It serves until there is a live one.
	fallback atomic.Pointer[classifier.Model]

	following sync.Mutex      // held while loading, learning or rebuilding
	saved     uint64          // seq of the newest valid snapshot
	savedAt   time.Time       // when this process last wrote one
	unsaved   []fold.Snapshot // made during a fold
	damaged   []uint64        // invalid snapshots to delete
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

// sites returns the sites that the process knows, in no order.
func (m *cache) sites() []int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Keys(m.bySite))
}

// A ModelState is the state of a site's model. While a long fold builds the model, it is not Loaded and has only a Site.
type ModelState struct {
	Site   int64
	Loaded bool
	Warm   bool   // it has learned spam and other comments, so it can score
	Seq    uint64 // the last log entry that it includes
	Bytes  int64  // approximate memory
}

// States returns the models that are in memory or being built, in no order.
func (s *Models) States() (all []ModelState) {
	s.models.mu.Lock()
	defer s.models.mu.Unlock()
	for site, m := range s.models.bySite {
		l := m.live.Load()
		switch {
		case l != nil:
			lessons, _ := l.Model.LessonCounts()
			all = append(all, ModelState{Site: site, Loaded: true, Seq: l.Seq, Bytes: m.bytes.Load(),
				Warm: lessons[classifier.Ham] > 0 && lessons[classifier.Spam] > 0})
		case m.slow.Load():
			all = append(all, ModelState{Site: site})
		}
	}
	return all
}

// onEvent notes that a site's log may have grown. The run loop follows it if the model is in memory. Otherwise
// verdicts may be stale, and rescoring loads the model.
func (s *Models) onEvent(e event.Event) {
	if e.Kind != event.Decided && e.Kind != event.Taught {
		return
	}
	if s.models.of(e.Site).live.Load() == nil {
		s.onChange(e.Site, 0)
		return
	}
	s.models.follow(e.Site)
}

// follow wakes the run loop to follow a site's log.
func (m *cache) follow(site int64) {
	m.mark(site)
	m.wake()
}

func (m *cache) wake() {
	select {
	case m.learn <- struct{}{}:
	default: // already awake
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

// model returns a site's current model and loads it if needed. If that takes a long fold, it returns the fallback, or
// errLoading without one, and the run loop builds the model.
func (s *Models) model(ctx context.Context, site int64) (*fold.Learned, error) {
	m := s.models.of(site)
	m.used.Store(s.models.uses.Add(1))
	if l := m.live.Load(); l != nil {
		return l, nil
	}
	l, err := (*fold.Learned)(nil), errLoading
	if !m.slow.Load() {
		l, err = s.catchUp(ctx, site, maxSyncLessons)
	}
	if errors.Is(err, errLoading) {
		s.models.follow(site)
		if former := m.fallback.Load(); former != nil {
			return &fold.Learned{Model: former}, nil // stamp 0, so its verdicts are rescored later
		}
	}
	return l, err
}

// run follows the sites' logs until ctx ends. Sites are followed concurrently, so that an undo does not wait for
// another site's long fold.
func (s *Models) run(ctx context.Context) {
	defer s.saveLast(ctx)
	var following sync.WaitGroup
	defer following.Wait()
	room := make(chan struct{}, maxConcurrentFolds)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.models.learn:
		}
		for _, site := range s.models.takeGrown() {
			select {
			case <-ctx.Done():
				return
			case room <- struct{}{}:
			}
			following.Go(func() {
				next := time.After(learnInterval)
				err := s.catchUpAndSave(ctx, site)
				<-room
				if err != nil && ctx.Err() == nil {
					s.log.WarnContext(ctx, "log not followed", "site", site, "error", err)
				}
				select {
				case <-ctx.Done():
				case <-next:
				}
				s.models.finish(site, err != nil)
			})
		}
	}
}

func (s *Models) catchUpAndSave(ctx context.Context, site int64) error {
	if _, err := s.catchUp(ctx, site, allLessons); err != nil {
		return err
	}
	return s.saveSnapshots(ctx, site, false)
}

// takeGrown takes the sites whose logs have grown and are not being followed.
func (m *cache) takeGrown() []int64 {
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

// finish marks a site as not busy. If its log grew meanwhile it is followed again, after a failure only with the next
// event.
func (m *cache) finish(site int64, failed bool) {
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

// evict removes the least recently used models from memory until the others fit. The model of site stays.
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
		if total <= m.maxBytes {
			return
		}
		if o.following.TryLock() { // otherwise it is in use by a loader
			o.live.Store(nil)
			total -= int(o.bytes.Load())
			o.following.Unlock()
		}
	}
}
