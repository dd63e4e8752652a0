package classifier

import "unsafe"

// counted is about what the count store holds for one token: its key, and its places in the
// maps of the labels that it was seen under.
const counted = 120

// Memory is about how many bytes the model holds.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load() // only Learn writes it
	n := s.size()
	if m.idle != nil {
		n += m.idle.size()
	}
	return n + s.tallies.used*counted + len(m.copies.bands.slots)*int(unsafe.Sizeof(slot[struct{}]{}))
}

func (s *side) size() int {
	n := int(unsafe.Sizeof(*s)) + len(s.tallies.slots)*int(unsafe.Sizeof(slot[tally]{}))
	for i := range s.heads {
		n += len(s.heads[i].slopes.slots) * int(unsafe.Sizeof(slot[slope]{}))
	}
	return n
}
