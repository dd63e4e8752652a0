package coord

import (
	"context"
	"sync"
)

// bell wakes those who wait in this process.
type bell struct {
	mu      sync.Mutex // guards waiting
	waiting map[chan struct{}]bool
}

func newBell() *bell { return &bell{waiting: map[chan struct{}]bool{}} }

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.waiting {
		select {
		case w <- struct{}{}:
		default: // a ring is waiting to be heard already
		}
	}
}

func (b *bell) rings(ctx context.Context) <-chan struct{} {
	w := make(chan struct{}, 1)
	b.mu.Lock()
	b.waiting[w] = true
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waiting, w)
		close(w) // under the lock: ring never sends on it again
	})
	return w
}
