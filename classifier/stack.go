package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// stack joins the score of the counts and that of the regression into one calibrated logit. It
// learns from every lesson, on the scores from before the lesson was known.
type stack struct {
	Weight  [3]float64 // of the counts, of the regression, and alone
	Square  [3]float64 // sums of squared gradients (AdaGrad)
	Scale   [2]float64 // running mean of |score|
	Lessons float64
}

const (
	stackStart = 0.5
	stackRate  = 0.13
	gainRate   = 0.06
	scaleSpan  = 1000
	leastScale = 0.2 // the first scores may be of comments without a known word
)

func newStack() stack { return stack{Weight: [3]float64{stackStart, stackStart, 0}} }

func (s *stack) inputs(z scores) [3]float64 {
	in := [3]float64{z.counted, z.learned, 1}
	for i, scale := range s.Scale {
		if scale > 0 {
			in[i] /= max(scale, leastScale)
		}
	}
	return in
}

func (s *stack) logit(z scores) float64 {
	in := s.inputs(z)
	return s.Weight[0]*in[0] + s.Weight[1]*in[1] + s.Weight[2]
}

// learn takes a step towards y, which counts as worth of one.
func (s *stack) learn(z scores, y, worth float64) {
	s.Lessons++
	for i, score := range [...]float64{z.counted, z.learned} {
		s.Scale[i] += (math.Abs(score) - s.Scale[i]) / min(s.Lessons, scaleSpan)
	}
	in := s.inputs(z)
	pull := table.Sigmoid(s.logit(z)) - y
	// What is right again and again may say so more loudly, whatever else is not known yet.
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

// newPartLine begins below: parts are chosen for looking bad, those of good comments too.
func newPartLine() line { return newLine(1, -1.5, 0.1) }

// newShownLine begins steep: what a stack thinks is shy at first.
func newShownLine() line { return newLine(1.3, 0, 0.2) }
