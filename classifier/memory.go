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
	return n + m.counts.size*counted + m.copies.bands.size() + m.seen.counts.size()
}

func (s *side) size() int {
	n := int(unsafe.Sizeof(*s))
	for i := range s.heads {
		n += s.heads[i].features.size()
	}
	return n
}
