package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	pollInterval     = time.Second         // poll interval, independent of the bell
	readTimeout      = 10 * time.Second    // timeout of one read of events
	maxStale         = time.Minute         // how long caches may be used while events cannot be read
	batchSize        = 1000                // batch size
	keepEvents       = 7 * 24 * time.Hour  // retention of events that all followers have read
	keepUnreadEvents = 30 * 24 * time.Hour // retention of unread events
	sweepEvery       = time.Hour
	maxLag           = 10 * time.Second // longest time since the last poll of a ready process
	maxTry           = 5 * time.Minute  // longest time between two reads of events; each read has readTimeout
)

// Options configure a Process. Store and Clock are required. A nil Bell or Claims means that this is the only process.
// If OriginRequests is nil, origin requests are not counted. Storage returns ErrCorrupt, ErrFull or nil: why the
// database must not be written to. A nil Storage means always nil. IsNewer reports whether a newer program has migrated
// the database. A nil IsNewer means never.
type Options struct {
	Store          Store[EventTx]
	Storage        func() error
	IsNewer        func(ctx context.Context) (bool, error)
	Clock          Clock
	Bell           Bell
	Claims         Claims
	OriginRequests site.OriginRequests
	Log            *slog.Logger
}

// A Process holds what the use cases of one process share: the clock, the event listeners, the progress of followers,
// and the sites. It is safe for concurrent use. Changes by other processes are noticed only while Run is running.
type Process struct {
	store   Store[EventTx]
	storage func() error
	isNewer func(ctx context.Context) (bool, error)
	clock   Clock
	bell    Bell
	claims  Claims
	log     *slog.Logger

	listeners event.Listeners
	*site.Directory

	mu sync.Mutex
	// Times of the clock with its monotonic reading, so that they are right after the system's clock was set.
	polledAt time.Time       // when listeners had last received all readable events; zero: never
	triedAt  time.Time       // when the last read of events began; zero: never
	expected map[string]bool // required followers that have not started
	follows  map[string]bool // followers of this process, with and without the lease

	outdated atomic.Bool // what Outdated returns
}

// NewProcess returns a Process over an up-to-date database.
func NewProcess(o Options) *Process {
	p := &Process{store: o.Store, storage: o.Storage, isNewer: o.IsNewer, clock: o.Clock, bell: o.Bell, claims: o.Claims,
		log: o.Log, expected: map[string]bool{}, follows: map[string]bool{}}
	if p.storage == nil {
		p.storage = func() error { return nil }
	}
	if p.isNewer == nil {
		p.isNewer = func(context.Context) (bool, error) { return false, nil }
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.Directory = site.NewDirectory(p.readSites, o.OriginRequests)
	p.OnEvent(p.Forget)
	return p
}

func (p *Process) readSites(ctx context.Context) (list []site.Site, err error) {
	err = p.store.View(ctx, func(tx EventTx) (err error) {
		list, err = tx.Sites()
		return err
	})
	return list, fault(err)
}

// Logger returns the logger of the use cases.
func (p *Process) Logger() *slog.Logger { return p.log }

// Now returns the current time in UTC, truncated to microseconds as the databases store it.
func (p *Process) Now() time.Time { return p.clock.Now().UTC().Truncate(time.Microsecond) }

// Claim reports whether this process may do a piece of background work now. An outdated process may not.
func (p *Process) Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool {
	return !p.Outdated() && (p.claims == nil || p.claims.Claim(ctx, site, name, ttl))
}

// OnEvent registers fn to be called once with each event from now on: before the use case returns for events that this
// process commits, so that its caller reads its own writes, and within a second for events of other processes. Calls
// may be concurrent. fn must be fast. OnEvent returns a function that unregisters fn.
func (p *Process) OnEvent(fn func(event.Event)) (stop func()) { return p.listeners.Add(fn) }

// ErrStarting is the cause of an error of Ready until the process follows events.
var ErrStarting = errors.New("events are not followed yet")

// Ready returns nil if the process can serve: the database is sound and responds, no newer program has migrated it, all
// required followers have started, and listeners had received all readable events within the last ten seconds. The store
// refuses events that it cannot order. The error is a problem.
func (p *Process) Ready(ctx context.Context) error {
	if p.Outdated() {
		return problem.Outdated()
	}
	err := p.storage()
	if !errors.Is(err, ErrCorrupt) {
		err = p.ready(ctx)
	}
	if err == nil || errors.Is(err, ErrCorrupt) {
		return fault(err)
	}
	return problem.TryAgain(err)
}

// Hung returns an error if Run hangs: for five minutes it has not even tried to read events, so a listener or the
// database driver does not return. It returns nil while reads fail, and before Run.
func (p *Process) Hung() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.triedAt.IsZero() {
		return nil
	}
	if since := p.clock.Now().Sub(p.triedAt); since > maxTry {
		return fmt.Errorf("the last read of events began %v ago", since.Round(time.Second))
	}
	return nil
}

