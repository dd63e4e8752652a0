package classifier

import "math"

// smoothing is the count of a token in lessons that never had it. Without it one rare word would
// outweigh everything; where it is much less than this, a few wrong labels do more harm.
type smoothing struct {
	by    float64
	doubt float64       // in lessons: a token that n had says n/(n+doubt) of what it would
	logs  [1024]float64 // of the first counts, smoothed
}

// Insults are made of words that are said in earnest, too: a reason's words are smoothed more.
var spamSmoothing, reasonSmoothing = newSmoothing(0.2, 0.5), newSmoothing(0.5, 1)

func newSmoothing(by, doubt float64) *smoothing {
	s := &smoothing{by: by, doubt: doubt}
	for i := range s.logs {
		s.logs[i] = math.Log(float64(i) + by)
	}
	return s
}

func smoothingOf(l Label) *smoothing {
	if l == Spam {
		return spamSmoothing
	}
	return reasonSmoothing
}

func (s *smoothing) log(n uint32) float64 {
	if n < uint32(len(s.logs)) {
		return s.logs[n]
	}
	return math.Log(float64(n) + s.by)
}

// ratio is what a token says for yes against no, in nats: the smoothed logarithm of how much
// more often it was in lessons of yes, the less sure the fewer lessons had it. base is that of
// the lessons.
func (s *smoothing) ratio(yes, no uint32, base float64) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (s.log(yes) - s.log(no) + base) * (n / (n + s.doubt))
}

// base is ln(lessons of no) - ln(lessons of yes), smoothed.
func (s *smoothing) base(yes, no uint32) float64 {
	return math.Log(float64(no)+2*s.by) - math.Log(float64(yes)+2*s.by)
}

// sigmoid is exactly 0.5 at 0.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
