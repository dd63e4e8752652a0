package event

import (
	"slices"
	"sync"
	"time"
)

// Listeners are called with each event of a process once: those that the process commits itself at once, the others when
// it reads them. The zero value is ready. It is safe for concurrent use.
type Listeners struct {
	mu  sync.Mutex
	fns []*func(Event) // replaced, never changed in place
	// told are the ids of events that were told: since the last turn, and since the one before. Each is with what is
	// closed once everyone has been.
	told, before map[int64]<-chan struct{}
	turned       time.Time
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

// Tell calls the listeners with the events they have not had, and waits for other goroutines that are telling the rest.
func (l *Listeners) Tell(events []Event) {
	done := make(chan struct{})
	for _, other := range l.tellFresh(events, done) {
		<-other // which waits for nobody before it is closed
	}
}

// tellFresh tells those of the events that were not told yet, closes done, and returns what is closed when others have
// told the rest.
func (l *Listeners) tellFresh(events []Event, done chan struct{}) (others []<-chan struct{}) {
	defer close(done)
	l.mu.Lock()
	fresh := make([]Event, 0, len(events))
	for _, e := range events {
		if other := l.heard(e.ID); other != nil {
			others = append(others, other)
			continue
		}
		if len(l.told) >= mostTold {
			l.told, l.before = nil, l.told
		}
		if l.told == nil {
			l.told = map[int64]<-chan struct{}{}
		}
		l.told[e.ID] = done
		fresh = append(fresh, e)
	}
	l.mu.Unlock()
	for _, e := range fresh {
		l.TellAgain(e)
	}
	return others
}

// Told reports whether the listeners were called with an event, or are being called, in the last ten seconds or more.
func (l *Listeners) Told(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.heard(id) != nil
}

// TellAgain calls all listeners with an event, whether they have had it or not.
func (l *Listeners) TellAgain(e Event) {
	l.mu.Lock()
	fns := l.fns
	l.mu.Unlock()
	for _, fn := range fns {
		(*fn)(e)
	}
}

// heard returns what is closed once everyone has been told of an event; nil: nobody tells it.
func (l *Listeners) heard(id int64) <-chan struct{} {
	if done := l.told[id]; done != nil {
		return done
	}
	return l.before[id]
}

// It is remembered that an event was told for this long at least, unless more were told since: a
// command that does not follow the events would remember all that it does.
const (
	keepTold = 10 * time.Second
	mostTold = 1 << 16
)

// Forget drops what it remembers of events told long before now. Call it when all events were read: an event that becomes
// readable later than that is told twice, which does no harm.
func (l *Listeners) Forget(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.turned) >= keepTold {
		l.told, l.before, l.turned = nil, l.told, now
	}
}
