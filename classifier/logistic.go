package classifier

import (
	"cmp"
	"math"
	"slices"

	"github.com/aitys/aitys/classifier/table"
)

// slopeRate is AdaGrad's learning rate of the regression weights.
const slopeRate = 0.4

// featureValue is x, the value of a feature in the regression, by kind. Rare kinds have higher values: a comment has a
// hundred 4-grams for one host.
var featureValue = func() (x [256]float64) {
	for i := range x {
		x[i] = 1
	}
	x[kindWord] = 1.3
	x[kindTrait] = 1.4
	x[kindDomain], x[kindTLD] = 1.5, 1.5
	x[kindHasWebsite] = math.Sqrt(websiteWeight)
	return x
}()

// websiteWeight is the weight of the trait that the author gave a website, in tokens. A link in the text adds about as
// many words and 4-grams that other links share. A website in its own field adds none.
const websiteWeight = 16

// feature holds the state of a token in a head: the numbers of hard lessons of the label and of ham that had it, the
// regression weight, and the sum of squared gradients. The number of ham lessons is only in spam's head.
type feature struct {
	yes, no        uint32
	weight, square float32
}

// Limits on the new words, pairs and 4-grams that a head admits from one lesson. Most comments are below them. From a
// longer comment a head admits those with the lowest mixed hashes, always the same ones, so that a token which many
// lessons share gets in with some lesson. Without limits, a hundred comments of random letters would fill a model.
const (
	maxNewTokens     = 600
	maxNewTokensLong = 150 // for a text longer than allGrams
	// From manyTokens tokens on the limits are halved, and again for each halvingTokens more, which bounds the model's
	// size. They are not halved for the first lesson of a label, nor for one that a warm model predicted wrongly, see
	// Model.train.
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

// learnWeights takes one gradient step of the regression towards y. d has the admitted tokens, squaredNorm is that of
// all tokens, and predicted is the regression's score before the step. rate, from 0 to 1, scales the step.
func (h *head) learnWeights(d Document, squaredNorm, predicted, y, rate float64) {
	whole := rate * (table.Sigmoid(predicted) - y) / math.Sqrt(squaredNorm)
	for _, t := range d.tokens {
		g := whole * featureValue[t.kind]
		f := h.features.At(t.hash)
		square := float64(f.square) + g*g
		f.square = float32(square)
		f.weight -= float32(slopeRate * g / math.Sqrt(square+1e-8))
	}
}
