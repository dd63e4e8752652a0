// Package table holds the data structures and formulas of package classifier that do not depend on tokens: a persistent
// hash table keyed by token hashes, hashing, 4-grams, smoothed log ratios, and MinHash fingerprints. It is pure.
package table

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"unsafe"
)

// A Table maps the hashes of tokens to values, in pages with copy-on-write. A fork shares the pages until it writes to
// them. So readers of a table never wait for the writer of its fork.
type Table[V any] struct {
	pages      []page[V] // by the first bits of a hash
	owners     []owner   // by page
	bits       int       // log2 of the number of pages
	n          int       // number of values
	generation uint32    // generation: the number of forks before
}

// A page is a hash table with Robin Hood hashing: linear probing, in which a value far from its home slot displaces a
// nearer one. At most 7/8 of the slots are used.
type page[V any] []slot[V]

// A slot holds its hash in halves, which avoids padding. The hash of a free slot is 0.
type slot[V any] struct {
	value     V
	low, high uint32
}

// An owner holds a page's number of used slots, and the generation of the table that may write to the page. A table of
// another generation copies the page first.
type owner struct{ taken, generation uint32 }

// pageSlots is the maximum average number of values in a page.
const pageSlots = 32

// New returns an empty table.
func New[V any]() Table[V] { return Table[V]{pages: make([]page[V], 1), owners: make([]owner, 1)} }

// Fork returns a writable copy. The original must not be written any more.
func (t *Table[V]) Fork() Table[V] {
	c := *t
	c.pages, c.owners = slices.Clone(t.pages), slices.Clone(t.owners)
	c.generation++
	return c
}

// Len returns the number of values.
func (t *Table[V]) Len() int { return t.n }

// Get returns the value of a hash, and reports whether there is one. The hash must not be 0.
func (t *Table[V]) Get(hash uint64) (v V, found bool) {
	p := t.pages[hash>>(64-t.bits)]
	at, found := p.find(hash, t.bits)
	if found {
		v = p[at].value
	}
	return v, found
}

// At returns a pointer to the value of a hash for writing. It inserts a zero value if there is none. The pointer is
// valid until the next call. The hash must not be 0.
func (t *Table[V]) At(hash uint64) *V {
	i := hash >> (64 - t.bits)
	at, found := t.pages[i].find(hash, t.bits)
	if !found && t.n >= pageSlots<<t.bits {
		t.split()
		return t.At(hash)
	}
	own := &t.owners[i]
	if full := 8*int(own.taken+1) > 7*len(t.pages[i]); own.generation != t.generation || full && !found {
		if own.generation = t.generation; full && !found {
			t.pages[i] = t.pages[i].enlarged(int(own.taken), t.bits)
		} else {
			t.pages[i] = slices.Clone(t.pages[i])
		}
	}
	if !found {
		at = t.pages[i].insert(slot[V]{low: uint32(hash), high: uint32(hash >> 32)}, t.bits)
		own.taken++
		t.n++
	}
	return &t.pages[i][at].value
}

// split doubles the number of pages.
func (t *Table[V]) split() {
	old := t.pages
	t.bits++
	t.pages, t.owners = make([]page[V], 2*len(old)), make([]owner, 2*len(old))
	t.n = 0
	for i := range t.owners {
		t.owners[i].generation = t.generation
	}
	for _, p := range old {
		for _, s := range p {
			if hash := s.hash(); hash != 0 {
				*t.At(hash) = s.value
			}
		}
	}
}

func (s *slot[V]) hash() uint64 { return uint64(s.low) | uint64(s.high)<<32 }

// home returns the preferred slot of a hash in a page. It skips the first bits of the hash, which choose the page.
func home(hash uint64, bit, slots int) int {
	at, _ := bits.Mul64(hash<<bit, uint64(slots))
	return int(at)
}

// find returns the slot of a hash, or the slot where it belongs, and reports whether it is there.
func (p page[V]) find(hash uint64, bit int) (at int, found bool) {
	if len(p) == 0 {
		return 0, false
	}
	at = home(hash, bit, len(p))
	for far := 0; ; far++ {
		switch other := p[at].hash(); {
		case other == hash:
			return at, true
		case other == 0 || p.distance(other, at, bit) < far:
			return at, false
		}
		if at++; at == len(p) {
			at = 0
		}
	}
}

// distance returns the distance of the hash in slot at from its home slot.
func (p page[V]) distance(hash uint64, at, bit int) int {
	if at -= home(hash, bit, len(p)); at < 0 {
		at += len(p)
	}
	return at
}

// insert inserts s and returns its index. The page must have a free slot.
func (p page[V]) insert(s slot[V], bit int) int {
	first := -1
	at := home(s.hash(), bit, len(p))
	for far := 0; ; far++ {
		other := p[at].hash()
		if other == 0 {
			if p[at] = s; first < 0 {
				first = at
			}
			return first
		}
		if less := p.distance(other, at, bit); less < far {
			p[at], s = s, p[at]
			if far = less; first < 0 {
				first = at
			}
		}
		if at++; at == len(p) {
			at = 0
		}
	}
}

// enlarged returns a copy with more free slots.
func (p page[V]) enlarged(taken, bit int) page[V] {
	c := slices.Grow(page[V](nil), 2+taken*4/3)
	c = c[:cap(c)]
	for _, s := range p {
		if s.hash() != 0 {
			c.insert(s, bit)
		}
	}
	return c
}

// All returns an iterator over the hashes and values, in order of hash.
func (t *Table[V]) All() iter.Seq2[uint64, V] {
	return func(yield func(uint64, V) bool) {
		var sorted page[V]
		for _, p := range t.pages {
			sorted = slices.DeleteFunc(append(sorted[:0], p...), func(s slot[V]) bool { return s.hash() == 0 })
			slices.SortFunc(sorted, func(a, b slot[V]) int { return cmp.Compare(a.hash(), b.hash()) })
			for _, s := range sorted {
				if !yield(s.hash(), s.value) {
					return
				}
			}
		}
	}
}

// Size returns the approximate size of the table in memory, in bytes.
func (t *Table[V]) Size() int {
	const page = int(unsafe.Sizeof(page[V]{}) + unsafe.Sizeof(owner{}))
	return len(t.pages)*page + t.n*int(unsafe.Sizeof(slot[V]{}))*5/4
}
