package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// line calibrates a logit: nine in ten of the lessons that it maps to a probability of 0.9 have the label.
// Both logits are in nats. It is Platt scaling, trained online.
//
// Platt, Probabilistic Outputs for Support Vector Machines, 1999.
type line struct {
	slope, shift             float64
	slopeSquare, shiftSquare float64 // sums of squared gradients
	rate                     float64
}

// newLine returns a line with an initial slope and shift. Its learning rate is rate.
func newLine(slope, shift, rate float64) line {
	return line{slope: slope, shift: shift, slopeSquare: 1, shiftSquare: 1, rate: rate}
}

// logit returns the calibrated logit.
func (l *line) logit(z float64) float64 { return l.slope*z + l.shift }

// leastSlope is the minimum slope. It is positive, so the line never reverses an order.
const leastSlope = 0.1

// learn takes one gradient step towards the label y, 0 or 1, at the logit z. worth weights the step, from 0 to 1.
func (l *line) learn(z, y, worth float64) {
	const span = 4 // logits come by the handful, the shift in ones
	pull := worth * (table.Sigmoid(l.logit(z)) - y)
	g := pull * z / span
	l.slopeSquare += g * g
	l.shiftSquare += pull * pull
	l.slope = max(leastSlope, l.slope-l.rate*g/math.Sqrt(l.slopeSquare))
	l.shift -= 3 * l.rate * pull / math.Sqrt(l.shiftSquare)
}
