package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/txn"
)

// Timed returns s with its transactions measured in r.
func Timed[T any](s txn.Store[T], r *Registry) txn.Store[T] {
	return timed[T]{s, r.transactions.WithLabelValues("view"), r.transactions.WithLabelValues("update")}
}

type timed[T any] struct {
	store        txn.Store[T]
	view, update prometheus.Observer
}

func (t timed[T]) View(ctx context.Context, fn func(T) error) error {
	defer observe(t.view, time.Now())
	return t.store.View(ctx, fn)
}

func (t timed[T]) Views(ctx context.Context, n int, fn func([]T) error) error {
	defer observe(t.view, time.Now())
	return t.store.Views(ctx, n, fn)
}

func (t timed[T]) Update(ctx context.Context, fn func(T) error) ([]event.Event, error) {
	defer observe(t.update, time.Now())
	return t.store.Update(ctx, fn)
}

func observe(o prometheus.Observer, since time.Time) { o.Observe(time.Since(since).Seconds()) }
