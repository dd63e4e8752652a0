package ground

import (
	"slices"
	"sync"
	"time"
)

// listeners are those who are told of events, each of them once: what this process commits is
// told at once, and passed over when the follower reads it.
type listeners struct {
	mu  sync.Mutex
	fns []*func(Event) // replaced, never changed in place
	// told are the ids of events that were told: since the last turn, and since the one before. Each is with what is
	// closed once everyone has been.
	told, before map[int64]<-chan struct{}
	turned       time.Time
}

func (l *listeners) add(fn func(Event)) (stop func()) {
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

// tell tells those of the events that were not told yet, and waits for who is telling others.
func (l *listeners) tell(events []Event) {
	done := make(chan struct{})
	for _, other := range l.tellFresh(events, done) {
		<-other // which waits for nobody before it is closed
	}
}

// tellFresh tells those of the events that were not told yet, closes done, and returns what is closed when others have
// told the rest.
func (l *listeners) tellFresh(events []Event, done chan struct{}) (others []<-chan struct{}) {
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
		l.each(e)
	}
	return others
}

// each tells an event to everyone, whether it was told before or not.
func (l *listeners) each(e Event) {
	l.mu.Lock()
	fns := l.fns
	l.mu.Unlock()
	for _, fn := range fns {
		(*fn)(e)
	}
}

// heard returns what is closed once everyone has been told of an event; nil: nobody tells it.
func (l *listeners) heard(id int64) <-chan struct{} {
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

// turn forgets what was told long ago. It is called by the follower when it has read everything: an
// event that becomes readable later than that is told twice, which harms nobody.
func (l *listeners) turn(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.turned) >= keepTold {
		l.told, l.before, l.turned = nil, l.told, now
	}
}
