package table

import "math"

// A Line makes of one logit another that is calibrated: of so many lessons at 0.9, so many are as it says. Both are in
// nats.
//
// Platt, Probabilistic Outputs for Support Vector Machines, 1999, one lesson at a time.
type Line struct {
	Slope, Shift             float64
	SlopeSquare, ShiftSquare float64 // sums of squared gradients
	rate                     float64
}

// NewLine returns one that begins with a slope and a shift, and takes steps of so much.
func NewLine(slope, shift, rate float64) Line {
	return Line{Slope: slope, Shift: shift, SlopeSquare: 1, ShiftSquare: 1, rate: rate}
}

// Logit is what the line makes of a logit.
func (l *Line) Logit(z float64) float64 { return l.Slope*z + l.Shift }

// leastSlope keeps the order.
const leastSlope = 0.1

// Learn takes a step towards y, 0 or 1, at a logit. It counts as worth of one, from 0 to 1.
func (l *Line) Learn(z, y, worth float64) {
	const span = 4 // logits come by the handful, the shift in ones
	pull := worth * (Sigmoid(l.Logit(z)) - y)
	g := pull * z / span
	l.SlopeSquare += g * g
	l.ShiftSquare += pull * pull
	l.Slope = max(leastSlope, l.Slope-l.rate*g/math.Sqrt(l.SlopeSquare))
	l.Shift -= 3 * l.rate * pull / math.Sqrt(l.ShiftSquare)
}

// Sigmoid is the probability of a logit, exactly 0.5 of 0.
func Sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
