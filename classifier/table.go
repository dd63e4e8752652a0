package classifier

import (
	"cmp"
	"slices"
	"unsafe"
)

// table holds values by the hash of a token.
type table[V any] map[uint64]V

type slot[V any] struct {
	hash  uint64
	value V
}

// sorted returns what is in the table by hash.
func (t table[V]) sorted() []slot[V] {
	out := make([]slot[V], 0, len(t))
	for hash, value := range t {
		out = append(out, slot[V]{hash, value})
	}
	slices.SortFunc(out, func(a, b slot[V]) int { return cmp.Compare(a.hash, b.hash) })
	return out
}

// size is about how many bytes the table takes: a map of Go is three fifths full, with a byte for each place.
func (t table[V]) size() int { return len(t) * 5 * int(unsafe.Sizeof(slot[V]{})+1) / 3 }
