package table

import (
	"math"
	"sync"
)

// A Smoothing holds the parameters of smoothed log ratios: the pseudocount a that is added to each count of a token,
// and the shrinkage s by which rare tokens count less. Without pseudocount one rare word would outweigh all others.
// With a much smaller one, a few wrong labels do more harm.
type Smoothing struct {
	doubt  float64                 // s, in lessons: a token of n lessons counts n/(n+s)
	counts [rareSteps]func() *Logs // by rarity of the class, see logsFor
}

// The pseudocount of a class with less than commonShare of the lessons is reduced in proportion. Else a token of one
// lesson of the common class would speak for the rare class: with a hundred good comments per spam, by 1.8 nats.
//
// Frank and Bouckaert, Naive Bayes for Text Classification with Unbalanced Classes, PKDD 2006.
const (
	commonShare = 0.1
	rareSteps   = 41 // steps of a factor 2^(-1/4), down to 1/1024
)

// NewSmoothing returns a smoothing with the pseudocount by and the shrinkage doubt, both in lessons.
func NewSmoothing(by, doubt float64) *Smoothing {
	s := &Smoothing{doubt: doubt}
	for i := range s.counts {
		s.counts[i] = sync.OnceValue(func() *Logs { return NewLogs(by * math.Exp2(-float64(i)/4)) })
	}
	return s
}

// logsFor returns the smoothed logarithms for a class with the given number of lessons among all.
func (s *Smoothing) logsFor(lessons, all uint32) *Logs {
	step := 0.0
	if share := float64(max(lessons, 1)) / float64(max(all, 1)); share < commonShare {
		step = math.Round(4 * math.Log2(commonShare/share))
	}
	return s.counts[min(int(step), rareSteps-1)]()
}

// Odds computes log ratios of tokens for two classes, yes and no.
type Odds struct {
	yes, no     *Logs
	base, doubt float64
}

// Odds returns the Odds for classes with the given numbers of lessons.
func (s *Smoothing) Odds(yes, no uint32) Odds {
	o := Odds{yes: s.logsFor(yes, yes+no), no: s.logsFor(no, yes+no), doubt: s.doubt}
	o.base = math.Log(float64(no)+2*o.no.By()) - math.Log(float64(yes)+2*o.yes.By())
	return o
}

// Ratio returns the log likelihood ratio of a token that yes and no lessons of the classes had, in nats, positive for
// yes. It is [ln((yes+a)/(Y+2a)) − ln((no+b)/(N+2b))] · n/(n+s), where Y and N are the numbers of lessons, a and b the
// pseudocounts, and n is yes+no. It is 0 if n is 0.
func (o Odds) Ratio(yes, no uint32) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (o.yes.Of(yes) - o.no.Of(no) + o.base) * (n / (n + o.doubt))
}
