package classifier

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"

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

// settle adds what the library counted to what was settled before.
func (c *counts) settle() {
	if c.recent == 0 {
		return
	}
	keys, tallies := c.observed()
	out := make([]byte, 0, len(c.settled)+len(c.settled)/4)
	c.keys = 0
	put := func(key string, n tally) {
		out = appendCount(out, key, n)
		c.keys++
	}
	next := 0
	for old := (snapshotReader{b: c.settled}); len(old.b) > 0; {
		key, n := old.entry()
		for ; next < len(keys) && keys[next] < string(key); next++ {
			put(keys[next], tallies[next])
		}
		if next < len(keys) && keys[next] == string(key) {
			for l, more := range tallies[next] {
				n[l] += more
			}
			next++
		}
		put(string(key), n)
	}
	for ; next < len(keys); next++ {
		put(keys[next], tallies[next])
	}
	c.store, c.recent, c.settled = newStore(), 0, bytes.Clone(out)
}

// observed returns every key that the library counted, and its tally, sorted by key. A share of the class's total
// comes out of the library, and 1e-11 for what it has not seen; multiplied and rounded it is the exact count again.
func (c *counts) observed() ([]string, []tally) {
	seen := map[string]bool{}
	var keys []string
	for _, class := range c.store.Classes {
		for k := range c.store.WordsByClass(class) {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	slices.Sort(keys)
	out := make([]tally, len(keys))
	totals := c.store.WordCount()
	for l, shares := range c.store.WordFrequencies(keys) {
		if totals[l] == 0 {
			continue
		}
		for i, share := range shares {
			out[i][l] = uint32(math.Round(share * float64(totals[l])))
		}
	}
	return keys, out
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
