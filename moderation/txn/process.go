package txn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	lookEvery  = time.Second // whether the bell rang or not
	lookFor    = 10 * time.Second
	believed   = time.Minute // what is in memory, while no events can be read
	eventsRead = 1000        // at a time
	eventsFor  = 7 * 24 * time.Hour
	eventsLast = 30 * 24 * time.Hour // for a follower that was away
	sweepEvery = time.Hour
	maxLag     = 10 * time.Second
)

// Options are what a Process is made of. Store and Clock are required; a nil Bell or Claims
// means that this process is alone, a nil Knocks that nobody counts them. Storage says what is known against writing: ErrCorrupt, ErrFull, or nothing; a nil Storage knows nothing.
type Options struct {
	Store   Store[EventTx]
	Storage func() error
	Clock   Clock
	Bell    Bell
	Claims  Claims
	Knocks  site.Knocks
	Log     *slog.Logger
}

// A Process holds what the use cases of one process share: the time, the listeners of events, how far
// the events were followed, and the sites. It is safe for concurrent use. Run must be running for what other
// processes do to be noticed.
type Process struct {
	store   Store[EventTx]
	storage func() error
	clock   Clock
	bell    Bell
	claims  Claims
	log     *slog.Logger

	listeners event.Listeners
	*site.Directory

	mu       sync.Mutex
	looked   time.Time       // when all events that could be read had been told; zero: never
	expected map[string]bool // followers that have not begun
}

// NewProcess returns a Process over an up-to-date database.
func NewProcess(o Options) *Process {
	p := &Process{store: o.Store, storage: o.Storage, clock: o.Clock, bell: o.Bell, claims: o.Claims,
		log: o.Log, expected: map[string]bool{}}
	if p.storage == nil {
		p.storage = func() error { return nil }
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.Directory = site.NewDirectory(p.readSites, o.Knocks)
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

// Logger is where the use cases of the process log.
func (p *Process) Logger() *slog.Logger { return p.log }

// Now is the time as the databases keep it.
func (p *Process) Now() time.Time { return p.clock.Now().UTC().Truncate(time.Microsecond) }

// Claim reports whether this process may do a piece of background work now.
func (p *Process) Claim(ctx context.Context, site int64, name string, ttl time.Duration) bool {
	return p.claims == nil || p.claims.Claim(ctx, site, name, ttl)
}

// OnEvent has fn called with each event, once, from now on: at once for what this process
// commits (before the use case returns, so that its caller reads what it wrote) and within a
// second for what others do. Two events may be told at one time. fn must be quick. It returns the
// function that ends it.
func (p *Process) OnEvent(fn func(event.Event)) (stop func()) { return p.listeners.Add(fn) }

var errNotFollowing = errors.New("the events are not followed yet")

// Ready reports whether the process can serve: the database is sound and answers, and all events that
// could be read ten seconds ago were told. The store refuses events that it cannot put in order. Its
// error is a problem.
func (p *Process) Ready(ctx context.Context) error {
	err := p.storage()
	if !errors.Is(err, ErrCorrupt) {
		err = p.ready(ctx)
	}
	if err == nil || errors.Is(err, ErrCorrupt) {
		return fault(err)
	}
	return problem.TryAgain(err)
}

// Storage is "ok", or "full" while there is no room for what strangers send.
func (p *Process) Storage() string {
	if p.Room() != nil {
		return "full"
	}
	return "ok"
}

// Room refuses what strangers send while the disk is full: what is left is for those who clear up.
func (p *Process) Room() error {
	if err := p.storage(); errors.Is(err, ErrFull) {
		return fault(err)
	}
	return nil
}

func (p *Process) ready(ctx context.Context) error {
	p.mu.Lock()
	looked, follows := p.looked, len(p.expected) == 0
	p.mu.Unlock()
	if looked.IsZero() || !follows {
		return errNotFollowing
	}
	if lag := p.Now().Sub(looked); lag > maxLag {
		return fmt.Errorf("the events were last followed %v ago", lag.Round(time.Second))
	}
	return p.store.View(ctx, func(tx EventTx) error {
		_, err := tx.LastEvent()
		return err
	})
}

// Run follows the events until ctx ends: it tells those who asked by OnEvent, and removes what
// has expired. It returns nil when ctx ends.
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
	p.eachLook(ctx, func() {
		next, err := p.tellAfter(ctx, at)
		if err != nil && ctx.Err() == nil {
			p.log.WarnContext(ctx, "events not read", "error", err)
			p.forgetWhenBehind()
		}
		at = next
	})
	return nil
}

// eachLook calls fn at once, when the bell rings, and every second, until ctx ends.
func (p *Process) eachLook(ctx context.Context, fn func()) {
	var rings <-chan struct{}
	if p.bell != nil {
		rings = p.bell.Rings(ctx)
	}
	look := time.NewTicker(lookEvery)
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

// look reads, in no more than so much time: a connection to a database that is frozen, or gone without a
// word, would keep who reads for ever.
func (p *Process) look(ctx context.Context, most time.Duration, fn func(EventTx) error) error {
	ctx, end := context.WithTimeout(ctx, most)
	defer end()
	return p.store.View(ctx, fn)
}

// forgetWhenBehind tells the listeners that nothing was heard for a long time.
func (p *Process) forgetWhenBehind() {
	p.mu.Lock()
	looked := p.looked
	p.mu.Unlock()
	if now := p.Now(); now.Sub(looked) > believed {
		p.listeners.TellAgain(event.Event{Kind: event.Behind, At: now})
	}
}

// tellAfter tells the events after a position and returns where they end.
func (p *Process) tellAfter(ctx context.Context, at event.Position) (event.Position, error) {
	for {
		var events []event.Event
		next := at
		err := p.look(ctx, lookFor, func(tx EventTx) (err error) {
			events, next, err = tx.EventsAfter(at, eventsRead)
			return err
		})
		if err != nil {
			return at, fmt.Errorf("read events: %w", err)
		}
		p.listeners.Tell(events)
		at = next
		if len(events) < eventsRead {
			now := p.Now()
			p.listeners.Forget(now)
			p.mu.Lock()
			p.looked = now
			p.mu.Unlock()
			return at, nil
		}
	}
}

// Sweep calls fn, which removes what has expired of a kind, every hour until ctx ends, in one
// process at a time.
func (p *Process) Sweep(ctx context.Context, kind string, fn func(context.Context) error) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		if p.Claim(ctx, 0, "sweep "+kind, sweepEvery/2) {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "not swept", "of", kind, "error", err)
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
			tx.PruneEvents(now.Add(-eventsFor), now.Add(-eventsLast)),
			tx.PruneKeys(now.Add(-answersFor)),
		)
	})
	return err
}
