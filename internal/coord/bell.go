package coord

import (
	"context"
	"sync"
)

// bell wakes the waiting goroutines of this process.
type bell struct {
	mu      sync.Mutex // guards waiting
	waiting map[chan struct{}]bool
}

func newBell() *bell { return &bell{waiting: map[chan struct{}]bool{}} }

// ring sends to every channel that rings returned. It does not block; pending rings are merged.
func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.waiting {
		select {
		case w <- struct{}{}:
		default: // an earlier ring is pending
		}
	}
}

// rings returns a channel that receives after each ring and is closed when ctx ends.
func (b *bell) rings(ctx context.Context) <-chan struct{} {
	w := make(chan struct{}, 1)
	b.mu.Lock()
	b.waiting[w] = true
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.waiting, w)
		close(w) // ring sends only under the lock, so never to a closed channel
	})
	return w
}
