package txn

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// EventTx is the part of a transaction that following events needs.
type EventTx interface {
	Tx
	// EventsAfter returns events after a position, and the position after them. Events of consecutive transactions are in
	// commit order. Events committed while other transactions run come before the events of those. No event is skipped or
	// returned twice. The method does not wait for running transactions.
	EventsAfter(after event.Position, limit int) ([]event.Event, event.Position, error)
	LastEvent() (event.Position, error) // start position of a new follower

	// Follower returns the progress of the named follower, or ErrNotFound before AddFollower. AddFollower registers a
	// follower at the end of the events, with Lost set. Adding an existing follower changes nothing.
	Follower(name string) (event.FollowerState, error)
	AddFollower(name string) error
	// MoveFollower moves the named follower from one position to another and clears Lost. It reports false, and changes
	// nothing, if the follower is not at from.
	MoveFollower(name string, from, to event.Position) (bool, error)
	// PruneEvents removes events older than read that every registered follower has read, and all events older than last.
	// A follower that has not read the latter becomes Lost.
	PruneEvents(read, last time.Time) error

	Sites() ([]site.Site, error) // ordered by key
}

// followLease is how long a process holds a follower before other processes may take it over.
const followLease = 5 * time.Second

// followInterval is the shortest time between two batches of a follower. Events in between form one batch, because
// requests share the machine. The first event is handled at once. A follower that is behind does not pause.
const followInterval = 500 * time.Millisecond

// Follow calls fn with events, in order, from the stored position of the named follower, until ctx ends. The position
// is stored in the database, so another process can continue. It moves when fn returns nil. If fn fails or the process
// dies, the same events are delivered again. One process at a time follows under a name; occasionally two may deliver
// the same events.
//
// If reset is true, events is empty and fn must start from the tables: the follower is new, or was away for longer than
// events are kept.
func (p *Process) Follow(
	ctx context.Context, name string, fn func(ctx context.Context, reset bool, events []event.Event) error,
) {
	p.followLoop(ctx, name, func(ctx context.Context) (n int, err error) {
		return p.followOnce(ctx, name, func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error {
			if err := fn(ctx, reset, events); err != nil {
				return err
			}
			_, err := p.store.Update(ctx, move)
			if err != nil && !errors.Is(err, errOvertaken) {
				return fmt.Errorf("store the position: %w", err)
			}
			return nil
		})
	})
}

// FollowIn is Follow for callers that store what they derive from events. fn returns keep, which runs in the
// transaction that moves the position. So each event is stored once, even if the process ends in between. keep may be
// nil.
func FollowIn[T EventTx](
	ctx context.Context, w Work[T], name string,
	fn func(ctx context.Context, reset bool, events []event.Event) (keep func(T) error, err error),
) {
	w.followLoop(ctx, name, func(ctx context.Context) (n int, err error) {
		return w.followOnce(ctx, name, func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error {
			keep, err := fn(ctx, reset, events)
			if err != nil {
				return err
			}
			err = w.Update(ctx, func(tx T) error {
				if err := move(tx); err != nil || keep == nil {
					return err
				}
				return keep(tx)
			})
			if errors.Is(err, errOvertaken) {
				return nil
			}
			return err
		})
	})
}

// errOvertaken says that another process moved the position first.
var errOvertaken = errors.New("the events were followed by another process")

// RequireFollower makes Ready fail until the named follower has started, here or in another process. Use it for
// followers that depend on events alone, and so would miss what happened before they start.
func (p *Process) RequireFollower(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected[name] = true
}

// followerStarted records that a follower has started.
func (p *Process) followerStarted(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.expected, name)
}

// Followers returns the names under which this process follows events, or waits for the lease to do so, in no order.
func (p *Process) Followers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.follows))
}

// followLoop calls follow whenever there may be new events, and again while there are more, unless another process
// holds the lease. follow returns the number of events it delivered.
func (p *Process) followLoop(
	ctx context.Context, name string, follow func(context.Context) (n int, err error),
) {
	p.mu.Lock()
	p.follows[name] = true
	p.mu.Unlock()
	var own time.Time // end of this process's lease: a claim is granted once, and cannot be renewed
	mine := func() bool {
		now := p.Now()
		if !now.Before(own) && p.Claim(ctx, 0, "follow "+name, followLease) {
			own = now.Add(followLease)
		}
		if now.Before(own) {
			return true
		}
		p.followerStarted(name) // in another process
		return false
	}
	var failure string // that was logged last, at failedAt
	var failedAt time.Time
	p.poll(ctx, func() {
		for ctx.Err() == nil && mine() {
			next := time.After(followInterval)
			n, err := follow(LowPriority(ctx))
			if err == nil {
				failure = ""
			} else if now := p.Now(); ctx.Err() == nil && (failure != err.Error() || now.Sub(failedAt) >= time.Minute) {
				p.log.WarnContext(ctx, "events not followed", "by", name, "error", err)
				failure, failedAt = err.Error(), now
			}
			if n == 0 || err != nil {
				return
			}
			if n < batchSize {
				select {
				case <-ctx.Done():
				case <-next:
				}
			}
		}
	})
}

// PendingEvents returns the events that the named follower has not processed yet. Callers use them to correct data that
// the follower writes.
func (p *Process) PendingEvents(ctx context.Context, name string) (all []event.Event, err error) {
	err = p.viewWithTimeout(ctx, readTimeout, func(tx EventTx) error {
		all = nil
		from, err := tx.Follower(name)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		for at, more := from.At, err == nil; more && err == nil; {
			var some []event.Event
			some, at, err = tx.EventsAfter(at, batchSize)
			all, more = append(all, some...), len(some) == batchSize
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read pending events of %s: %w", name, fault(err))
	}
	return all, nil
}

// followOnce delivers the next batch to a follower, and returns its size. It returns a full batch for a follower that
// has just been added or reset, so that the caller continues. deliver must run move in a transaction.
func (p *Process) followOnce(
	ctx context.Context, name string,
	deliver func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error,
) (n int, err error) {
	var from event.FollowerState
	var events []event.Event
	var next event.Position
	err = p.viewWithTimeout(ctx, readTimeout, func(tx EventTx) (err error) {
		if from, err = tx.Follower(name); err != nil {
			return err
		}
		if from.Lost {
			next, err = tx.LastEvent() // read before fn reads the tables, so that no event is missed
			return err
		}
		events, next, err = tx.EventsAfter(from.At, batchSize)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		_, err := p.store.Update(ctx, func(tx EventTx) error { return tx.AddFollower(name) })
		return batchSize, err
	}
	if err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	n = len(events)
	if from.Lost {
		n = batchSize
	} else {
		p.followerStarted(name)
	}
	if n == 0 {
		return 0, nil
	}
	for _, e := range events {
		if !p.listeners.Notified(e.ID) { // committed by another process, and not read here yet
			p.Forget(e)
		}
	}
	err = deliver(ctx, from.Lost, events, func(tx EventTx) error {
		moved, err := tx.MoveFollower(name, from.At, next)
		if err == nil && !moved {
			err = errOvertaken
		}
		return err
	})
	return n, err
}
