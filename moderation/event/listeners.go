package event

import (
	"slices"
	"sync"
	"time"
)

// Listeners calls registered functions once with each event: immediately for events that this process commits, and when
// they are read for events of other processes. The zero value is ready to use. It is safe for concurrent use.
type Listeners struct {
	mu  sync.Mutex
	fns []*func(Event) // replaced, never changed in place
	// notified holds the IDs of events that listeners were called with since the last rotation, and older those since the
	// rotation older. Each channel is closed when all listeners have been called.
	notified, older map[int64]<-chan struct{}
	rotatedAt       time.Time
}

// Add registers fn and returns the function that removes it.
func (l *Listeners) Add(fn func(Event)) (stop func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine := &fn
	l.fns = append(slices.Clone(l.fns), mine)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.fns = slices.DeleteFunc(slices.Clone(l.fns), func(f *func(Event)) bool { return f == mine })
	}
}

// Notify calls the listeners with the events that they have not received yet. It waits for other goroutines that are
// notifying the rest.
func (l *Listeners) Notify(events []Event) {
	done := make(chan struct{})
	for _, other := range l.notifyNew(events, done) {
		<-other // no deadlock: it is closed before its goroutine waits
	}
}

// notifyNew notifies listeners about the events that are new, and closes done. It returns the channels of events that
// other goroutines are handling.
func (l *Listeners) notifyNew(events []Event, done chan struct{}) (others []<-chan struct{}) {
	defer close(done)
	l.mu.Lock()
	fresh := make([]Event, 0, len(events))
	for _, e := range events {
		if other := l.doneFor(e.ID); other != nil {
			others = append(others, other)
			continue
		}
		if len(l.notified) >= maxNotified {
			l.notified, l.older = nil, l.notified
		}
		if l.notified == nil {
			l.notified = map[int64]<-chan struct{}{}
		}
		l.notified[e.ID] = done
		fresh = append(fresh, e)
	}
	l.mu.Unlock()
	for _, e := range fresh {
		l.NotifyAll(e)
	}
	return others
}

// Notified reports whether the listeners were, or are being, called with an event. It remembers events for at least
// keepNotified, unless more than maxNotified events arrived since.
func (l *Listeners) Notified(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.doneFor(id) != nil
}

// NotifyAll calls all listeners with an event, even if they received it before.
func (l *Listeners) NotifyAll(e Event) {
	l.mu.Lock()
	fns := l.fns
	l.mu.Unlock()
	for _, fn := range fns {
		(*fn)(e)
	}
}

// doneFor returns the channel that is closed when all listeners have received the event, or nil if the event is
// unknown.
func (l *Listeners) doneFor(id int64) <-chan struct{} {
	if done := l.notified[id]; done != nil {
		return done
	}
	return l.older[id]
}

// Notified events are remembered for at least keepNotified. At most 2·maxNotified IDs are remembered, because a command
// that does not follow events would otherwise keep all of its own.
const (
	keepNotified = 10 * time.Second
	maxNotified  = 1 << 16
)

// Forget drops events that were notified long before now. Call it after all events were read. An event that becomes
// readable even later is notified twice, which is harmless.
func (l *Listeners) Forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.rotatedAt) >= keepNotified {
		l.notified, l.older, l.rotatedAt = nil, l.notified, now
	}
}
