package campaign

import "sync"

// recent keeps the last things of comments, by their ids. The zero recent is ready; it is safe for concurrent use.
type recent[T any] struct {
	mu   sync.Mutex
	kept map[string]T
	ids  []string // in the order in which they were put
	next int      // place in ids that the next one takes
}

func (r *recent[T]) get(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.kept[id]
	return of, known
}

// take is get, for who is the only one to ask.
func (r *recent[T]) take(id string) (of T, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of, known = r.kept[id]
	delete(r.kept, id)
	return of, known
}

// put keeps one more, and at most so many.
func (r *recent[T]) put(id string, of T, most int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil {
		r.kept, r.ids = map[string]T{}, make([]string, most)
	}
	if _, known := r.kept[id]; !known {
		delete(r.kept, r.ids[r.next])
		r.ids[r.next] = id
		r.next = (r.next + 1) % most
	}
	r.kept[id] = of
}
