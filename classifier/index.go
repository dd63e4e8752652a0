package classifier

// tokenIndex finds the tokens of one document by hash: open addressing, at most half full.
type tokenIndex struct {
	slots []uint32 // place in tokens, plus one
	used  int
}

// find returns the place of the token with hash, which is len(tokens) when it is fresh and
// must then be appended.
func (x *tokenIndex) find(hash uint64, tokens []token) (at int, fresh bool) {
	if 2*x.used >= len(x.slots) {
		x.grow(tokens)
	}
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s := x.slots[i]; {
		case s == 0:
			x.slots[i] = uint32(len(tokens)) + 1
			x.used++
			return len(tokens), true
		case tokens[s-1].hash == hash:
			return int(s - 1), false
		}
	}
}

// clear forgets all, and gives up what only long comments need.
func (x *tokenIndex) clear() {
	x.slots, x.used = x.slots[:min(len(x.slots), 1024)], 0
	clear(x.slots)
}

func (x *tokenIndex) grow(tokens []token) {
	if size := max(256, 4*len(x.slots)); size <= cap(x.slots) {
		x.slots = x.slots[:size]
		clear(x.slots)
	} else {
		x.slots = make([]uint32, size)
	}
	mask := uint64(len(x.slots) - 1)
	for n, t := range tokens {
		i := t.hash & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = uint32(n) + 1
	}
}
