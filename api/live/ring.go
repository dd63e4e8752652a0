package live

import "sync"

// A ring keeps the last of what was told, for all who follow it. Places in it are counted from its beginning.
type ring[T any] struct {
	mu   sync.Mutex
	kept []T
	end  uint64        // so many were told: the next stands at end % len(kept)
	more chan struct{} // closed, and made anew, with each
}

func newRing[T any](size int) ring[T] {
	return ring[T]{kept: make([]T, size), more: make(chan struct{})}
}

func (r *ring[T]) add(told T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[r.end%uint64(len(r.kept))] = told
	r.end++
	close(r.more)
	r.more = make(chan struct{})
}

func (r *ring[T]) now() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// after calls each with what was told after a place and is still kept, and returns where that ends, whether
// something before it is not kept any more, and what is closed when there is more. Each must be quick.
func (r *ring[T]) after(at uint64, each func(T)) (end uint64, missed bool, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := uint64(len(r.kept))
	if r.end > size && at < r.end-size {
		at, missed = r.end-size, true
	}
	for ; at < r.end; at++ {
		each(r.kept[at%size])
	}
	return r.end, missed, r.more
}
