package txn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
)

// EventTx is what following events takes of a transaction.
type EventTx interface {
	Tx
	// EventsAfter returns events that were not read yet at a position, and the position at which they
	// were. What one transaction after another wrote comes in their order; what is committed while
	// others run comes before what these will write. No event is ever skipped, none comes twice, and
	// none waits for another transaction than its own.
	EventsAfter(after event.Position, limit int) ([]event.Event, event.Position, error)
	LastEvent() (event.Position, error) // where a follower that starts now begins

	// Follower returns how far the follower of a name has come: ErrNotFound before AddFollower, which
	// registers it at the end of the events, Lost. To add one that is there changes nothing.
	Follower(name string) (event.Followed, error)
	AddFollower(name string) error
	// MoveFollower notes that the follower of a name has come from one position to another, and has
	// lost nothing. It reports false, and changes nothing, where it does not stand at the first.
	MoveFollower(name string, from, to event.Position) (bool, error)
	// PruneEvents removes the events from before read that every registered follower has read, and
	// those from before last in any case: who had not read these has Lost.
	PruneEvents(read, last time.Time) error

	Sites() ([]site.Site, error) // by key
}

// followFor is how long a process has a follower for itself at a time.
const followFor = 5 * time.Second

// followEvery is how often a follower looks while there is something: what happens meanwhile is told together, for who
// posts waits for the same machine. The first of it is told at once, and who is behind does not rest.
const followEvery = 500 * time.Millisecond

// Follow calls fn with what happens, in order, from where the follower of this name left off, in
// whatever process that was, until ctx ends. Its position is kept in the database and moves when fn
// has returned nil: what was told to a process that died is told again, and so is what fn failed
// at. Of several processes one at a time follows under a name; now and then two may be told the same.
//
// With reset, which has no events, fn has to begin from the tables: the follower is new, or was away
// for longer than events are kept.
func (p *Process) Follow(
	ctx context.Context, name string, fn func(ctx context.Context, reset bool, events []event.Event) error,
) {
	p.eachTurn(ctx, name, func(ctx context.Context) (told int, err error) {
		return p.followOn(ctx, name, func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error {
			if err := fn(ctx, reset, events); err != nil {
				return err
			}
			_, err := p.store.Update(ctx, move)
			if err != nil && !errors.Is(err, errOvertaken) {
				return fmt.Errorf("keep the position: %w", err)
			}
			return nil
		})
	})
}

// FollowIn is Follow for callers that store what they derive from events: keep, which fn returns, runs in the transaction
// that moves the position, so that each event is stored once, even if the process ends in between. keep may be nil.
func FollowIn[T EventTx](
	ctx context.Context, w Work[T], name string,
	fn func(ctx context.Context, reset bool, events []event.Event) (keep func(T) error, err error),
) {
	w.eachTurn(ctx, name, func(ctx context.Context) (told int, err error) {
		return w.followOn(ctx, name, func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error {
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

// errOvertaken says that another process was quicker.
var errOvertaken = errors.New("the events were followed by another process")

// Expect has the process not be Ready before the follower of this name has begun, here or in another process: one that
// takes what it does from events alone is not told of what happened before.
func (p *Process) Expect(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected[name] = true
}

// begun says that a follower has begun.
func (p *Process) begun(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.expected, name)
}

// eachTurn calls follow, which returns how many events it told, whenever there may be some, as long as there are and no
// other process follows.
func (p *Process) eachTurn(
	ctx context.Context, name string, follow func(context.Context) (told int, err error),
) {
	var own time.Time // until when it is this process's turn: a claim is granted once, and not renewed
	mine := func() bool {
		now := p.Now()
		if !now.Before(own) && p.Claim(ctx, 0, "follow "+name, followFor) {
			own = now.Add(followFor)
		}
		if now.Before(own) {
			return true
		}
		p.begun(name) // elsewhere
		return false
	}
	p.eachLook(ctx, func() {
		for ctx.Err() == nil && mine() {
			next := time.After(followEvery)
			told, err := follow(Unhurried(ctx))
			if err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "events not followed", "by", name, "error", err)
			}
			if told == 0 || err != nil {
				return
			}
			if told < eventsRead {
				select {
				case <-ctx.Done():
				case <-next:
				}
			}
		}
	})
}

// Unfollowed returns the events that the named follower has not processed yet. Callers use them to correct what the
// follower writes.
func (p *Process) Unfollowed(ctx context.Context, name string) (all []event.Event, err error) {
	err = p.look(ctx, lookFor, func(tx EventTx) error {
		all = nil
		from, err := tx.Follower(name)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		for at, more := from.At, err == nil; more && err == nil; {
			var some []event.Event
			some, at, err = tx.EventsAfter(at, eventsRead)
			all, more = append(all, some...), len(some) == eventsRead
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the events that %s has not followed: %w", name, fault(err))
	}
	return all, nil
}

// followOn tells a follower what comes next, and returns how many events that were: a follower that begins was told as
// many as can be. To tell is to run move in a transaction.
func (p *Process) followOn(
	ctx context.Context, name string,
	tell func(ctx context.Context, reset bool, events []event.Event, move func(EventTx) error) error,
) (told int, err error) {
	var from event.Followed
	var events []event.Event
	var next event.Position
	err = p.look(ctx, lookFor, func(tx EventTx) (err error) {
		if from, err = tx.Follower(name); err != nil {
			return err
		}
		if from.Lost {
			next, err = tx.LastEvent() // before fn reads the tables: what comes after is told
			return err
		}
		events, next, err = tx.EventsAfter(from.At, eventsRead)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		_, err := p.store.Update(ctx, func(tx EventTx) error { return tx.AddFollower(name) })
		return eventsRead, err
	}
	if err != nil {
		return 0, fmt.Errorf("read events: %w", err)
	}
	told = len(events)
	if from.Lost {
		told = eventsRead
	} else {
		p.begun(name)
	}
	if told == 0 {
		return 0, nil
	}
	for _, e := range events {
		if !p.listeners.Told(e.ID) { // by another process, and not read here yet
			p.Forget(e)
		}
	}
	err = tell(ctx, from.Lost, events, func(tx EventTx) error {
		moved, err := tx.MoveFollower(name, from.At, next)
		if err == nil && !moved {
			err = errOvertaken
		}
		return err
	})
	return told, err
}
