package classifier

import (
	"cmp"
	"math/bits"
	"slices"
)

// table finds values by the hash of a token: open addressing, at most two thirds full, so that
// a look-up reads one or two cache lines, and grown by the half. Hashes are spread over the
// slots by their high bits. The zero table is empty.
type table[V any] struct {
	slots []slot[V]
	used  int
}

type slot[V any] struct {
	hash  uint64 // 0: free
	value V
}

// find returns the value of hash, or nil. It is valid until the next ensure.
func (t *table[V]) find(hash uint64) *V {
	if t.used == 0 {
		return nil
	}
	for i := t.home(hash); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		switch s := &t.slots[i]; s.hash {
		case hash:
			return &s.value
		case 0:
			return nil
		}
	}
}

// home is where to look for a hash first.
func (t *table[V]) home(hash uint64) int {
	hi, _ := bits.Mul64(hash, uint64(len(t.slots)))
	return int(hi)
}

// ensure returns the value of hash, a zero one where there was none.
func (t *table[V]) ensure(hash uint64) *V {
	if 3*t.used >= 2*len(t.slots) {
		t.resize(max(96, len(t.slots)/2*3))
	}
	for i := t.home(hash); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		s := &t.slots[i]
		if s.hash == 0 {
			s.hash = hash
			t.used++
		}
		if s.hash == hash {
			return &s.value
		}
	}
}

// reserve makes room for n values in all. What comes in the order of its hashes needs it: in a table
// that grows on the way all of it would crowd at the beginning.
func (t *table[V]) reserve(n int) {
	if size := n + n/2 + n/8 + 1; size > len(t.slots) { // and some more
		t.resize(size)
	}
}

func (t *table[V]) resize(size int) {
	old := t.slots
	t.slots = make([]slot[V], size)
	for _, s := range old {
		if s.hash == 0 {
			continue
		}
		i := t.home(s.hash)
		for t.slots[i].hash != 0 {
			if i++; i == len(t.slots) {
				i = 0
			}
		}
		t.slots[i] = s
	}
}

// sorted returns what is in the table by hash: the order of its slots depends on its history.
func (t *table[V]) sorted() []slot[V] {
	out := make([]slot[V], 0, t.used)
	for _, s := range t.slots {
		if s.hash != 0 {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b slot[V]) int { return cmp.Compare(a.hash, b.hash) })
	return out
}

func (t *table[V]) clone() table[V] { return table[V]{slots: slices.Clone(t.slots), used: t.used} }
