package classifier

import "math"

// smooth is the count of a token in lessons that never had it. Without it one rare word would
// outweigh everything; where it is much less than this, a few wrong labels do more harm.
const smooth = 0.2

var logs = func() (t [1024]float64) {
	for i := range t {
		t[i] = math.Log(float64(i) + smooth)
	}
	return t
}()

func logCount(n uint32) float64 {
	if n < uint32(len(logs)) {
		return logs[n]
	}
	return math.Log(float64(n) + smooth)
}

// ratio is what a token says for yes against no, in nats: the smoothed logarithm of how much
// more often it was in lessons of yes, the less sure the fewer lessons had it. base is that of
// the lessons.
func ratio(yes, no uint32, base float64) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (logCount(yes) - logCount(no) + base) * (n / (n + 1))
}

// ratioBase is ln(lessons of no) - ln(lessons of yes), smoothed.
func ratioBase(yes, no uint32) float64 {
	return math.Log(float64(no)+2*smooth) - math.Log(float64(yes)+2*smooth)
}

// sigmoid is exactly 0.5 at 0.
func sigmoid(z float64) float64 { return 1 / (1 + math.Exp(-z)) }
