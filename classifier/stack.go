package classifier

import "math"

// stack joins the two scores into one calibrated logit. It learns from every lesson, on the
// scores from before the lesson was known.
type stack struct {
	Weight  [3]float64 // of the word counts, of the logistic regression, and alone
	Square  [3]float64 // sums of squared gradients (AdaGrad)
	Scale   [2]float64 // running mean of |score|
	Lessons float64
}

const (
	stackRate  = 0.15
	scaleSpan  = 300
	stackStart = 0.8
)

func newStack() stack { return stack{Weight: [3]float64{stackStart, stackStart, 0}} }

func (s *stack) inputs(counted, learned float64) [3]float64 {
	in := [3]float64{counted, learned, 1}
	for i := range s.Scale {
		if s.Scale[i] > 0 {
			in[i] /= s.Scale[i]
		}
	}
	return in
}

func (s *stack) logit(counted, learned float64) float64 {
	z := 0.0
	for i, x := range s.inputs(counted, learned) {
		z += s.Weight[i] * x
	}
	return z
}

func (s *stack) learn(counted, learned, y float64) {
	s.Lessons++
	for i, z := range [...]float64{counted, learned} {
		s.Scale[i] += (math.Abs(z) - s.Scale[i]) / min(s.Lessons, scaleSpan)
	}
	in := s.inputs(counted, learned)
	g := sigmoid(s.logit(counted, learned)) - y
	for i, x := range in {
		d := g * x
		s.Square[i] += d * d
		s.Weight[i] -= stackRate * d / math.Sqrt(s.Square[i]+1e-8)
		if i < 2 {
			s.Weight[i] = max(s.Weight[i], 0)
		}
	}
}

// sigmoid is exactly 0.5 at 0.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
