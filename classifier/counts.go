package classifier

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/jbrukh/bayesian"
)

// counts stores, by token name and label, how many counted lessons had a token. Snapshots and Strongest use it. It does
// not take part in judging: each head has its own table of the same counts by hash.
//
// The library stores the newest counts only. Its scores are not used: they have no smoothing, ignore the number of
// lessons, and are -Inf or NaN for an untaught class. Its maps take five times the memory of their content, so compact
// moves the counts into sorted bytes from time to time.
type counts struct {
	store     *bayesian.Classifier // counts since the last compact
	recent    int                  // number of Observe calls on store
	compacted []byte               // keys and tallies in order of key, as in a snapshot
	keys      int                  // number of keys in compacted
}

// tally holds a number of lessons for each label.
type tally [labels]uint32

// docsKey is the key that counts lessons. No token's key begins with a zero byte.
const docsKey = "\x00docs"

// minRecent is the least number of recent counts that learn compacts. It also waits for a quarter of the compacted
// keys.
const minRecent = 1024

func newCounts() counts { return counts{store: newStore()} }

// newStore returns a library classifier with a class for each label.
func newStore() *bayesian.Classifier {
	classes := make([]bayesian.Class, labels)
	for i, name := range labelNames {
		classes[i] = bayesian.Class(name)
	}
	return bayesian.NewClassifier(classes...)
}

// learn counts a lesson.
func (c *counts) learn(d Document, l Label) {
	class := c.store.Classes[l]
	for _, t := range d.tokens {
		// t.key makes a copy. A substring would keep the whole document in memory.
		c.store.Observe(t.key(d.text), 1, class)
	}
	c.store.Observe(docsKey, 1, class)
	if c.recent += len(d.tokens) + 1; c.recent > max(minRecent, c.keys/4) {
		c.compact()
	}
}

// compact merges the library's counts into the sorted bytes and empties the library. It copies unchanged entries in
// whole stretches.
func (c *counts) compact() {
	if c.recent == 0 {
		return
	}
	out := make([]byte, 0, len(c.compacted)+len(c.compacted)/4)
	old := snapshotReader{b: c.compacted}
	for more := c.observations(); len(more) > 0; {
		key := more[0].key
		n, known := old.before(key)
		out = append(out, old.take(uint64(n))...)
		var t tally
		if known {
			_, t = old.entry()
		} else {
			c.keys++
		}
		for ; len(more) > 0 && more[0].key == key; more = more[1:] {
			t[more[0].label] += more[0].n
		}
		out = appendCount(out, key, t)
	}
	c.store, c.recent, c.compacted = newStore(), 0, bytes.Clone(append(out, old.b...)) // without spare capacity
}

// An observation is the library's count of a key for one label.
type observation struct {
	key   string
	label int
	n     uint32
}

// observations returns the library's counts, sorted by key. The library returns shares of a class's total; multiplied
// by the total and rounded, they are the exact counts.
func (c *counts) observations() []observation {
	all := make([]observation, 0, c.recent)
	for l, total := range c.store.WordCount() {
		if total == 0 {
			continue
		}
		for key, share := range c.store.WordsByClass(c.store.Classes[l]) {
			all = append(all, observation{key, l, uint32(math.Round(share * float64(total)))})
		}
	}
	slices.SortFunc(all, func(a, b observation) int { return strings.Compare(a.key, b.key) })
	return all
}

// appendCount appends an entry: the length of the key, the key, and the count of each label, numbers as uvarints.
func appendCount(b []byte, key string, n tally) []byte {
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	for _, count := range n {
		b = binary.AppendUvarint(b, uint64(count))
	}
	return b
}

// entry reads an entry that appendCount wrote.
func (r *snapshotReader) entry() (key []byte, n tally) {
	key = r.take(r.uvarint())
	for l := range n {
		n[l] = uint32(r.uvarint())
	}
	return key, n
}

// before returns the number of bytes of the entries before a key, and reports whether the key follows them.
func (r *snapshotReader) before(key string) (at int, known bool) {
	for at < len(r.b) {
		size, n := uint64(r.b[at]), 1
		if size >= 0x80 {
			size, n = binary.Uvarint(r.b[at:])
		}
		next := at + n + int(size)
		if got := r.b[at+n : next]; string(got) >= key {
			return at, string(got) == key
		}
		for left := labels; left > 0; next++ { // the last byte of a uvarint is below 0x80
			if r.b[next] < 0x80 {
				left--
			}
		}
		at = next
	}
	return at, false
}
