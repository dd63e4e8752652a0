package classifier

import (
	"math"

	"github.com/aitys/aitys/classifier/table"
)

// habits are what spam's head and those of the reasons do differently. Each was best on comments of its own
// kind: spam is long and hides, an insult is a few words, which others say in earnest.
type habits struct {
	*table.Smoothing
	power        float64 // the sum of ratios is divided by what its tokens are worth, to this power
	gram         float64 // what a 4-gram is worth in it: most of its letters stand in the next, and in a word, too
	excerptShare int     // one word in so many is in an excerpt
	windowAbove  int     // in words: shorter comments have no window
	bothMet      float64 // lessons of one answer, before those of the other count in full for stack and lines
}

var (
	spamHabits   = habits{table.NewSmoothing(0.2, 0.5), 0.8, 0.5, 3, 30, 3}
	reasonHabits = habits{table.NewSmoothing(0.5, 1), 0.7, 1, 4, math.MaxInt, 0}
)

func habitsOf(l Label) *habits {
	if l == Spam {
		return &spamHabits
	}
	return &reasonHabits
}
