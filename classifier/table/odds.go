package table

import (
	"math"
	"sync"
)

// A Smoothing is the count of a token in lessons that never had it. Without it one rare word would
// outweigh everything; where it is much less than this, a few wrong labels do more harm.
type Smoothing struct {
	doubt  float64                 // in lessons: a token that n had says n/(n+doubt) of what it would
	counts [rareSteps]func() *Logs // for ever rarer classes
}

// A class that has less than commonShare of the lessons is smoothed less, in proportion. What one lesson of
// the common class had would else speak for the rare one, which had no lesson to have it in: with a hundred good
// comments to a spam by 1.8 nats.
//
// Frank and Bouckaert, Naive Bayes for Text Classification with Unbalanced Classes, PKDD 2006.
const (
	commonShare = 0.1
	rareSteps   = 41 // of a quarter of a halving: to a thousandth of commonShare
)

// NewSmoothing returns one by so many lessons, which doubts a token as of so many.
func NewSmoothing(by, doubt float64) *Smoothing {
	s := &Smoothing{doubt: doubt}
	for i := range s.counts {
		s.counts[i] = sync.OnceValue(func() *Logs { return NewLogs(by * math.Exp2(-float64(i)/4)) })
	}
	return s
}

// rarity returns how counts of a class are smoothed that has so many lessons among all.
func (s *Smoothing) rarity(lessons, all uint32) *Logs {
	step := 0.0
	if share := float64(max(lessons, 1)) / float64(max(all, 1)); share < commonShare {
		step = math.Round(4 * math.Log2(commonShare/share))
	}
	return s.counts[min(int(step), rareSteps-1)]()
}

// Odds turn how many lessons had a token into what it says.
type Odds struct {
	yes, no     *Logs
	base, doubt float64
}

// Odds are those of tokens, after so many lessons of yes and of no.
func (s *Smoothing) Odds(yes, no uint32) Odds {
	o := Odds{yes: s.rarity(yes, yes+no), no: s.rarity(no, yes+no), doubt: s.doubt}
	o.base = math.Log(float64(no)+2*o.no.By()) - math.Log(float64(yes)+2*o.yes.By())
	return o
}

// Ratio is what a token says for yes against no, in nats: the smoothed logarithm of how much
// more often it was in lessons of yes, the less sure the fewer lessons had it.
func (o Odds) Ratio(yes, no uint32) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (o.yes.Of(yes) - o.no.Of(no) + o.base) * (n / (n + o.doubt))
}
