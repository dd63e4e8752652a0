package classifier

import (
	"math"
	"slices"

	"github.com/aitys/aitys/classifier/table"
)

// Parts of a long comment are scored like comments, since spam may hide in harmless words. An excerpt is the worst
// third (for a reason the worst quarter) of the words of a 24-word stretch, with the tokens of shape and author. It
// finds spam woven into a good comment. A window is 16 words in a row, without other tokens. It finds spam between good
// comments. head.logit uses the worst excerpt and the worst window.
const (
	excerptAbove = 12 // words; shorter comments have no excerpts
	excerptSpan  = 24 // words in a stretch
	excerptStep  = 8  // words from one stretch to the next

	windowSpan = 16 // words in a window
	windowStep = 4  // words from one window to the next

	partMargin = 0.75 // nats subtracted from a part's logit
	partSure   = 3    // nats above which a part's logit counts half
)

// parts fills in b.words, b.ranks and b.apart from b.each.
func (h *head) parts(d Document, b *scratch) {
	b.words = slices.Grow(b.words[:0], d.words+1)[:d.words+1]
	clear(b.words)
	b.last = slices.Grow(b.last[:0], len(d.tokens))[:len(d.tokens)]
	clear(b.last)
	for _, p := range d.places {
		// A token that repeats within excerptStep words adds no evidence.
		if before := b.last[p.token]; before == 0 || p.word >= before-1+excerptStep {
			b.last[p.token] = p.word + 1
			b.words[p.word].add(b.each[p.token])
		}
	}
	b.common = sum{}
	for i, at := range b.last {
		if at == 0 {
			b.common.add(b.each[i])
		}
	}
	b.ranks = b.ranks[:0]
	for _, w := range b.words[:d.words] {
		b.ranks = append(b.ranks, h.rank(w))
	}
}

// worstWindow returns the highest logit of a window: of its words alone, without shape and author.
func (h *head) worstWindow(d Document, b *scratch) float64 {
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

// worstExcerpt returns the highest logit of an excerpt.
func (h *head) worstExcerpt(d Document, b *scratch) float64 {
	worst, share := math.Inf(-1), paramsOf(h.label).excerptShare
	for from := 0; ; from += excerptStep {
		to := min(from+excerptSpan, d.words)
		s := b.common
		for _, at := range table.Highest(b.ranks[from:to], (to-from)/share, b.best[:0]) {
			s.add(b.words[from+at])
		}
		worst = max(worst, h.stack.logit(h.scores(s)))
		if to == d.words {
			return worst
		}
	}
}

// rank approximates what a word adds to the logit of an excerpt. It assumes a divisor of 5 for the naive Bayes sum and
// a squared norm of 100.
func (h *head) rank(w sum) float64 {
	in := h.stack.inputs(scores{bayes: w.ratios / 5, regression: w.slopes / 10})
	return h.stack.Weight[0]*in[0] + h.stack.Weight[1]*in[1]
}
