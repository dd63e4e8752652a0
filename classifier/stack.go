package classifier

import "math"

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
	pull := sigmoid(s.logit(z)) - y
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

// A line makes of one logit another that is calibrated: of so many lessons at 0.9, so many are as it says.
//
// Platt, Probabilistic Outputs for Support Vector Machines, 1999, one lesson at a time.
type line struct {
	Slope, Shift             float64
	SlopeSquare, ShiftSquare float64
	rate                     float64
}

// newPartLine begins below: parts are chosen for looking bad, those of good comments too.
func newPartLine() line {
	return line{Slope: 1, Shift: -1.5, SlopeSquare: 1, ShiftSquare: 1, rate: 0.1}
}

// newShownLine begins steep: what a stack thinks is shy at first.
func newShownLine() line {
	return line{Slope: 1.3, SlopeSquare: 1, ShiftSquare: 1, rate: 0.2}
}

func (l *line) logit(z float64) float64 { return l.Slope*z + l.Shift }

// leastSlope keeps the order.
const leastSlope = 0.1

// learn takes a step towards y, which counts as worth of one.
func (l *line) learn(z, y, worth float64) {
	const span = 4 // logits come by the handful, the shift in ones
	pull := worth * (sigmoid(l.logit(z)) - y)
	g := pull * z / span
	l.SlopeSquare += g * g
	l.ShiftSquare += pull * pull
	l.Slope = max(leastSlope, l.Slope-l.rate*g/math.Sqrt(l.SlopeSquare))
	l.Shift -= 3 * l.rate * pull / math.Sqrt(l.ShiftSquare)
}

// sigmoid is exactly 0.5 at 0.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
