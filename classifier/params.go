package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// params are the hyperparameters that differ between spam's head and the heads of reasons. Each set was best on
// comments of its kind: spam is long and hides, while an insult is a few words that also occur in serious comments.
type params struct {
	*table.Smoothing
	power        float64 // the naive Bayes sum is divided by its tokens' weight to this power
	gram         float64 // weight of a 4-gram; it overlaps the next one and a word
	excerptShare int     // an excerpt has one word of this many
	windowAbove  int     // words; shorter comments have no windows
	fullAfter    float64 // predicted lessons of the other class from which stack and calibrators learn in full
}

var (
	spamParams   = params{table.NewSmoothing(0.2, 0.5), 0.8, 0.5, 3, 30, 3}
	reasonParams = params{table.NewSmoothing(0.5, 1), 0.7, 1, 4, math.MaxInt, 0}
)

func paramsOf(l Label) *params {
	if l == Spam {
		return &spamParams
	}
	return &reasonParams
}
