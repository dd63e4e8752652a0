package live

import "sync"

// A notice is what streams write. With check it is for streams of one account, or of all where that is
// "", and says that their rights may have changed.
type notice struct {
	data    []byte
	check   bool
	account string
}

// A ring keeps the last of what was told, for all who follow it. Places in it are counted from its beginning.
type ring struct {
	mu   sync.Mutex
	kept []notice
	end  uint64        // so many were told: the next stands at end % len(kept)
	more chan struct{} // closed, and made anew, when something is told

	// The data from one place to the end, or nil: nearly all who follow stand at the same place, and write the same.
	from   uint64
	joined []byte
}

func newRing(size int) ring {
	return ring{kept: make([]notice, size), more: make(chan struct{})}
}

// add tells all who follow, and wakes them once.
func (r *ring) add(told ...notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range told {
		r.kept[r.end%uint64(len(r.kept))] = n
		r.end++
	}
	r.joined = nil
	close(r.more)
	r.more = make(chan struct{})
}

func (r *ring) now() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.end
}

// after returns the data of what was told after a place and is still kept, which is shared and may not be changed, and
// calls each with it. It returns where that ends, too, whether something before it is not kept any more, and what is
// closed when there is more. Each must be quick.
func (r *ring) after(at uint64, each func(notice)) (data []byte, end uint64, missed bool, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size := uint64(len(r.kept))
	if r.end > size && at < r.end-size {
		at, missed = r.end-size, true
	}
	if at == r.end {
		return nil, r.end, missed, r.more
	}
	if r.joined == nil || r.from != at {
		r.joined, r.from = []byte{}, at
		for n := at; n < r.end; n++ {
			r.joined = append(r.joined, r.kept[n%size].data...)
		}
	}
	for ; at < r.end; at++ {
		each(r.kept[at%size])
	}
	return r.joined[:len(r.joined):len(r.joined)], r.end, missed, r.more
}
