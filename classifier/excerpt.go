package classifier

import (
	"math"
	"slices"

	"github.com/aitys/aitys/classifier/table"
)

// Spam hides among good words, before, after and between its own. An excerpt is the worst
// third or quarter of the words of a stretch of text, against what is woven into a good comment; a window is
// some words in a row, against good comments put before and after. The worst of either is judged as
// well as the whole. Comments short enough to be read at a glance have none.
const (
	excerptAbove = 12 // words
	excerptSpan  = 24
	excerptStep  = 8

	windowSpan = 16
	windowStep = 4

	partMargin = 0.75 // nats by which a part must be worse than the whole to count
	partSure   = 3    // nats above which it counts half
)

// parts fills in b.words, b.ranks and b.apart. b.each is filled in.
func (h *head) parts(d Document, b *bench) {
	b.words = slices.Grow(b.words[:0], d.words+1)[:d.words+1]
	clear(b.words)
	b.last = slices.Grow(b.last[:0], len(d.tokens))[:len(d.tokens)]
	clear(b.last)
	for _, p := range d.places {
		// Said again at once it says nothing new.
		if before := b.last[p.token]; before == 0 || p.word >= before-1+excerptStep {
			b.last[p.token] = p.word + 1
			b.words[p.word].add(b.each[p.token])
		}
	}
	b.apart = sum{}
	for i, at := range b.last {
		if at == 0 {
			b.apart.add(b.each[i])
		}
	}
	b.ranks = b.ranks[:0]
	for _, w := range b.words[:d.words] {
		b.ranks = append(b.ranks, h.rank(w))
	}
}

// worstWindow returns the logit of the worst window: of its words alone, without shape and writer.
func (h *head) worstWindow(d Document, b *bench) float64 {
	worst := math.Inf(-1)
	for from := 0; ; from += windowStep {
		to := min(from+windowSpan, d.words)
		var s sum
		for _, w := range b.words[from:to] {
			s.add(w)
		}
		worst = max(worst, h.stack.logit(h.scores(s)))
		if to == d.words {
			return worst
		}
	}
}

// worstExcerpt returns the logit of the worst excerpt.
func (h *head) worstExcerpt(d Document, b *bench) float64 {
	worst, share := math.Inf(-1), habitsOf(h.label).excerptShare
	for from := 0; ; from += excerptStep {
		to := min(from+excerptSpan, d.words)
		s := b.apart
		for _, at := range table.Highest(b.ranks[from:to], (to-from)/share, b.best[:0]) {
			s.add(b.words[from+at])
		}
		worst = max(worst, h.stack.logit(h.scores(s)))
		if to == d.words {
			return worst
		}
	}
}

// rank is about what a word adds to the logit of an excerpt, which has some ten counted tokens
// for each of its words and a loudness of a hundred.
func (h *head) rank(w sum) float64 {
	in := h.stack.inputs(scores{counted: w.ratios / 5, learned: w.slopes / 10})
	return h.stack.Weight[0]*in[0] + h.stack.Weight[1]*in[1]
}
