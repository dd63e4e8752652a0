package table

import "math"

// Logs are logarithms of counts that are smoothed: raised by the same.
type Logs struct {
	by    float64
	first [1024]float64 // of the first counts
}

// NewLogs returns those of counts raised by so much.
func NewLogs(by float64) *Logs {
	l := &Logs{by: by}
	for i := range l.first {
		l.first[i] = math.Log(float64(i) + by)
	}
	return l
}

// By is what counts are raised by.
func (l *Logs) By() float64 { return l.by }

// Of returns the natural logarithm of a count.
func (l *Logs) Of(n uint32) float64 {
	if n < uint32(len(l.first)) {
		return l.first[n]
	}
	return math.Log(float64(n) + l.by)
}
