package classifier

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

const (
	slopeRate = 0.4  // AdaGrad's learning rate of the regression weights
	biasRate  = 0.02 // learning rate of the bias
	fewKnown  = 2    // K at which spam's stack counts half: K/(K+fewKnown)
)

// featureValue is x, the value of a feature in the regression, by kind. Rare kinds have higher values: a comment has a
// hundred 4-grams for one host.
var featureValue = func() (x [256]float64) {
	for i := range x {
		x[i] = 1
	}
	x[kindWord] = 1.3
	x[kindTrait] = 1.4
	for _, k := range []kind{kindHost, kindDomain, kindTLD, kindPath} {
		x[k] = 1.5
	}
	x[kindHasWebsite] = math.Sqrt(websiteWeight)
	return x
}()

// websiteWeight is the weight of the trait that the author gave a website, in tokens. A link in the text adds about as
// many words and 4-grams that other links share. A website in its own field adds none.
const websiteWeight = 16

// A head separates lessons of one label from ham, by naive Bayes, a logistic regression over the same tokens, and a
// stack of both.
type head struct {
	label     Label
	features  table.Table[feature]
	bias      float64
	stack     stack
	excerpt   calibrator
	window    calibrator
	language  languageStats // spam's head only
	shown     calibrator    // spam's head only: calibrates the logit
	predicted [2]float64    // lessons predicted before they were learned, of ham and of the label
}

// feature holds the state of a token in a head: the numbers of counted lessons of the label and of ham that had it, the
// regression weight, and the sum of squared gradients. The number of ham lessons is only in spam's head.
type feature struct {
	yes, no        uint32
	weight, square float32
}

func newHead(l Label) head {
	return head{label: l, features: table.New[feature](), stack: newStack(),
		excerpt: newPartCalibrator(), window: newPartCalibrator(), shown: newShownCalibrator()}
}

// scores are the scores of naive Bayes and of the regression.
type scores struct{ bayes, regression float64 }

// prediction is a head's output for a document.
type prediction struct {
	scores
	whole   float64 // logit of the whole document, with the prior
	excerpt float64 // logit of the worst excerpt
	window  float64 // logit of the worst window
	long    bool    // the document has excerpts
	wide    bool    // the document has windows

	familiarity // spam's head only
}

// logit returns the logit of the whole, or of the worst part if it is higher after calibration and partMargin.
func (h *head) logit(v prediction) float64 {
	z := v.whole
	if v.long {
		z = max(z, damp(h.excerpt.logit(v.excerpt)-partMargin))
	}
	if v.wide {
		z = max(z, damp(h.window.logit(v.window)-partMargin))
	}
	return z
}

// damp halves a part's logit above partSure, so that no part makes the whole certain.
func damp(z float64) float64 {
	if z <= partSure {
		return z
	}
	return partSure + (z-partSure)/2
}

// sum adds up tokens.
type sum struct {
	ratios      float64 // Σ v·ratio of the counted tokens
	slopes      float64 // Σ w·x
	squaredNorm float64 // Σ x²
	known       float64 // K = Σ v of the counted tokens
}

func (s *sum) add(o sum) {
	s.ratios += o.ratios
	s.slopes += o.slopes
	s.squaredNorm += o.squaredNorm
	s.known += o.known
}

