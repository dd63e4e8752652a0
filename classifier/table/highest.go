package table

import "slices"

// Highest appends the places of the n highest ranks to best, highest first, and of equal ranks
// the first first.
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
