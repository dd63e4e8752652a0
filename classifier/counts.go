package classifier

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/jbrukh/bayesian"
)

// counts says in how many lessons of each label a token was, and how many there were. The
// library counts the newest lessons and nothing else: its scores are not asked for, since they know
// neither smoothing nor documents and are -Inf or NaN on an untaught class. Its maps take five times
// the memory of what is in them: now and then that is settled.
type counts struct {
	store   *bayesian.Classifier // what was counted since
	recent  int                  // how often it counted
	settled []byte               // keys and tallies in order of key, as in a snapshot
	keys    int                  // in settled
}

// tally is a number of lessons for each label.
type tally [labels]uint32

// docsKey counts the lessons themselves. No token's key begins with a zero byte.
const docsKey = "\x00docs"

// The library's counts are settled when there are so many, and a quarter as many as keys that were settled.
const leastRecent = 1024

func newCounts() counts { return counts{store: newStore()} }

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
		// A key of its own: one that shares the document's memory would keep all of it.
		c.store.Observe(t.key(d.text), 1, class)
	}
	c.store.Observe(docsKey, 1, class)
	if c.recent += len(d.tokens) + 1; c.recent > max(leastRecent, c.keys/4) {
		c.settle()
	}
}

// settle adds what the library counted to what was settled before. Of that most is as it was, and is copied as it
// stands.
func (c *counts) settle() {
	if c.recent == 0 {
		return
	}
	out := make([]byte, 0, len(c.settled)+len(c.settled)/4)
	old := snapshotReader{b: c.settled}
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
	c.store, c.recent, c.settled = newStore(), 0, bytes.Clone(append(out, old.b...)) // it is kept for long
}

// An observation is in how many lessons of a label the library counted a token.
type observation struct {
	key   string
	label int
	n     uint32
}

// observations returns what the library counted, sorted by key. A share of the class's total comes out of the library:
// multiplied and rounded it is the exact count again.
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

func appendCount(b []byte, key string, n tally) []byte {
	b = binary.AppendUvarint(b, uint64(len(key)))
	b = append(b, key...)
	for _, count := range n {
		b = binary.AppendUvarint(b, uint64(count))
	}
	return b
}

// entry reads what appendCount wrote.
func (r *snapshotReader) entry() (key []byte, n tally) {
	key = r.take(r.uvarint())
	for l := range n {
		n[l] = uint32(r.uvarint())
	}
	return key, n
}

// before is how many bytes of whole entries come before a key, or its place, and whether it is there.
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
		for left := labels; left > 0; next++ { // the last byte of a number is below 0x80
			if r.b[next] < 0x80 {
				left--
			}
		}
		at = next
	}
	return at, false
}
