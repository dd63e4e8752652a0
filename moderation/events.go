package moderation

import (
	"context"
	"slices"
	"sync"

	"github.com/aitys/aitys/moderation/ground"
)

// recorder remembers what a transaction emits, to be told once it is committed.
type recorder struct {
	Tx
	events []ground.Event
}

func (r *recorder) Emit(events ...ground.Event) error {
	r.events = append(r.events, events...)
	return r.Tx.Emit(events...)
}

// view runs fn on one snapshot.
func (s *Service) view(ctx context.Context, fn func(Tx) error) error {
	return fault(s.store.View(ctx, fn))
}

// update runs fn in one transaction. When it is committed, the bell is rung and the events
// that fn emitted are told to this process's listeners before update returns.
func (s *Service) update(ctx context.Context, fn func(Tx) error) error {
	var last *recorder
	err := s.store.Update(ctx, func(tx Tx) error {
		last = &recorder{Tx: tx} // anew: fn may run again
		return fn(last)
	})
	if err != nil {
		return fault(err)
	}
	if len(last.events) > 0 {
		s.listeners.tell(last.events)
		if s.bell != nil {
			// The commit stands, whatever became of the request since.
			s.bell.Ring(context.WithoutCancel(ctx))
		}
	}
	return nil
}

// listeners are those who are told of events.
type listeners struct {
	mu  sync.Mutex
	fns []*func(ground.Event) // replaced, never changed in place
}

func (l *listeners) add(fn func(ground.Event)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := &fn
	l.fns = append(slices.Clone(l.fns), mine)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fns = slices.DeleteFunc(slices.Clone(l.fns), func(f *func(ground.Event)) bool { return f == mine })
	}
}

func (l *listeners) tell(events []ground.Event) {
	l.mu.Lock()
	fns := l.fns
	l.mu.Unlock()
	for _, e := range events {
		for _, fn := range fns {
			(*fn)(e)
		}
	}
}
