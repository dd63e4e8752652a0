package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// calibrator maps a logit to a calibrated logit z′ = A·z + B: nine in ten of the lessons with a calibrated probability
// of 0.9 have the label. Both logits are in nats. It is Platt scaling (1999), trained by AdaGrad steps:
//
//	e = worth·(σ(A·z+B) − y)
//	A = max(0.1, A − rate·(e·z/4)/√(1 + Σ(e·z/4)²)),  B −= 3·rate·e/√(1 + Σe²)
type calibrator struct {
	slope, shift             float64
	slopeSquare, shiftSquare float64 // sums of squared gradients
	rate                     float64
}

// newCalibrator returns a calibrator with initial A (slope) and B (shift), and a learning rate.
func newCalibrator(slope, shift, rate float64) calibrator {
	return calibrator{slope: slope, shift: shift, slopeSquare: 1, shiftSquare: 1, rate: rate}
}

// logit returns the calibrated logit.
func (l *calibrator) logit(z float64) float64 { return l.slope*z + l.shift }

// leastSlope is the minimum of A. It is positive, so a calibrator keeps the order of logits.
const leastSlope = 0.1

// learn takes one gradient step towards the label y, 0 or 1, at the logit z. worth weights the step, from 0 to 1.
func (l *calibrator) learn(z, y, worth float64) {
	const span = 4 // a typical logit; the input of the shift is 1
	pull := worth * (table.Sigmoid(l.logit(z)) - y)
	g := pull * z / span
	l.slopeSquare += g * g
	l.shiftSquare += pull * pull
	l.slope = max(leastSlope, l.slope-l.rate*g/math.Sqrt(l.slopeSquare))
	l.shift -= 3 * l.rate * pull / math.Sqrt(l.shiftSquare)
}
