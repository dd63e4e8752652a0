package classifier

import (
	"math"
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

// smoothing is the count of a token in lessons that never had it. Without it one rare word would
// outweigh everything; where it is much less than this, a few wrong labels do more harm.
type smoothing struct {
	doubt  float64                       // in lessons: a token that n had says n/(n+doubt) of what it would
	counts [rareSteps]func() *table.Logs // for ever rarer classes
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

func newSmoothing(by, doubt float64) *smoothing {
	s := &smoothing{doubt: doubt}
	for i := range s.counts {
		s.counts[i] = sync.OnceValue(func() *table.Logs { return table.NewLogs(by * math.Exp2(-float64(i)/4)) })
	}
	return s
}

// rarity returns how counts of a class are smoothed that has so many lessons among all.
func (s *smoothing) rarity(lessons, all uint32) *table.Logs {
	step := 0.0
	if share := float64(max(lessons, 1)) / float64(max(all, 1)); share < commonShare {
		step = math.Round(4 * math.Log2(commonShare/share))
	}
	return s.counts[min(int(step), rareSteps-1)]()
}

// odds turn how many lessons had a token into what it says.
type odds struct {
	yes, no     *table.Logs
	base, doubt float64
}

// odds are those of tokens, after so many lessons of yes and of no.
func (s *smoothing) odds(yes, no uint32) odds {
	o := odds{yes: s.rarity(yes, yes+no), no: s.rarity(no, yes+no), doubt: s.doubt}
	o.base = math.Log(float64(no)+2*o.no.By()) - math.Log(float64(yes)+2*o.yes.By())
	return o
}

// ratio is what a token says for yes against no, in nats: the smoothed logarithm of how much
// more often it was in lessons of yes, the less sure the fewer lessons had it.
func (o odds) ratio(yes, no uint32) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (o.yes.Of(yes) - o.no.Of(no) + o.base) * (n / (n + o.doubt))
}

// sigmoid is exactly 0.5 at 0.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
