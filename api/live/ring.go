package live

import "sync"

// A notice is an entry of a ring: data that streams write, or a request to check rights again. With check set, the
// rights of account may have changed; if account is "", those of all accounts may have.
type notice struct {
	data    []byte
	check   bool
	account string
}

// A ring is a ring buffer of the last notices. All streams that follow it share it. A position is the number of notices
// added before it. A ring is safe for concurrent use.
type ring struct {
	mu      sync.Mutex
	notices []notice
	end     uint64        // the number of notices added; the next is stored at end % len(kept)
	more    chan struct{} // closed and replaced by each add

	// The data of all notices from one position to the end, or nil. Nearly all streams are at the same position and write
	// the same data.
	cachedFrom uint64
	cached     []byte
}

func newRing(size int) ring {
	return ring{notices: make([]notice, size), more: make(chan struct{})}
}

// add appends notices and wakes all streams once.
func (r *ring) add(told ...notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range told {
		r.notices[r.end%uint64(len(r.notices))] = n
		r.end++
	}
	r.cached = nil
	close(r.more)
	r.more = make(chan struct{})
}

// position returns the position after the newest notice.
func (r *ring) position() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// since returns the data of the notices from position at on, and calls each with every one of them. It also returns the
// position since them, whether older notices were overwritten, and a channel that is closed when there is more. The
// data is shared and must not be changed. Each is called with the lock held, so it must be fast.
func (r *ring) since(at uint64, each func(notice)) (data []byte, end uint64, missed bool, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := uint64(len(r.notices))
	if r.end > size && at < r.end-size {
		at, missed = r.end-size, true
	}
	if at == r.end {
		return nil, r.end, missed, r.more
	}
	if r.cached == nil || r.cachedFrom != at {
		r.cached, r.cachedFrom = []byte{}, at
		for n := at; n < r.end; n++ {
			r.cached = append(r.cached, r.notices[n%size].data...)
		}
	}
	for ; at < r.end; at++ {
		each(r.notices[at%size])
	}
	return r.cached[:len(r.cached):len(r.cached)], r.end, missed, r.more
}
