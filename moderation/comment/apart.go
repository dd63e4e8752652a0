package comment

import (
	"cmp"
	"math"
	"slices"
)

// Apart reports whether the score, which orders, is clearly another than the probability, which is shown: by ten
// in a hundred, or on the other side of suspect, the score from which a comment is suspected.
func (v Verdict) Apart(suspect float64) bool {
	far := math.Abs(math.Round(v.Score*100) - math.Round(v.Spam*100))
	return v.Warm && (far >= 10 || far >= 2 && (v.Score >= suspect) != (v.Spam >= suspect))
}

// Raised are the strongest signals, two at most, that raised a score which is apart from its probability.
func (v Verdict) Raised(suspect float64) []Signal {
	if !v.Apart(suspect) || v.Score < v.Spam {
		return nil
	}
	raised := slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool {
		return s.Name == "classifier" || s.Weight <= 0
	})
	slices.SortStableFunc(raised, func(a, b Signal) int { return cmp.Compare(b.Weight, a.Weight) })
	return raised[:min(2, len(raised))]
}
