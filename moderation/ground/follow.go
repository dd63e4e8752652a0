package ground

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// followFor is how long a process has a follower for itself at a time.
const followFor = 5 * time.Second

// Follow calls fn with what happens, in order, from where the follower of this name left off, in
// whatever process that was, until ctx ends. Its position is kept in the database and moves when fn
// has returned nil: what was told to a process that died is told again, and so is what fn failed
// at. Of several processes one at a time follows under a name; now and then two may be told the same.
//
// With reset, which has no events, fn has to begin from the tables: the follower is new, or was away
// for longer than events are kept.
func (p *Process) Follow(
	ctx context.Context, name string, fn func(ctx context.Context, reset bool, events []Event) error,
) {
	p.eachLook(ctx, func() {
		for more := true; more && ctx.Err() == nil && p.Claim(ctx, 0, "follow "+name, followFor); {
			var err error
			if more, err = p.followOn(ctx, name, fn); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "events not followed", "by", name, "error", err)
			}
		}
	})
}

// followOn tells a follower what comes next, and reports whether there may be more.
func (p *Process) followOn(
	ctx context.Context, name string, fn func(ctx context.Context, reset bool, events []Event) error,
) (more bool, err error) {
	var from Followed
	var events []Event
	var next Position
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
		return err == nil, err
	}
	if err != nil {
		return false, fmt.Errorf("read events: %w", err)
	}
	if len(events) == 0 && !from.Lost {
		return false, nil
	}
	if err := fn(ctx, from.Lost, events); err != nil {
		return false, err
	}
	_, err = p.store.Update(ctx, func(tx EventTx) error {
		_, err := tx.MoveFollower(name, from.At, next) // else another process was quicker
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep the position: %w", err)
	}
	return true, nil
}
