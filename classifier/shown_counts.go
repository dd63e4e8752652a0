package classifier

import (
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

// shownCounts holds how many lessons of each label had a token, without copies, for display as evidence. In contrast to
// the features of the heads it includes well-predicted lessons. It has no 4-grams. It is safe for concurrent use.
type shownCounts struct {
	mu     sync.RWMutex
	counts table.Table[uint32]
}

func (s *shownCounts) add(d Document, l Label) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range d.tokens {
		if t.kind != kindGram {
			*s.counts.At(shownKey(t.hash, l))++
		}
	}
}

func (s *shownCounts) count(hash uint64, l Label) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, _ := s.counts.Get(shownKey(hash, l))
	return int(n)
}

func shownKey(hash uint64, l Label) uint64 { return max(1, table.Mix(hash^uint64(l))) }
