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
	slots := len(s.weights.slots)
	if m.idle != nil {
		slots += len(m.idle.weights.slots)
	}
	return slots*int(unsafe.Sizeof(entry{})) + s.weights.used*counted
}
