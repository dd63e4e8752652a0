package evaluation

import (
	"cmp"
	"math"
	"slices"
)

// A Sample is a predicted probability of spam, and the truth.
type Sample struct {
	Predicted float64
	Spam      bool
}

// A Share is a proportion with its 95 % confidence interval, Low to High. If Of is 0, Value is 0 and the interval is 0
// to 1.
type Share struct {
	Part, Of         int
	Value, Low, High float64
}

// A Cut is the confusion matrix at one threshold: a comment is classified as spam if its probability is at least At.
type Cut struct {
	At             float64
	TruePositives  int   // spam classified as spam (true positives)
	FalseNegatives int   // spam classified as ham (false negatives)
	FalsePositives int   // ham classified as spam (false positives)
	TrueNegatives  int   // ham classified as ham (true negatives)
	Precision      Share // share of spam among what is classified as spam
	Recall         Share // share of the spam that is classified as spam
	HamLost        Share // share of the ham that is classified as spam
}

// A Bin counts the comments with probabilities between From and To, and the share of spam among them.
type Bin struct {
	From, To float64
	Mean     float64 // mean of the predictions
	Spam     Share
}

// A Point is a point of the ROC curve: the shares of ham and of spam that are classified as spam at some threshold.
type Point struct{ FalsePositiveRate, TruePositiveRate float64 }

// A Quality measures predictions against the truth.
type Quality struct {
	Spam, Ham int
	// Brier is the mean squared error of the predictions, 0 to 1 (Brier, Verification of forecasts expressed in terms of
	// probability, 1950).
	Brier float64
	// ECE is the expected calibration error, 0 to 1: the mean difference between predictions and outcomes in the Bins,
	// weighted by bin size (Naeini, Cooper and Hauskrecht, Obtaining well calibrated probabilities, 2015).
	ECE float64
	// AreaAbove is (1-ROCA)%, the area above the ROC curve in percent: how often a random ham has a higher probability than a
	// random spam, with ties counting half (Cormack and Lynam, TREC 2005 spam track overview). It is 0 without pairs.
	AreaAbove float64
	ROC       []Point // from (0, 0) to (1, 1); at most rocPoints points and the two ends
	Bins      []Bin   // ten bins of equal width
	Cuts      []Cut   // at the requested thresholds
}

const (
	bins      = 10
	rocPoints = 100
)

// Measure compares predictions with the truth, at the given thresholds.
func Measure(samples []Sample, cuts ...float64) Quality {
	var q Quality
	for _, s := range samples {
		if s.Spam {
			q.Spam++
		} else {
			q.Ham++
		}
		q.Brier += square(s.Predicted - answer(s.Spam))
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

// CutAt returns the confusion matrix at one threshold.
func CutAt(samples []Sample, at float64) Cut {
	c := Cut{At: at}
	for _, s := range samples {
		switch called := s.Predicted >= at; {
		case called && s.Spam:
			c.TruePositives++
		case called:
			c.FalsePositives++
		case s.Spam:
			c.FalseNegatives++
		default:
			c.TrueNegatives++
		}
	}
	c.Precision = ShareOf(c.TruePositives, c.TruePositives+c.FalsePositives)
	c.Recall = ShareOf(c.TruePositives, c.TruePositives+c.FalseNegatives)
	c.HamLost = ShareOf(c.FalsePositives, c.FalsePositives+c.TrueNegatives)
	return c
}

// ShareOf returns a proportion with its Wilson score interval, which is valid for small numbers and for 0 (Wilson,
// Probable inference, the law of succession, and statistical inference, 1927).
func ShareOf(part, of int) Share {
	s := Share{Part: part, Of: of, High: 1}
	if of == 0 {
		return s
	}
	const z = 1.959964 // two-sided 95 %
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

// calibration sorts samples into bins, and returns these and the expected calibration error.
func calibration(samples []Sample) (list []Bin, ece float64) {
	var n, spam [bins]int
	var said [bins]float64
	for _, s := range samples {
		i := min(max(int(s.Predicted*bins), 0), bins-1)
		n[i]++
		said[i] += s.Predicted
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

// rank computes the ROC curve and the area above it, from the highest prediction down.
func (q *Quality) rank(samples []Sample) {
	if q.Spam == 0 || q.Ham == 0 {
		return
	}
	sorted := slices.Clone(samples)
	slices.SortFunc(sorted, func(a, b Sample) int { return cmp.Compare(b.Predicted, a.Predicted) })
	pairs := float64(q.Spam) * float64(q.Ham)
	every := max(1, len(samples)/rocPoints)
	lost, caught, wrong := 0, 0, 0.0
	q.ROC = []Point{{}}
	for i, drawn := 0, 0; i < len(sorted); {
		ham, spam := 0, 0
		for said := sorted[i].Predicted; i < len(sorted) && cmp.Compare(sorted[i].Predicted, said) == 0; i++ { // NaN equals NaN here
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
			q.ROC = append(q.ROC, Point{FalsePositiveRate: float64(lost) / float64(q.Ham),
				TruePositiveRate: float64(caught) / float64(q.Spam)})
		}
	}
	q.AreaAbove = 100 * wrong / pairs
}

func answer(spam bool) float64 {
	if spam {
		return 1
	}
	return 0
}

func square(x float64) float64 { return x * x }