// Storage returns "full" while the disk is too full for anonymous writes, else "ok".
func (p *Process) Storage() string {
	if p.CheckSpace() != nil {
		return "full"
	}
	return "ok"
}

// CheckSpace returns an error for anonymous writes while the disk is full. The remaining space is reserved for staff
// who clean up.
func (p *Process) CheckSpace() error {
	if err := p.storage(); errors.Is(err, ErrFull) {
		return fault(err)
	}
	return nil
}

func (p *Process) ready(ctx context.Context) error {
	p.mu.Lock()
	looked, follows := p.polledAt, len(p.expected) == 0
	p.mu.Unlock()
	if looked.IsZero() || !follows {
		return ErrStarting
	}
	if lag := p.clock.Now().Sub(looked); lag > maxLag {
		return fmt.Errorf("the events were last followed %v ago", lag.Round(time.Second))
	}
	return p.store.View(ctx, func(tx EventTx) error {
		_, err := tx.LastEvent()
		return err
	})
}

// Run follows events until ctx ends: it calls the functions registered with OnEvent, and removes expired data. It
// returns nil when ctx ends.
func (p *Process) Run(ctx context.Context) error {
	var at event.Position
	err := p.store.View(ctx, func(tx EventTx) (err error) {
		at, err = tx.LastEvent()
		return err
	})
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the last event: %w", err)
	}
	var sweeping sync.WaitGroup
	defer sweeping.Wait()
	sweeping.Go(func() { p.Sweep(ctx, "events", p.sweep) })
	p.poll(ctx, func() {
		next, err := p.notifyAfter(ctx, at)
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "events not read", "error", err)
			p.forgetWhenBehind()
		}
		at = next
	})
	return nil
}

// poll calls fn at once, when the bell rings, and every pollInterval, until ctx ends.
func (p *Process) poll(ctx context.Context, fn func()) {
	var rings <-chan struct{}
	if p.bell != nil {
		rings = p.bell.Rings(ctx)
	}
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		fn()
		select {
		case <-ctx.Done():
			return
		case _, open := <-rings:
			if !open {
				rings = nil
			}
		case <-look.C:
		}
	}
}

// viewWithTimeout runs fn in a View with a timeout. Without it, a frozen or silently lost database connection would
// block the caller forever.
func (p *Process) viewWithTimeout(ctx context.Context, most time.Duration, fn func(EventTx) error) error {
	ctx, end := context.WithTimeout(ctx, most)
	defer end()
	return p.store.View(ctx, fn)
}

// forgetWhenBehind sends Behind to the listeners if no events could be read for longer than maxStale.
func (p *Process) forgetWhenBehind() {
	p.mu.Lock()
	looked := p.polledAt
	p.mu.Unlock()
	if p.clock.Now().Sub(looked) > maxStale {
		p.listeners.NotifyAll(event.Event{Kind: event.Behind, At: p.Now()})
	}
}

// notifyAfter notifies listeners about events after a position, and returns the position after the last one.
func (p *Process) notifyAfter(ctx context.Context, at event.Position) (event.Position, error) {
	for {
		p.mu.Lock()
		p.triedAt = p.clock.Now()
		p.mu.Unlock()
		var events []event.Event
		next := at
		err := p.viewWithTimeout(ctx, readTimeout, func(tx EventTx) (err error) {
			events, next, err = tx.EventsAfter(at, batchSize)
			return err
		})
		if err != nil {
			return at, fmt.Errorf("read events: %w", err)
		}
		p.listeners.Notify(events)
		at = next
		if len(events) < batchSize {
			p.listeners.Forget(p.Now())
			p.mu.Lock()
			p.polledAt = p.clock.Now()
			p.mu.Unlock()
			return at, nil
		}
	}
}

// Sweep calls fn, which removes expired data of one kind, every hour until ctx ends. One process at a time does so.
func (p *Process) Sweep(ctx context.Context, kind string, fn func(context.Context) error) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		if p.Claim(ctx, 0, "sweep "+kind, sweepEvery/2) {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "expired data not removed", "of", kind, "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
		}
	}
}

func (p *Process) sweep(ctx context.Context) error {
	now := p.Now()
	_, err := p.store.Update(ctx, func(tx EventTx) error {
		return errors.Join(
			tx.PruneEvents(now.Add(-keepEvents), now.Add(-keepUnreadEvents)),
			tx.PruneKeys(now.Add(-keepResponses)),
		)
	})
	return err
}
