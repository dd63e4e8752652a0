package classifier

import (
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

// seen is how many lessons of each label had a token, all but copies: what people are told.
// The counts that judge leave out lessons that were foreseen. 4-grams are shown to nobody.
type seen struct {
	mu     sync.RWMutex
	counts table.Table[uint32]
}

func (s *seen) add(d Document, l Label) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range d.tokens {
		if t.kind != kindGram {
			*s.counts.At(seenKey(t.hash, l))++
		}
	}
}

func (s *seen) of(hash uint64, l Label) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	n, _ := s.counts.Get(seenKey(hash, l))
	return int(n)
}

func seenKey(hash uint64, l Label) uint64 { return max(1, table.Mix(hash^uint64(l))) }
