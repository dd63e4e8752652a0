package txn

import (
	"context"
	"errors"

	"github.com/aitys/aitys/moderation/problem"
)

// A Work runs the use cases of one package, on its part T of a transaction, in a process whose listeners are told of
// their events.
type Work[T Tx] struct {
	*Process
	store Store[T]
}

// NewWork returns a Work on a store.
func NewWork[T Tx](p *Process, store Store[T]) Work[T] { return Work[T]{p, store} }

// View runs fn on one snapshot.
func (w Work[T]) View(ctx context.Context, fn func(T) error) error {
	return fault(w.store.View(ctx, fn))
}

// Glance runs fn, which asks one thing, or several that need not fit together: Postgres spares it a transaction's two
// round trips.
func (w Work[T]) Glance(ctx context.Context, fn func(T) error) error {
	return w.View(Glancing(ctx), fn)
}

type glance struct{}

// Glancing has a View of the context be a Glance.
func Glancing(ctx context.Context) context.Context { return context.WithValue(ctx, glance{}, true) }

// IsGlance reports whether a View's context is that of a Glance.
func IsGlance(ctx context.Context) bool { return ctx.Value(glance{}) != nil }

type unhurried struct{}

// Unhurried has an Update of the context wait for those whom people wait for: where one writes at a time, until none of
// them does, or for long.
func Unhurried(ctx context.Context) context.Context { return context.WithValue(ctx, unhurried{}, true) }

// IsUnhurried reports whether an Update's context is Unhurried.
func IsUnhurried(ctx context.Context) bool { return ctx.Value(unhurried{}) != nil }

// Views runs fn on n readers of one snapshot.
func (w Work[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	return fault(w.store.Views(ctx, n, fn))
}

// Update runs fn in one transaction. When it is committed, the bell is rung and the events
// that fn emitted are told to this process's listeners before Update returns.
func (w Work[T]) Update(ctx context.Context, fn func(T) error) error {
	emitted, err := w.store.Update(ctx, fn)
	if err != nil {
		return fault(err)
	}
	if len(emitted) > 0 {
		w.listeners.Tell(emitted)
		if w.bell != nil {
			// The commit stands, whatever became of the request since.
			w.bell.Ring(context.WithoutCancel(ctx))
		}
	}
	return nil
}

// fault gives a store's answer the form that a person may see; what it does not know stays
// as it is, and is Internal.
func fault(err error) error {
	switch {
	case errors.Is(err, ErrBusy):
		return problem.TryAgain(err)
	case errors.Is(err, ErrFull):
		return problem.NoRoom(err)
	case errors.Is(err, ErrCorrupt):
		return problem.Damaged(err)
	}
	return err
}
