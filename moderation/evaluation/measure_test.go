package evaluation_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/aitys/aitys/moderation/evaluation"
)

func near(got, want float64) bool { return math.Abs(got-want) < 1e-9 }

// Two ham and two spam, computed by hand.
var four = []evaluation.Sample{{Predicted: 0.1}, {Predicted: 0.6}, {Predicted: 0.4, Spam: true}, {Predicted: 0.9, Spam: true}}

func TestMeasure_HandComputed(t *testing.T) {
	q := evaluation.Measure(four, 0.5, 0.95)
	if q.Spam != 2 || q.Ham != 2 {
		t.Errorf("%d spam and %d ham, want 2 and 2", q.Spam, q.Ham)
	}
	if want := (0.01 + 0.36 + 0.36 + 0.01) / 4; !near(q.Brier, want) {
		t.Errorf("Brier %v, want %v", q.Brier, want)
	}
	if want := (0.1 + 0.6 + 0.6 + 0.1) / 4; !near(q.ECE, want) {
		t.Errorf("ECE %v, want %v", q.ECE, want)
	}
	// Of the four pairs, only one is misordered: the ham with 0.6 and the spam with 0.4.
	if !near(q.AreaAbove, 25) {
		t.Errorf("(1-ROCA)%% %v, want 25", q.AreaAbove)
	}
	c := q.Cuts[0]
	if c.At != 0.5 || c.TruePositives != 1 || c.FalseNegatives != 1 || c.FalsePositives != 1 || c.TrueNegatives != 1 {
		t.Errorf("at 0.5: %+v, want one of each", c)
	}
	if c.Precision.Value != 0.5 || c.Recall.Value != 0.5 || c.HamLost.Value != 0.5 {
		t.Errorf("at 0.5: %+v, want halves", c)
	}
	if none := q.Cuts[1]; none.Precision.Of != 0 || none.Precision.Value != 0 || none.Precision.High != 1 ||
		none.Recall.Value != 0 {
		t.Errorf("at 0.95: %+v, want nothing called spam", none)
	}
	for i, b := range q.Bins {
		if want := map[int]int{1: 1, 6: 1, 4: 1, 9: 1}[i]; b.Spam.Of != want || !near(b.From, float64(i)/10) ||
			!near(b.To, float64(i+1)/10) {
			t.Errorf("bin %d: %+v, want %d in it", i, b, want)
		}
	}
	if len(q.Bins) != 10 || !near(q.Bins[9].Mean, 0.9) || q.Bins[9].Spam.Part != 1 {
		t.Errorf("bins: %+v", q.Bins)
	}
	want := []evaluation.Point{{}, {FalsePositiveRate: 0, TruePositiveRate: 0.5}, {FalsePositiveRate: 0.5, TruePositiveRate: 0.5}, {FalsePositiveRate: 0.5, TruePositiveRate: 1},
		{FalsePositiveRate: 1, TruePositiveRate: 1}}
	if len(q.ROC) != len(want) {
		t.Fatalf("ROC %v, want %v", q.ROC, want)
	}
	for i := range want {
		if q.ROC[i] != want[i] {
			t.Errorf("ROC %v, want %v", q.ROC, want)
		}
	}
}

func TestMeasure_TiesCountHalf(t *testing.T) {
	for _, tt := range []struct {
		name    string
		samples []evaluation.Sample
		want    float64
	}{
		{"all the same", []evaluation.Sample{{Predicted: 0.5}, {Predicted: 0.5, Spam: true}, {Predicted: 0.5}}, 50},
		{"the wrong way round", []evaluation.Sample{{Predicted: 1}, {Predicted: 0, Spam: true}}, 100},
		{"the right way round", []evaluation.Sample{{Predicted: 0}, {Predicted: 1, Spam: true}}, 0},
		{"one tie of two pairs", []evaluation.Sample{{Predicted: 0.2}, {Predicted: 0.7}, {Predicted: 0.7, Spam: true}}, 25},
		{"no ham", []evaluation.Sample{{Predicted: 0.2, Spam: true}}, 0},
		{"nothing", nil, 0},
	} {
		q := evaluation.Measure(tt.samples, 0.5)
		if !near(q.AreaAbove, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, q.AreaAbove, tt.want)
		}
		if math.IsNaN(q.Brier + q.ECE + q.AreaAbove) {
			t.Errorf("%s: %+v", tt.name, q)
		}
	}
}

// The definition of the area, over all pairs.
func TestROCArea_CountsMisorderedPairs(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		samples := make([]evaluation.Sample, 2+rnd.IntN(60))
		for i := range samples {
			samples[i] = evaluation.Sample{Predicted: float64(rnd.IntN(12)) / 11, Spam: rnd.IntN(3) == 0}
		}
		wrong, pairs := 0.0, 0.0
		for _, h := range samples {
			for _, s := range samples {
				if h.Spam || !s.Spam {
					continue
				}
				pairs++
				if h.Predicted > s.Predicted {
					wrong++
				} else if h.Predicted == s.Predicted {
					wrong += 0.5
				}
			}
		}
		if pairs == 0 {
			continue
		}
		q := evaluation.Measure(samples)
		if want := 100 * wrong / pairs; !near(q.AreaAbove, want) {
			t.Fatalf("%v: %v, want %v", samples, q.AreaAbove, want)
		}
		last := q.ROC[len(q.ROC)-1]
		if q.ROC[0] != (evaluation.Point{}) || last != (evaluation.Point{FalsePositiveRate: 1, TruePositiveRate: 1}) {
			t.Fatalf("the curve goes from %v to %v", q.ROC[0], last)
		}
	}
}

func TestROC_LimitsPoints(t *testing.T) {
	samples := make([]evaluation.Sample, 20_000)
	for i := range samples {
		samples[i] = evaluation.Sample{Predicted: float64(i) / 20_000, Spam: i%3 == 0}
	}
	if n := len(evaluation.Measure(samples).ROC); n < 50 || n > 102 {
		t.Errorf("%d points, want about a hundred", n)
	}
}

func TestShareOf_WilsonBounds(t *testing.T) {
	for _, tt := range []struct {
		part, of  int
		low, high float64
	}{
		{0, 0, 0, 1},
		{0, 20, 0, 0.16113},
		{20, 20, 0.83887, 1},
		{5, 10, 0.23659, 0.76341},
		{1, 100, 0.00177, 0.05449},
	} {
		s := evaluation.ShareOf(tt.part, tt.of)
		if math.Abs(s.Low-tt.low) > 1e-4 || math.Abs(s.High-tt.high) > 1e-4 {
			t.Errorf("%d of %d: %.5f to %.5f, want %.5f to %.5f", tt.part, tt.of, s.Low, s.High, tt.low, tt.high)
		}
	}
}

func TestMeasure_AnySamples(t *testing.T) {
	odd := []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, 2, 0, 1, 0.5, math.NaN()}
	var samples []evaluation.Sample
	for i, said := range odd {
		samples = append(samples, evaluation.Sample{Predicted: said, Spam: i%2 == 0}, evaluation.Sample{Predicted: said})
	}
	q := evaluation.Measure(samples, 0.5)
	in := 0
	for _, b := range q.Bins {
		in += b.Spam.Of
	}
	if in != len(samples) || q.Spam+q.Ham != len(samples) || q.AreaAbove < 0 || q.AreaAbove > 100 {
		t.Errorf("%d of %d in bins: %+v", in, len(samples), q)
	}
}
