package table

import "math"

// Sigmoid is the probability of a logit, exactly 0.5 of 0.
func Sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
