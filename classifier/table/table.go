// Package table holds what a model knows of each token. It knows no tokens but by their hashes.
package table

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"unsafe"
)

// A Table holds values by the hash of a token, in pages. A fork shares its pages until it writes to them, so that
// those who read a table never wait for those who write the next one.
type Table[V any] struct {
	pages  []page[V] // each has the hashes that begin with its number, in so many bits
	owners []owner
	bits   int
	n      int
	era    uint32 // how often it was forked
}

// A page has its slots where their hashes say, or after it: the further from there go first (robin hood hashing). Some
// are free.
type page[V any] []slot[V]

// A slot has its hash in halves, to be no larger than it need be; a free one has none.
type slot[V any] struct {
	value     V
	low, high uint32
}

// An owner says of a page how many of its slots are taken, and which table may write to it: others copy it first.
type owner struct{ taken, era uint32 }

// pageSlots is how many values a page has at most, on average.
const pageSlots = 32

// New returns an empty table.
func New[V any]() Table[V] { return Table[V]{pages: make([]page[V], 1), owners: make([]owner, 1)} }

// Fork returns a copy that may be written. The table itself must not be any more.
func (t *Table[V]) Fork() Table[V] {
	c := *t
	c.pages, c.owners = slices.Clone(t.pages), slices.Clone(t.owners)
	c.era++
	return c
}

// Len is how many values there are.
func (t *Table[V]) Len() int { return t.n }

// Get returns the value of a hash, which is not 0, and whether there is one.
func (t *Table[V]) Get(hash uint64) (v V, found bool) {
	p := t.pages[hash>>(64-t.bits)]
	at, found := p.find(hash, t.bits)
	if found {
		v = p[at].value
	}
	return v, found
}

// At returns the value of a hash, which is not 0, for writing: a new one, zero, if there was none. The next call may
// move it.
func (t *Table[V]) At(hash uint64) *V {
	i := hash >> (64 - t.bits)
	at, found := t.pages[i].find(hash, t.bits)
	if !found && t.n >= pageSlots<<t.bits {
		t.split()
		return t.At(hash)
	}
	own := &t.owners[i]
	if full := 8*int(own.taken+1) > 7*len(t.pages[i]); own.era != t.era || full && !found {
		if own.era = t.era; full && !found {
			t.pages[i] = t.pages[i].roomy(int(own.taken), t.bits)
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

// split makes two pages of each.
func (t *Table[V]) split() {
	old := t.pages
	t.bits++
	t.pages, t.owners = make([]page[V], 2*len(old)), make([]owner, 2*len(old))
	t.n = 0
	for i := range t.owners {
		t.owners[i].era = t.era
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

// home is the slot of so many where a hash should be: its bits after those of its page are spread evenly.
func home(hash uint64, bit, slots int) int {
	at, _ := bits.Mul64(hash<<bit, uint64(slots))
	return int(at)
}

// find returns where a hash is, or where it would be.
func (p page[V]) find(hash uint64, bit int) (at int, found bool) {
	if len(p) == 0 {
		return 0, false
	}
	at = home(hash, bit, len(p))
	for far := 0; ; far++ {
		switch other := p[at].hash(); {
		case other == hash:
			return at, true
		case other == 0 || p.far(other, at, bit) < far:
			return at, false
		}
		if at++; at == len(p) {
			at = 0
		}
	}
}

// far is how far a hash stands from its home.
func (p page[V]) far(hash uint64, at, bit int) int {
	if at -= home(hash, bit, len(p)); at < 0 {
		at += len(p)
	}
	return at
}

// insert puts a slot in and returns where. There is a free one.
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
		if less := p.far(other, at, bit); less < far {
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

// roomy returns a copy that has room for some more.
func (p page[V]) roomy(taken, bit int) page[V] {
	c := slices.Grow(page[V](nil), 2+taken*4/3)
	c = c[:cap(c)]
	for _, s := range p {
		if s.hash() != 0 {
			c.insert(s, bit)
		}
	}
	return c
}

// All yields what is in the table in order of hash.
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

// Size is about how many bytes the table takes.
func (t *Table[V]) Size() int {
	const page = int(unsafe.Sizeof(page[V]{}) + unsafe.Sizeof(owner{}))
	return len(t.pages)*page + t.n*int(unsafe.Sizeof(slot[V]{}))*5/4
}
