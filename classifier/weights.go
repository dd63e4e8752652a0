package classifier

import (
	"math"
	"slices"
)

// entry is what a model knows of one token: the counts, copied from the store, and the weight
// of the logistic regression with the sum of squares that slows its steps.
type entry struct {
	hash   uint64
	n      tally
	weight float32
	square float32
}

// weights is a table of entries by hash, at most half full, so that judging a document reads
// one cache line a token.
type weights struct {
	slots []entry // hash 0: free
	used  int
}

// find returns the entry of hash, or nil.
func (w *weights) find(hash uint64) *entry {
	if w.used == 0 {
		return nil
	}
	mask := uint64(len(w.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		if e := &w.slots[i]; e.hash == hash {
			return e
		} else if e.hash == 0 {
			return nil
		}
	}
}

// ensure returns the entry of hash, made where there was none. It is valid until the next ensure.
func (w *weights) ensure(hash uint64) *entry {
	if 3*w.used >= 2*len(w.slots) {
		w.grow()
	}
	mask := uint64(len(w.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		e := &w.slots[i]
		if e.hash == 0 {
			e.hash = hash
			w.used++
		}
		if e.hash == hash {
			return e
		}
	}
}

func (w *weights) grow() {
	old := w.slots
	w.slots = make([]entry, max(256, 2*len(old)))
	mask := uint64(len(w.slots) - 1)
	for _, e := range old {
		if e.hash == 0 {
			continue
		}
		i := e.hash & mask
		for w.slots[i].hash != 0 {
			i = (i + 1) & mask
		}
		w.slots[i] = e
	}
}

// sorted returns the entries in order of hash: the table's own order depends on its history.
func (w *weights) sorted() []entry {
	out := make([]entry, 0, w.used)
	for _, e := range w.slots {
		if e.hash != 0 {
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b entry) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	return out
}

// Smoothing of the word counts: a token that was in no lesson of a kind counts as 0.3 of one.
const smooth = 0.3

var logs = func() (t [1024]float64) {
	for i := range t {
		t[i] = math.Log(float64(i) + smooth)
	}
	return t
}()

func logCount(n uint32) float64 {
	if int(n) < len(logs) {
		return logs[n]
	}
	return math.Log(float64(n) + smooth)
}

// ratio is what a token says for yes against no, in nats: the smoothed logarithm of how much
// more often it was in lessons of yes, less sure the fewer lessons it was in. base is
// ln(lessons of no + 2·smooth) - ln(lessons of yes + 2·smooth).
func ratio(yes, no uint32, base float64) float64 {
	n := float64(yes) + float64(no)
	if n == 0 {
		return 0
	}
	return (logCount(yes) - logCount(no) + base) * (n / (n + 1))
}

func ratioBase(yes, no uint32) float64 {
	return math.Log(float64(no)+2*smooth) - math.Log(float64(yes)+2*smooth)
}
