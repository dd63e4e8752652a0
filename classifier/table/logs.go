package table

import "math"

// Logs computes ln(n+by) for counts n, with a table of the first ones.
type Logs struct {
	by    float64
	first [1024]float64 // ln(n+by) for n < 1024
}

// NewLogs returns the Logs with the pseudocount by.
func NewLogs(by float64) *Logs {
	l := &Logs{by: by}
	for i := range l.first {
		l.first[i] = math.Log(float64(i) + by)
	}
	return l
}

// By returns the pseudocount.
func (l *Logs) By() float64 { return l.by }

// Of returns ln(n+by).
func (l *Logs) Of(n uint32) float64 {
	if n < uint32(len(l.first)) {
		return l.first[n]
	}
	return math.Log(float64(n) + l.by)
}
