package txn

import (
	"context"
	"errors"

	"github.com/aitys/aitys/moderation/problem"
)

// A Work runs the use cases of one package on T, its part of a transaction. It notifies the listeners of the process
// about their events.
type Work[T Tx] struct {
	*Process
	store Store[T]
}

// NewWork returns a Work that uses store.
func NewWork[T Tx](p *Process, store Store[T]) Work[T] { return Work[T]{p, store} }

// View runs fn on one snapshot.
func (w Work[T]) View(ctx context.Context, fn func(T) error) error {
	return fault(w.store.View(ctx, fn))
}

// ViewUnisolated is View without a snapshot: each read of fn may see a different state. Use it for one read, or for
// reads that need not be consistent. It saves two round trips on Postgres.
func (w Work[T]) ViewUnisolated(ctx context.Context, fn func(T) error) error {
	return w.View(WithoutIsolation(ctx), fn)
}

type unisolatedKey struct{}

// WithoutIsolation returns a context with which View behaves like ViewUnisolated.
func WithoutIsolation(ctx context.Context) context.Context {
	return context.WithValue(ctx, unisolatedKey{}, true)
}

// IsUnisolated reports whether ctx was derived from WithoutIsolation. Stores call it.
func IsUnisolated(ctx context.Context) bool { return ctx.Value(unisolatedKey{}) != nil }

type lowPriorityKey struct{}

// LowPriority returns a context with which Update lets requests go first. On a database with one writer at a time, it
// waits until no request is writing, or for a maximum time.
func LowPriority(ctx context.Context) context.Context {
	return context.WithValue(ctx, lowPriorityKey{}, true)
}

// IsLowPriority reports whether ctx was derived from LowPriority. Stores call it.
func IsLowPriority(ctx context.Context) bool { return ctx.Value(lowPriorityKey{}) != nil }

// Views calls fn with n readers of one snapshot.
func (w Work[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	return fault(w.store.Views(ctx, n, fn))
}

// Update runs fn in one transaction. After the commit, it rings the bell and notifies the listeners of this process
// about the events that fn emitted. Then it returns.
func (w Work[T]) Update(ctx context.Context, fn func(T) error) error {
	emitted, err := w.store.Update(ctx, fn)
	if err != nil {
		return fault(err)
	}
	if len(emitted) > 0 {
		w.listeners.Notify(emitted)
		if w.bell != nil {
			// The transaction is committed, even if the request was cancelled since.
			w.bell.Ring(context.WithoutCancel(ctx))
		}
	}
	return nil
}

// fault wraps the errors of a full, busy or corrupt database in problems that users may see. Other errors stay as they
// are, and are Internal.
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
