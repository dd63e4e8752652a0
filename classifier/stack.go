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

func (s *stack) learn(z scores, y float64) {
	s.Lessons++
	for i, score := range [...]float64{z.counted, z.learned} {
		s.Scale[i] += (math.Abs(score) - s.Scale[i]) / min(s.Lessons, scaleSpan)
	}
	pull := sigmoid(s.logit(z)) - y
	for i, x := range s.inputs(z) {
		g := pull * x
		s.Square[i] += g * g
		s.Weight[i] -= stackRate * g / math.Sqrt(s.Square[i]+1e-8)
	}
	s.Weight[0], s.Weight[1] = max(s.Weight[0], 0), max(s.Weight[1], 0)
}

// A line turns the logit of an excerpt into that of its comment: excerpts are chosen for
// looking bad, those of good comments too.
type line struct {
	Slope, Shift             float64
	SlopeSquare, ShiftSquare float64
}

const lineRate = 0.1

func newLine() line { return line{Slope: 1, Shift: -1.5, SlopeSquare: 1, ShiftSquare: 1} }

func (l *line) logit(z float64) float64 { return l.Slope*z + l.Shift }

func (l *line) learn(z, y float64) {
	const span = 4 // logits come by the handful, the shift in ones
	pull := sigmoid(l.logit(z)) - y
	g := pull * z / span
	l.SlopeSquare += g * g
	l.ShiftSquare += pull * pull
	l.Slope = max(0, l.Slope-lineRate*g/math.Sqrt(l.SlopeSquare))
	l.Shift -= 3 * lineRate * pull / math.Sqrt(l.ShiftSquare)
}
