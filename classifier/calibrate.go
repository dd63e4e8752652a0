package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// calibrator maps a logit to a calibrated logit z′ = A·z + B: nine in ten of the lessons with a calibrated probability
// of 0.9 have the label. Both logits are in nats. It is Platt scaling (1999), trained by AdaGrad steps:
//
//	e = r·(σ(A·z+B) − y)
//	A = max(0.1, A − rate·(e·z/4)/√(1 + Σ(e·z/4)²)),  B −= 3·rate·e/√(1 + Σe²)
type calibrator struct {
	slope, shift             float64
	slopeSquare, shiftSquare float64 // sums of squared gradients
	step                     float64
}

// newCalibrator returns a calibrator with initial A (slope) and B (shift), and a learning rate (step).
func newCalibrator(slope, shift, step float64) calibrator {
	return calibrator{slope: slope, shift: shift, slopeSquare: 1, shiftSquare: 1, step: step}
}

// logit returns the calibrated logit.
func (l *calibrator) logit(z float64) float64 { return l.slope*z + l.shift }

// leastSlope is the minimum of A. It is positive, so a calibrator keeps the order of logits.
const leastSlope = 0.1

// learn takes one gradient step towards the label y, 0 or 1, at the logit z. rate, from 0 to 1, scales the step.
func (l *calibrator) learn(z, y, rate float64) {
	const span = 4 // a typical logit; the input of the shift is 1
	pull := rate * (table.Sigmoid(l.logit(z)) - y)
	g := pull * z / span
	l.slopeSquare += g * g
	l.shiftSquare += pull * pull
	l.slope = max(leastSlope, l.slope-l.step*g/math.Sqrt(l.slopeSquare))
	l.shift -= 3 * l.step * pull / math.Sqrt(l.shiftSquare)
}

// newExcerptCalibrator returns the initial calibrator of excerpts. Its shift is negative, because the worst part of a
// good comment looks bad, too.
func newExcerptCalibrator() calibrator { return newCalibrator(1, -1.5, 0.1) }

// newShownCalibrator returns the initial calibrator of Logit, also for reasons. It is steep, because a new stack is too
// cautious.
func newShownCalibrator() calibrator { return newCalibrator(1.3, 0, 0.2) }

// calibrateReason returns the calibrated logit of a reason. Until its head predicted enough lessons, it is close to z.
func (h *head) calibrateReason(z float64) float64 {
	const half = 10 // lessons of each class at which both logits count equally
	n := min(h.predicted[0], h.predicted[1])
	return (half*z + n*h.shown.logit(z)) / (half + n)
}

// Limits of fade.
const (
	fadeAfter = 75 // lessons of each class before which no lesson fades
	fadeSpan  = 8  // lessons of a class in its running share
	fadeSlack = 2  // a share that is half of the usual one, as by chance, fades nothing
)

// fade returns the learning rate r of a lesson of class y, from 0 to 1. It is low in a run of lessons of one class. A
// moderator may mark all spam of a queue and leave the good comments for later; a model that learns such a run in full
// would score the next comments as spam. The rate is the running share of the other class, divided by its share among
// all lessons, times fadeSlack. Call meet first.
func (h *head) fade(y int) float64 {
	n := h.learned[0] + h.learned[1]
	if min(h.learned[0], h.learned[1]) < fadeAfter {
		return 1
	}
	return min(1, fadeSlack*h.recent[1-y]*n/h.learned[1-y])
}

// meet counts a lesson of class y, and updates the running shares of both classes. That of a class is over fadeSpan of
// its lessons, and over ten lessons of any class at least.
func (h *head) meet(y int) {
	h.learned[y]++
	n := h.learned[0] + h.learned[1]
	for class := range h.recent {
		is := 0.0
		if class == y {
			is = 1
		}
		h.recent[class] += (is - h.recent[class]) / min(n, max(10, fadeSpan*n/max(1, h.learned[class])))
	}
}

