package comment

import (
	"cmp"
	"math"
	"slices"
)

// ScoreDiffers reports whether signals about spam made the score clearly differ from the classifier's probability: by at
// least ten percentage points, or by at least two with only one of them at suspect or above. suspect is the score from
// which a comment is suspected.
func (v Verdict) ScoreDiffers(suspect float64) bool {
	if v.IsAbuse() {
		return false
	}
	far := math.Abs(math.Round(v.Score*100) - math.Round(v.Spam*100))
	return v.Warm && (far >= 10 || far >= 2 && (v.Score >= suspect) != (v.Spam >= suspect))
}

// RaisingSignals returns the strongest signals, at most two, that raised a score for which ScoreDiffers is true. It
// returns nil if the score was not raised.
func (v Verdict) RaisingSignals(suspect float64) []Signal {
	if !v.ScoreDiffers(suspect) || v.Score < v.Spam {
		return nil
	}
	raised := slices.DeleteFunc(slices.Clone(v.Signals), func(s Signal) bool {
		return s.Name == "classifier" || s.Weight <= 0
	})
	slices.SortStableFunc(raised, func(a, b Signal) int { return cmp.Compare(b.Weight, a.Weight) })
	return raised[:min(2, len(raised))]
}
