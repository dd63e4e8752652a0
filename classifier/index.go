package classifier

// index numbers the distinct hashes of one document in order of arrival. It is a hash table with open addressing, at
// most half full.
type index struct {
	slots  []uint32 // index in hashes, plus one
	hashes []uint64
}

// find returns the number of a hash, and reports whether it is new.
func (x *index) find(hash uint64) (at int, fresh bool) {
	if 2*len(x.hashes) >= len(x.slots) {
		x.grow()
	}
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s := x.slots[i]; {
		case s == 0:
			x.hashes = append(x.hashes, hash)
			x.slots[i] = uint32(len(x.hashes))
			return len(x.hashes) - 1, true
		case x.hashes[s-1] == hash:
			return int(s - 1), false
		}
	}
}

// clear removes all hashes, and shrinks a table that a long document enlarged.
func (x *index) clear() {
	x.slots, x.hashes = x.slots[:min(len(x.slots), 1024)], x.hashes[:0]
	clear(x.slots)
}

// grow enlarges the table fourfold, to 256 slots at least.
func (x *index) grow() {
	if size := max(256, 4*len(x.slots)); size <= cap(x.slots) {
		x.slots = x.slots[:size]
		clear(x.slots)
	} else {
		x.slots = make([]uint32, size)
	}
	mask := uint64(len(x.slots) - 1)
	for n, hash := range x.hashes {
		i := hash & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = uint32(n) + 1
	}
}
