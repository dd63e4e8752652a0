package evaluation

import (
	"cmp"
	"math"
	"slices"
)

// A Sample is a probability of spam as it was said before the answer was known, and the answer.
type Sample struct {
	Said float64
	Spam bool
}

// A Share is a part of a whole, with the bounds between which the true rate lies in 95 of 100
// cases. A whole of nothing has the bounds 0 and 1, and the value 0.
type Share struct {
	Part, Of         int
	Value, Low, High float64
}

// A Cut counts right and wrong answers at one threshold: a comment is called spam when its
// probability is At or more.
type Cut struct {
	At        float64
	Caught    int   // spam called spam
	Missed    int   // spam called ham
	Lost      int   // ham called spam
	Passed    int   // ham called ham
	Precision Share // of what is called spam, that which is
	Recall    Share // of the spam, that which is called so
	HamLost   Share // of the ham, that which is called spam
}

// A Bin is an interval of probabilities: the comments that were given one between From and To, and
// the share of them that was spam.
type Bin struct {
	From, To float64
	Mean     float64 // of what was said
	Spam     Share
}

// A Point is one of the ROC curve: at some cut, these shares of ham and of spam are called spam.
type Point struct{ Lost, Caught float64 }

// A Quality is how well probabilities fit the answers that came after them.
type Quality struct {
	Spam, Ham int
	// Brier is the mean square of the error, 0 to 1: Brier, Verification of forecasts
	// expressed in terms of probability, 1950.
	Brier float64
	// ECE is the expected error of calibration, 0 to 1: the distances between what was said
	// and what came true in the Bins, weighted by how many are in each (Naeini, Cooper and
	// Hauskrecht, Obtaining well calibrated probabilities, 2015).
	ECE float64
	// Above is (1-ROCA)%, the area above the ROC curve in percent: how often, of one ham and
	// one spam, the ham is said to be spam more likely, equals counting half (Cormack and
	// Lynam, TREC 2005 spam track overview). It is 0 while there is no pair.
	Above float64
	ROC   []Point // from none to all; at most rocPoints and the two ends
	Bins  []Bin   // ten of one width
	Cuts  []Cut   // as asked for
}

const (
	bins      = 10
	rocPoints = 100
)

// Measure compares what was said with the answers, at the cuts asked for.
func Measure(samples []Sample, cuts ...float64) Quality {
	var q Quality
	for _, s := range samples {
		if s.Spam {
			q.Spam++
		} else {
			q.Ham++
		}
		q.Brier += square(s.Said - answer(s.Spam))
	}
	if n := len(samples); n > 0 {
		q.Brier /= float64(n)
	}
	q.Bins, q.ECE = calibration(samples)
	q.rank(samples)
	for _, at := range cuts {
		q.Cuts = append(q.Cuts, CutAt(samples, at))
	}
	return q
}

// CutAt counts what one cut does.
func CutAt(samples []Sample, at float64) Cut {
	c := Cut{At: at}
	for _, s := range samples {
		switch called := s.Said >= at; {
		case called && s.Spam:
			c.Caught++
		case called:
			c.Lost++
		case s.Spam:
			c.Missed++
		default:
			c.Passed++
		}
	}
	c.Precision = ShareOf(c.Caught, c.Caught+c.Lost)
	c.Recall = ShareOf(c.Caught, c.Caught+c.Missed)
	c.HamLost = ShareOf(c.Lost, c.Lost+c.Passed)
	return c
}

// ShareOf returns part of a whole with Wilson's bounds, which hold for few and for none, too:
// Wilson, Probable inference, the law of succession, and statistical inference, 1927.
func ShareOf(part, of int) Share {
	s := Share{Part: part, Of: of, High: 1}
	if of == 0 {
		return s
	}
	const z = 1.959964 // 95 %, both sides
	n := float64(of)
	s.Value = float64(part) / n
	middle := s.Value + z*z/(2*n)
	width := z * math.Sqrt(s.Value*(1-s.Value)/n+z*z/(4*n*n))
	s.Low = max(0, (middle-width)/(1+z*z/n))
	s.High = min(1, (middle+width)/(1+z*z/n))
	if part == 0 {
		s.Low = 0
	}
	if part == of {
		s.High = 1
	}
	return s
}

// calibration sorts samples into bins, and returns how far these are from the truth.
func calibration(samples []Sample) (list []Bin, ece float64) {
	var n, spam [bins]int
	var said [bins]float64
	for _, s := range samples {
		i := min(max(int(s.Said*bins), 0), bins-1)
		n[i]++
		said[i] += s.Said
		if s.Spam {
			spam[i]++
		}
	}
	list = make([]Bin, bins)
	for i := range list {
		list[i] = Bin{From: float64(i) / bins, To: float64(i+1) / bins, Spam: ShareOf(spam[i], n[i])}
		if n[i] > 0 {
			list[i].Mean = said[i] / float64(n[i])
			ece += math.Abs(said[i]-float64(spam[i])) / float64(len(samples))
		}
	}
	return list, ece
}

// rank walks from the likeliest spam down: the curve, and the area above it.
func (q *Quality) rank(samples []Sample) {
	if q.Spam == 0 || q.Ham == 0 {
		return
	}
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(b.Said, a.Said) })
	pairs := float64(q.Spam) * float64(q.Ham)
	every := max(1, len(samples)/rocPoints)
	lost, caught, wrong := 0, 0, 0.0
	q.ROC = []Point{{}}
	for i, drawn := 0, 0; i < len(sorted); {
		ham, spam := 0, 0
		for said := sorted[i].Said; i < len(sorted) && cmp.Compare(sorted[i].Said, said) == 0; i++ { // NaN, too
			if sorted[i].Spam {
				spam++
			} else {
				ham++
			}
		}
		wrong += float64(ham) * (float64(q.Spam-caught-spam) + float64(spam)/2)
		lost, caught = lost+ham, caught+spam
		if i-drawn >= every || i == len(sorted) {
			drawn = i
			q.ROC = append(q.ROC, Point{Lost: float64(lost) / float64(q.Ham),
				Caught: float64(caught) / float64(q.Spam)})
		}
	}
	q.Above = 100 * wrong / pairs
}

func answer(spam bool) float64 {
	if spam {
		return 1
	}
	return 0
}

func square(x float64) float64 { return x * x }