// scores returns the scores of tokens by their sum.
func (h *head) scores(s sum) (z scores) {
	if s.known > 0 {
		z.bayes = s.ratios / math.Pow(s.known, paramsOf(h.label).power)
	}
	z.regression = h.bias
	if s.squaredNorm > 0 {
		z.regression += s.slopes / math.Sqrt(s.squaredNorm)
	}
	return z
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

// predict returns the head's prediction. known are the features of the document's tokens, docs the numbers of counted
// lessons, guess the prior logit that is added.
func (h *head) predict(d Document, known []feature, docs tally, guess float64) (v prediction) {
	b := scratchPool.Get().(*scratch)
	defer scratchPool.Put(b)
	b.each = b.each[:0]
	own := paramsOf(h.label)
	odds := own.Odds(docs[h.label], docs[Ham])
	var all sum
	for i, t := range d.tokens {
		x := featureValue[t.kind]
		f := &known[i]
		if h.label == Spam {
			v.familiarity.add(t, f)
		}
		s := sum{squaredNorm: x * x, slopes: float64(f.weight) * x}
		if f.yes+f.no > 0 {
			s.known = 1
			switch t.kind {
			case kindGram:
				s.known = own.gram
			case kindHasWebsite:
				s.known = websiteWeight
			}
			s.ratios = s.known * odds.Ratio(f.yes, f.no)
		}
		all.add(s)
		b.each = append(b.each, s)
	}
	v.scores = h.scores(all)
	v.whole = h.stack.logit(v.scores)
	if h.label == Spam {
		v.whole = v.whole*all.known/(all.known+fewKnown) + guess
	}
	if v.long = d.words > excerptAbove; v.long {
		h.parts(d, b)
		v.excerpt = h.worstExcerpt(d, b)
	}
	if v.wide = d.words > own.windowAbove; v.wide {
		v.window = h.worstWindow(d, b)
	}
	return v
}

// Limits on the new words, pairs and 4-grams that a head admits from one lesson. Most comments are below them. From a
// longer comment a head admits those with the lowest mixed hashes, always the same ones, so that a token which many
// lessons share gets in with some lesson. Without limits, a hundred comments of random letters would fill a model.
const (
	maxNewTokens     = 600
	maxNewTokensLong = 150 // for a text longer than allGrams
	// From manyTokens tokens on the limits are halved, and again for each halvingTokens more, which bounds the model's
	// size. They are not halved for the first lesson of a label, nor for one that a warm model predicted wrongly.
	manyTokens, halvingTokens = 100_000, 10_000
)

// admitTokens returns the lesson's tokens that the head learns: those that it knows, all of other kinds, and new ones
// up to the limit. For a surprising lesson the limit is not halved.
func (h *head) admitTokens(d Document, surprising bool) []token {
	most := maxNewTokens
	if d.folded > allGrams {
		most = maxNewTokensLong
	}
	if over := h.features.Len() - manyTokens; over > 0 && !surprising {
		most >>= 1 + over/halvingTokens
	}
	if len(d.tokens) <= most {
		return d.tokens
	}
	lasting, fresh := make([]token, 0, len(d.tokens)), []token(nil)
	for _, t := range d.tokens {
		_, known := h.features.Get(t.hash)
		if known || t.kind != kindWord && t.kind != kindPair && t.kind != kindGram {
			lasting = append(lasting, t)
		} else {
			fresh = append(fresh, t)
		}
	}
	if len(fresh) > most {
		slices.SortFunc(fresh, func(a, b token) int { return cmp.Compare(table.Mix(a.hash), table.Mix(b.hash)) })
		fresh = fresh[:most]
	}
	return append(lasting, fresh...)
}

// squaredNorm returns ‖x‖², the sum of the squared feature values of the document's tokens.
func (d Document) squaredNorm() (squaredNorm float64) {
	for _, t := range d.tokens {
		squaredNorm += featureValue[t.kind] * featureValue[t.kind]
	}
	return squaredNorm
}

// learn takes one gradient step with the given example. d has the admitted tokens, and loud is the squared norm of all
// tokens. A head that is not warm has no prediction from which stack and calibrators could learn.
func (h *head) learn(d Document, loud float64, c example) {
	if c.y == 0 {
		h.language.learn(c.familiarity)
	}
	if c.warm {
		// A moderator may approve a whole page and then mark another page as spam. A stack that has only seen one
		// class would learn to predict that class.
		worth := 1.0
		if both, other := paramsOf(h.label).fullAfter, h.predicted[1-int(c.y)]; other < both {
			worth = other / both
		}
		h.predicted[int(c.y)]++
		h.shown.learn(h.logit(c.prediction), c.y, worth)
		if c.long {
			h.excerpt.learn(c.prediction.excerpt, c.y, worth)
		}
		if c.wide {
			h.window.learn(c.prediction.window, c.y, worth)
		}
		h.stack.learn(c.scores, c.y, worth)
	}
	pull := table.Sigmoid(c.regression) - c.y
	whole := pull / math.Sqrt(loud)
	for _, t := range d.tokens {
		g := whole * featureValue[t.kind]
		f := h.features.At(t.hash)
		square := float64(f.square) + g*g
		f.square = float32(square)
		f.weight -= float32(slopeRate * g / math.Sqrt(square+1e-8))
	}
	h.bias -= biasRate * pull
}
