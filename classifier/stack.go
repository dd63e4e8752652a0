package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// stack joins the scores of naive Bayes and of the regression into one logit. It is a logistic regression over the two
// scores, trained on scores from before each lesson was learned: stacked generalization (Wolpert, 1992).
type stack struct {
	Weight  [3]float64 // of naive Bayes, of the regression, and the constant
	Square  [3]float64 // sums of squared gradients (AdaGrad)
	Scale   [2]float64 // running means of the absolute scores
	Lessons float64
}

const (
	stackStart = 0.5  // initial weight of both scores
	stackRate  = 0.13 // AdaGrad's learning rate
	gainRate   = 0.06 // learning rate of the common factor of both weights
	scaleSpan  = 1000 // lessons in the running means
	leastScale = 0.2  // minimum scale: the first comments may have no known words
)

func newStack() stack { return stack{Weight: [3]float64{stackStart, stackStart, 0}} }

// inputs returns the scores divided by their scales, and the constant 1.
func (s *stack) inputs(z scores) [3]float64 {
	in := [3]float64{z.bayes, z.regression, 1}
	for i, scale := range s.Scale {
		if scale > 0 {
			in[i] /= max(scale, leastScale)
		}
	}
	return in
}

// logit returns the joined logit.
func (s *stack) logit(z scores) float64 {
	in := s.inputs(z)
	return s.Weight[0]*in[0] + s.Weight[1]*in[1] + s.Weight[2]
}

// learn updates the scales and takes one gradient step towards the label y, 0 or 1. worth, from 0 to 1, weights the
// step.
func (s *stack) learn(z scores, y, worth float64) {
	s.Lessons++
	for i, score := range [...]float64{z.bayes, z.regression} {
		s.Scale[i] += (math.Abs(score) - s.Scale[i]) / min(s.Lessons, scaleSpan)
	}
	in := s.inputs(z)
	pull := table.Sigmoid(s.logit(z)) - y
	// Scale up both weights when the scores agree with the label, even before both classes were predicted. This is a
	// gradient step on the logarithm of their common factor.
	gain := math.Exp(-gainRate * (1 - worth) * pull * (s.Weight[0]*in[0] + s.Weight[1]*in[1]))
	s.Weight[0], s.Weight[1] = s.Weight[0]*gain, s.Weight[1]*gain
	pull *= worth
	for i, x := range in {
		g := pull * x
		s.Square[i] += g * g
		s.Weight[i] -= stackRate * g / math.Sqrt(s.Square[i]+1e-8)
	}
	s.Weight[0], s.Weight[1] = max(s.Weight[0], 0), max(s.Weight[1], 0)
}

// newPartCalibrator returns the initial calibrator of excerpts and windows. Its shift is negative, because the worst
// part of a good comment looks bad, too.
func newPartCalibrator() calibrator { return newCalibrator(1, -1.5, 0.1) }

// newShownCalibrator returns the initial calibrator of the shown probability. It is steep, because a new stack is too
// cautious.
func newShownCalibrator() calibrator { return newCalibrator(1.3, 0, 0.2) }
