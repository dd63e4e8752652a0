package classifier

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/jbrukh/bayesian"

	"github.com/aitys/aitys/classifier/table"
)

// tally holds a number for each label.
type tally [labels]uint32

// counts stores how many lessons of each label had a token. It omits near-duplicates and 4-grams. Multinomial naive
// Bayes and Evidence use it. A fork shares its memory with the original.
type counts struct {
	tokens  table.Table[tokenCount] // by hash
	lessons tally                   // lessons counted
	words   tally                   // sums of the counts of all tokens, without pairs
	keys    []byte                  // the keys of all tokens, each after its length, in order of arrival
	ratios  *sync.Map               // results of logRatio, by spamHam; replaced when a count changes
}

// tokenCount holds the counts of a token, and the place of its key in counts.keys.
type tokenCount struct {
	lessons tally
	key     uint32
}

func newCounts() counts { return counts{tokens: table.New[tokenCount](), ratios: new(sync.Map)} }

func (c *counts) fork() counts {
	forked := *c
	forked.tokens, forked.ratios = c.tokens.Fork(), new(sync.Map)
	return forked
}

// learn counts a lesson.
func (c *counts) learn(d Document, l Label) {
	c.lessons[l]++
	c.ratios = new(sync.Map)
	var one tally
	one[l] = 1
	for _, t := range d.tokens {
		if t.kind != kindGram {
			c.add(t.kind, t.hash, func() string { return t.key(d.text) }, one)
		}
	}
}

// add adds n to the counts of a token. key is called for a new token.
func (c *counts) add(of kind, hash uint64, key func() string, n tally) {
	f := c.tokens.At(hash)
	if f.lessons == (tally{}) {
		k := key()
		f.key = uint32(len(c.keys))
		c.keys = append(binary.AppendUvarint(c.keys, uint64(len(k))), k...)
	}
	for l, more := range n {
		f.lessons[l] += more
		if !overlaps(of) {
			c.words[l] += more
		}
	}
}

// keyOf returns the key of a token.
func (c *counts) keyOf(t tokenCount) string {
	size, n := binary.Uvarint(c.keys[t.key:])
	from := int(t.key) + n
	return string(c.keys[from : from+int(size)])
}

// countScale is the inverse of the pseudocount that each token has in each label: a count of n lessons is 20·n+1
// observations for the library, which counts in whole numbers.
const countScale = 20

// logRatios returns ln P(t|spam) − ln P(t|ham) in nats for each token t of a document, in the memory of into. It
// returns 0 for a token that no lesson of spam or ham had, for pairs and 4-grams, which would count each word several
// times, and for all tokens until both labels were taught.
func (c *counts) logRatios(d Document, into []float64) []float64 {
	into = slices.Grow(into[:0], len(d.tokens))[:len(d.tokens)]
	clear(into)
	if c.words[Spam] == 0 || c.words[Ham] == 0 {
		return into
	}
	for i, t := range d.tokens {
		if overlaps(t.kind) {
			continue
		}
		known, _ := c.tokens.Get(t.hash)
		if n := (spamHam{known.lessons[Spam], known.lessons[Ham]}); n != (spamHam{}) {
			into[i] = c.logRatio(n)
		}
	}
	return into
}

// spamHam holds the numbers of lessons of spam and of ham that had a token.
type spamHam [2]uint32

// logRatio returns ln P(t|spam) − ln P(t|ham) for a token with counts n. It stores the result in ratios.
//
// The probabilities are the LogScores of jbrukh/bayesian, without its class prior. The library is given the token and
// one word for all others, which gives the same scores as a classifier of all tokens. That classifier could not be read
// while it learns, and its maps would take five times the memory. The library knows the word that it is asked about, so
// its constant for unknown words is never used; and the logarithm of a single word does not underflow.
func (c *counts) logRatio(n spamHam) float64 {
	if known, ok := c.ratios.Load(n); ok {
		return known.(float64)
	}
	library := bayesian.NewClassifier("spam", "ham")
	for i, label := range [...]Label{Spam, Ham} {
		observed := countScale*int(n[i]) + 1
		library.Observe("token", observed, library.Classes[i])
		library.Observe("others", countScale*int(c.words[label])+c.tokens.Len()-observed, library.Classes[i])
	}
	score, _, _ := library.LogScores([]string{"token"})
	prior, _, _ := library.LogScores(nil)
	ratio := score[0] - score[1] - (prior[0] - prior[1])
	c.ratios.Store(n, ratio)
	return ratio
}

// overlaps reports whether tokens of a kind repeat words that are tokens, too.
func overlaps(k kind) bool { return k == kindPair || k == kindGram }
