package classifier

import "unsafe"

// counted is about what the count store holds for one token: its key, and its places in the
// maps of the labels that it was seen under.
const counted = 80

// Memory is about how many bytes the model holds.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load() // only Learn writes it
	n := s.size()
	if m.idle != nil {
		n += m.idle.size()
	}
	return n + m.counts.size*counted + len(m.copies.bands.slots)*int(unsafe.Sizeof(slot[struct{}]{})) +
		len(m.seen.counts.slots)*int(unsafe.Sizeof(slot[uint32]{}))
}

func (s *side) size() int {
	n := int(unsafe.Sizeof(*s))
	for i := range s.heads {
		n += len(s.heads[i].features.slots) * int(unsafe.Sizeof(slot[feature]{}))
	}
	return n
}