// languageStats describes how familiar ham is to a model. A language without ham lessons shares 4-grams with the spam
// lessons in the same alphabet, and hardly any words, so its comments would look like spam. languageStats holds the
// usual share of known words and 4-grams in ham, with which unknown compares a comment.
type languageStats struct {
	Lessons      float64
	Words, Grams float64 // running means of the known shares of words and 4-grams in ham before it was learned
}

const (
	meanSpan         = 100 // ham lessons in the running means; with fewer, the result is scaled down
	familiarityPrior = 5   // bytes of words, and 4-grams, that are assumed to be as known as usual

	// Shares of the usual share. If words or 4-grams are known better than the first, the language is known. If both are
	// known worse than the second, it is unknown. Between them, the result is the product of two linear ramps.
	wordsKnown, wordsUnknown = 0.4, 0.3
	gramsKnown, gramsUnknown = 0.8, 0.6
)

// familiarity counts how much of a document a head knows.
type familiarity struct {
	words, wordsKnown float64 // in bytes; a word that only hard spam lessons had counts half
	grams, gramsKnown float64 // 4-grams, and those that hard ham lessons had
}

func (f *familiarity) add(t token, known *feature) {
	switch t.kind {
	case kindWord:
		size := float64(t.size)
		f.words += size
		if known.yes+known.no > 0 {
			f.wordsKnown += size / 2
		}
		if known.no > 0 {
			f.wordsKnown += size / 2
		}
	case kindGram:
		f.grams++
		if known.no > 0 {
			f.gramsKnown++
		}
	}
}

// unknown returns, from 0 to 1, how little a comment's language resembles that of the site's ham.
func (f *languageStats) unknown(c familiarity) float64 {
	if c.words == 0 || f.Words == 0 || f.Grams == 0 {
		return 0
	}
	words := (c.wordsKnown + familiarityPrior*f.Words) / (c.words + familiarityPrior) / f.Words
	runs := (c.gramsKnown + familiarityPrior*f.Grams) / (c.grams + familiarityPrior) / f.Grams
	return min(1, f.Lessons/meanSpan) *
		ramp(wordsKnown, wordsUnknown, words) * ramp(gramsKnown, gramsUnknown, runs)
}

// ramp returns 0 for x >= from, 1 for x <= to, and is linear between them. from is greater than to.
func ramp(from, to, x float64) float64 { return min(1, max(0, (from-x)/(from-to))) }

func (f *languageStats) learn(c familiarity) {
	if c.words == 0 || c.grams == 0 {
		return
	}
	f.Lessons++
	span := min(f.Lessons, meanSpan)
	f.Words += (c.wordsKnown/c.words - f.Words) / span
	f.Grams += (c.gramsKnown/c.grams - f.Grams) / span
}

// maxLanguageDiscount is subtracted from the logit of a comment in an unknown language, down to discountFloor. A
// comment of words that only spam uses has a higher logit, so it stays spam in any language.
const maxLanguageDiscount, discountFloor = 6.3, -0.5

// discountLanguage lowers a logit above discountFloor. foreign, from 0 to 1, is how unknown the language is.
func discountLanguage(z, foreign float64) float64 {
	return max(min(z, discountFloor), z-maxLanguageDiscount*foreign)
}

// minLessons returns n, the smaller of the numbers of spam and ham lessons. It omits copied lessons, and
// near-duplicates that taught nothing.
func (s *state) minLessons() float64 { return float64(min(s.own[Spam], s.own[Ham])) }

// confidencePerLesson bounds the shown logit of spam, in nats: to confidencePerLesson·ln(1+n) after n lessons of each
// class. A false positive costs more than a cautious score of spam.
const confidencePerLesson = 1.5

// capConfidence returns a positive logit z as m·tanh(z/m), where m is the bound. It keeps the order of logits.
func (s *state) capConfidence(z float64) float64 {
	most := confidencePerLesson * math.Log1p(s.minLessons())
	switch {
	case z <= 0:
		return z
	case most == 0:
		return 0
	}
	return most * math.Tanh(z/most)
}
