package table

import "slices"

// Highest appends the indexes of the n highest ranks to best, highest first. Equal ranks keep their order.
func Highest(ranks []float64, n int, best []int) []int {
	for i, r := range ranks {
		if len(best) == n {
			if n == 0 || r <= ranks[best[n-1]] {
				continue
			}
			best = best[:n-1]
		}
		at := len(best)
		for at > 0 && r > ranks[best[at-1]] {
			at--
		}
		best = slices.Insert(best, at, i)
	}
	return best
}
