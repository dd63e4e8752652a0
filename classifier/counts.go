package classifier

import (
	"math"
	"slices"

	"github.com/jbrukh/bayesian"
)

// counts says in how many lessons of each label a token was, and how many there were. The
// library keeps the numbers and nothing else: its scores are not asked for, since they know
// neither smoothing nor documents and are -Inf or NaN on an untaught class.
type counts struct {
	store *bayesian.Classifier
	size  int      // tokens counted
	keys  []string // scratch of learn
}

// tally is a number of lessons for each label.
type tally [labels]uint32

// docsKey counts the lessons themselves. No token's key begins with a zero byte.
const docsKey = "\x00docs"

func newCounts() *counts {
	classes := make([]bayesian.Class, labels)
	for i, name := range labelNames {
		classes[i] = bayesian.Class(name)
	}
	return &counts{store: bayesian.NewClassifier(classes...)}
}

// learn counts a lesson and returns the new tallies of its tokens, then that of the lessons.
func (c *counts) learn(d Document, l Label) []tally {
	class := c.store.Classes[l]
	c.keys = c.keys[:0]
	for _, t := range d.tokens {
		// A key of its own: one that shares the document's memory would keep all of it.
		c.keys = append(c.keys, t.key(d.text))
	}
	c.keys = append(c.keys, docsKey)
	for _, k := range c.keys {
		c.store.Observe(k, 1, class)
	}
	tallies := c.read(c.keys)
	for i := range d.tokens {
		if n := tallies[i]; n[Ham]+n[Spam]+n[HateSpeech]+n[Obscenity]+n[PersonalAttack] == 1 {
			c.size++
		}
	}
	return tallies
}

// read returns the tallies of keys. A share of the class's total comes out of the library, and
// 1e-11 for what it has not seen; multiplied and rounded it is the exact count again.
func (c *counts) read(keys []string) []tally {
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
	return out
}

// all returns every key and its tally, sorted by key.
func (c *counts) all() ([]string, []tally) {
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
	return keys, c.read(keys)
}

// set puts a key back that all returned.
func (c *counts) set(key string, n tally) {
	if key != docsKey {
		c.size++
	}
	for l, count := range n {
		if count > 0 {
			c.store.Observe(key, int(count), c.store.Classes[l])
		}
	}
}
