package classifier

import "unsafe"

// observed is about what the library holds for one count of a token: its key, and its place in the map of a label.
const observed = 60

// Memory is about how many bytes the model holds.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	n := int(unsafe.Sizeof(*s))
	for i := range s.heads {
		n += s.heads[i].features.Size()
	}
	return n + len(m.counts.settled) + m.counts.recent*observed + m.copies.bands.Size() + m.seen.counts.Size()
}
