package classifier

import (
	"math"
	"slices"
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

// A head separates lessons of one label from ham, by two naive Bayes scores, a logistic regression over the same
// tokens, and a stack of all three.
type head struct {
	label     Label
	features  table.Table[feature]
	stack     stack
	excerpt   calibrator
	language  languageStats // spam's head only
	shown     calibrator    // calibrates the logit
	learned   [2]float64    // lessons learned, of ham and of the label
	recent    [2]float64    // running shares of ham and of the label among them, see fade
	predicted [2]float64    // lessons predicted before they were learned, of ham and of the label
}

func newHead(l Label) head {
	return head{label: l, features: table.New[feature](), stack: newStack(l),
		excerpt: newExcerptCalibrator(), shown: newShownCalibrator()}
}

// params are the hyperparameters that differ between spam's head and the heads of reasons. Each set was best on
// comments of its kind: spam is long and hides, while an insult is a few words that also occur in serious comments.
type params struct {
	*table.Smoothing
	power        float64 // a naive Bayes sum is divided by its tokens' weight to this power
	gram         float64 // weight of a 4-gram; it overlaps the next one and a word
	excerptShare int     // an excerpt has one word of this many
	fullAfter    float64 // predicted lessons of the other class from which stack and calibrators learn in full
}

var (
	spamParams   = params{table.NewSmoothing(0.2, 0.5), 0.8, 0.5, 3, 3}
	reasonParams = params{table.NewSmoothing(0.5, 1), 0.7, 1, 4, 0}
)

func paramsOf(l Label) *params {
	if l == Spam {
		return &spamParams
	}
	return &reasonParams
}

// scores are the scores of a text in nats, positive for the label: of multinomial naive Bayes over all lessons (0 for
// reasons), of naive Bayes over the hard ones, and of the regression.
type scores [3]float64

// sum accumulates what tokens add to the scores.
type sum struct {
	library, libraryWeight float64 // Σ v·ratio by the library, and Σ v of these tokens; spam's head only
	ratio, ratioWeight     float64 // Σ v·ratio by hard lessons, and Σ v of these tokens
	slope, squaredNorm     float64 // Σ w·x and Σ x²
}

func (s *sum) add(o sum) {
	s.library += o.library
	s.libraryWeight += o.libraryWeight
	s.ratio += o.ratio
	s.ratioWeight += o.ratioWeight
	s.slope += o.slope
	s.squaredNorm += o.squaredNorm
}

// scores returns the scores of tokens by their sum. Dividing by a power below 1 of the tokens' weight keeps long texts
// from being certain, since their tokens are not independent.
func (h *head) scores(s sum) (z scores) {
	power := paramsOf(h.label).power
	if s.libraryWeight > 0 {
		z[0] = s.library / math.Pow(s.libraryWeight, power)
	}
	if s.ratioWeight > 0 {
		z[1] = s.ratio / math.Pow(s.ratioWeight, power)
	}
	if s.squaredNorm > 0 {
		z[2] = s.slope / math.Sqrt(s.squaredNorm)
	}
	return z
}

// prediction is a head's output for a document.
type prediction struct {
	scores
	whole   float64 // logit of the whole document, with the prior
	excerpt float64 // logit of the worst excerpt
	long    bool    // the document has excerpts

	familiarity // spam's head only
}

// logit returns the logit of the whole, or of the worst excerpt if it is higher after calibration and excerptMargin.
func (h *head) logit(v prediction) float64 {
	if v.long {
		return max(v.whole, h.excerpt.logit(v.excerpt)-excerptMargin)
	}
	return v.whole
}

// scratch is the reused memory of one prediction.
type scratch struct {
	each   []sum     // by token
	words  []sum     // by word: its tokens
	common sum       // tokens outside words: shape and author; every excerpt has them
	last   []uint32  // by token: the number of the last word with it, plus one
	ranks  []float64 // by word, see head.rank
	best   [excerptSpan]int
}

var scratchPool = sync.Pool{New: func() any { return new(scratch) }}

// fewKnown is the weight K of hard tokens at which spam's stack counts half: K/(K+fewKnown).
const fewKnown = 2

// predict returns the head's prediction. known and ratios are the features of the document's tokens and
// their logRatios, hard the numbers of hard lessons, prior the logit that is added.
func (h *head) predict(d Document, known []feature, ratios []float64, hard tally, prior float64) (v prediction) {
	b := scratchPool.Get().(*scratch)
	defer scratchPool.Put(b)
	b.each = b.each[:0]
	own := paramsOf(h.label)
	odds := own.Odds(hard[h.label], hard[Ham])
	var all sum
	for i, t := range d.tokens {
		x := featureValue[t.kind]
		f := &known[i]
		if h.label == Spam {
			v.familiarity.add(t, f)
		}
		weight := 1.0
		switch t.kind {
		case kindGram:
			weight = own.gram
		case kindHasWebsite:
			weight = websiteWeight
		}
		s := sum{squaredNorm: x * x, slope: float64(f.weight) * x}
		if h.label == Spam && ratios[i] != 0 {
			s.library, s.libraryWeight = weight*ratios[i], weight
		}
		if f.yes+f.no > 0 {
			s.ratio, s.ratioWeight = weight*odds.Ratio(f.yes, f.no), weight
		}
		all.add(s)
		b.each = append(b.each, s)
	}
	v.scores = h.scores(all)
	v.whole = h.stack.logit(v.scores)
	if h.label == Spam {
		v.whole = v.whole*all.ratioWeight/(all.ratioWeight+fewKnown) + prior
	}
	if v.long = d.words > excerptAbove; v.long {
		v.excerpt = h.worstExcerpt(d, b)
	}
	return v
}

// Excerpts of a long comment are scored like comments, since spam may hide in harmless words. An excerpt is the worst
// third (for a reason the worst quarter) of the words of a 24-word stretch, with the tokens of shape and author.
const (
	excerptAbove  = 12  // words; shorter comments have no excerpts
	excerptSpan   = 24  // words in a stretch
	excerptStep   = 8   // words from one stretch to the next
	excerptMargin = 0.4 // nats subtracted from an excerpt's logit
)

// worstExcerpt returns the highest logit of an excerpt. b.each has the sums of the tokens.
func (h *head) worstExcerpt(d Document, b *scratch) float64 {
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

// rank approximates what a word adds to the logit of an excerpt. It assumes a divisor of 5 for the naive Bayes sums and
// a squared norm of 100.
func (h *head) rank(w sum) float64 {
	return h.stack.logit(scores{w.library / 5, w.ratio / 5, w.slope / 10})
}

// stack joins the scores into one logit. It is a logistic regression over them, trained on scores from before each
// lesson was learned: stacked generalization (Wolpert, 1992).
type stack struct {
	Weight  [4]float64 // of the scores, and the constant
	Square  [4]float64 // sums of squared gradients (AdaGrad)
	Scale   [3]float64 // running means of the absolute scores
	Lessons float64    // lessons learned
}

const (
	stackRate  = 0.13 // AdaGrad's learning rate
	gainRate   = 0.06 // learning rate of the common factor of the weights
	scaleSpan  = 1000 // lessons in the running means
	leastScale = 0.2  // minimum scale: the first comments may have no known words
)

// newStack returns the initial stack of a label's head. The first score starts low, because it is too sure after few
// lessons. Reasons do not have it.
func newStack(l Label) stack {
	if l == Spam {
		return stack{Weight: [4]float64{0.2, 0.4, 0.4, 0}}
	}
	return stack{Weight: [4]float64{0, 0.5, 0.5, 0}}
}

// inputs returns the scores divided by their scales, and the constant 1. A score without a scale is not divided.
func (s *stack) inputs(z scores) [4]float64 {
	in := [4]float64{z[0], z[1], z[2], 1}
	for i, scale := range s.Scale {
		if scale > 0 {
			in[i] /= max(scale, leastScale)
		}
	}
	return in
}

// weighted returns the weighted sum of the scores, without the constant.
func (s *stack) weighted(in [4]float64) float64 {
	return s.Weight[0]*in[0] + s.Weight[1]*in[1] + s.Weight[2]*in[2]
}

// logit returns the joined logit.
func (s *stack) logit(z scores) float64 { return s.weighted(s.inputs(z)) + s.Weight[3] }

// learn updates the scales and takes one gradient step towards the label y, 0 or 1. rate, from 0 to 1, scales the step.
func (s *stack) learn(z scores, y, rate float64) {
	s.Lessons++
	for i, score := range z {
		s.Scale[i] += (math.Abs(score) - s.Scale[i]) / min(s.Lessons, scaleSpan)
	}
	in := s.inputs(z)
	pull := table.Sigmoid(s.logit(z)) - y
	// Scale up all weights when the scores agree with the label, even before both classes were predicted. This is a
	// gradient step on the logarithm of their common factor.
	gain := math.Exp(-gainRate * (1 - rate) * pull * s.weighted(in))
	pull *= rate
	for i, x := range in {
		if i < len(z) {
			s.Weight[i] *= gain
		}
		g := pull * x
		s.Square[i] += g * g
		s.Weight[i] -= stackRate * g / math.Sqrt(s.Square[i]+1e-8)
		if i < len(z) {
			s.Weight[i] = max(s.Weight[i], 0)
		}
	}
}

// priorLessons is the number of lessons of each class at which the prior has half of its initial weight.
const priorLessons = 4

// prior returns the prior logit of a document, faded by the number of lessons. It is 0 for the heads of reasons.
func (s *state) prior(h *head, d Document) float64 {
	if h.label != Spam {
		return 0
	}
	return d.prior * priorLessons / (priorLessons + s.minLessons())
}
