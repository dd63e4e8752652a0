package table

import "math"

// Sigmoid returns the probability of a logit. Sigmoid(0) is exactly 0.5.
func Sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
