package moderation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aitys/aitys/e2e/planted"
	"github.com/aitys/aitys/moderation/ground"
)

const (
	lookEvery  = time.Second // whether the bell rang or not
	eventsRead = 1000        // at a time
	eventsFor  = 7 * 24 * time.Hour
	sweepEvery = time.Hour
	maxLag     = 10 * time.Second
)

// follower is where this process stands in the order of events.
type follower struct {
	mu     sync.Mutex
	looked time.Time // when all events that could be read had been told; zero: never
}

var errNotFollowing = errors.New("the events are not followed yet")

func (f *follower) ready(now time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.looked.IsZero() {
		return errNotFollowing
	}
	if lag := now.Sub(f.looked); lag > maxLag {
		return fmt.Errorf("the events were last followed %v ago", lag.Round(time.Second))
	}
	return nil
}

// Run follows the events until ctx ends: it keeps the models at the end of their logs, renews
// the verdicts of waiting comments, tells those who asked by OnEvent, and sweeps what has
// expired. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var cursor ground.Cursor
	err := s.view(ctx, func(tx Tx) (err error) {
		cursor, err = tx.LastEvent()
		return err
	})
	if err != nil {
		return fmt.Errorf("find the last event: %w", err)
	}
	if err := s.markAllStale(ctx); err != nil {
		return fmt.Errorf("find the sites: %w", err)
	}
	var others sync.WaitGroup
	defer others.Wait()
	others.Go(func() { s.learning(ctx) })
	others.Go(func() { s.judging(ctx) })
	others.Go(func() { s.sweeping(ctx) })
	s.follow(ctx, cursor)
	return nil
}

// follow tells events from cursor on until ctx ends.
func (s *Service) follow(ctx context.Context, cursor ground.Cursor) {
	var rings <-chan struct{}
	if s.bell != nil {
		rings = s.bell.Rings(ctx)
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	looks := look.C
	if planted.Is("bell-lost") {
		looks = nil
	}
	for {
		next, err := s.tellAfter(ctx, cursor)
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "events not read", "error", err)
		}
		cursor = next
		select {
		case <-ctx.Done():
			return
		case _, open := <-rings:
			if !open {
				rings = nil
			}
		case <-looks:
		}
	}
}

// tellAfter tells the events after cursor and returns the last one's place.
func (s *Service) tellAfter(ctx context.Context, cursor ground.Cursor) (ground.Cursor, error) {
	for {
		var events []ground.Event
		err := s.view(ctx, func(tx Tx) (err error) {
			events, err = tx.EventsAfter(cursor, eventsRead)
			return err
		})
		if err != nil {
			return cursor, fmt.Errorf("read events: %w", err)
		}
		if len(events) > 0 {
			s.listeners.tell(events)
			cursor = events[len(events)-1].Cursor
		}
		if len(events) < eventsRead {
			s.follower.mu.Lock()
			s.follower.looked = s.now()
			s.follower.mu.Unlock()
			return cursor, nil
		}
	}
}

// sweeping removes what has expired, in one process at a time.
func (s *Service) sweeping(ctx context.Context) {
	sweep := time.NewTicker(sweepEvery)
	defer sweep.Stop()
	for {
		if s.claim(ctx, "sweep", sweepEvery/2) {
			if err := s.sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "not swept", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-sweep.C:
		}
	}
}

func (s *Service) sweep(ctx context.Context) error {
	now := s.now()
	return s.update(ctx, func(tx Tx) error {
		return errors.Join(
			tx.PruneEvents(now.Add(-eventsFor)),
			tx.PruneKeys(now.Add(-answersFor)),
			tx.PruneSessions(now),
			tx.PruneLinks(now),
		)
	})
}
