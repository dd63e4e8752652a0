package table_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier/table"
)

// The estimates are compared with the known similarity of random sets of shingles.
func TestFingerprint_EstimatesSimilarity(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func(n int) (all []uint64) {
		for range n {
			all = append(all, random.Uint64())
		}
		return all
	}
	of := func(shingles ...[]uint64) (f table.Fingerprint) {
		f.Letters, f.Exact = table.LongLetters, random.Uint64()
		f.Fill(slices.Concat(shingles...))
		return f
	}
	for _, size := range []int{12, 19, 64, 65, 300, 10_000} {
		for _, want := range []float64{0, 0.25, 0.5, 0.75, 1} {
			const tries = 200
			sum, squares := 0.0, 0.0
			common := int(math.Round(float64(size) * want)) // shared shingles of size in the union
			is := float64(common) / float64(size)
			for range tries {
				both, left := some(common), size-common
				a, b := of(some(left/2), both), of(both, some(left-left/2))
				off := a.Similarity(b) - is
				sum, squares = sum+off, squares+off*off
			}
			// The standard error is at most that of 64 independent permutations, √(J(1−J)/64).
			deviation := math.Sqrt(is * (1 - is) / 64)
			if mean := sum / tries; math.Abs(mean) > 4*deviation/math.Sqrt(tries)+1e-9 {
				t.Errorf("of %d shingles %d are in common: off by %.4f in the mean", size, common, mean)
			}
			if got := math.Sqrt(squares / tries); got > 1.15*deviation+1e-9 {
				t.Errorf("of %d shingles %d are in common: off by %.4f, want at most %.4f", size, common, got, deviation)
			}
		}
	}
}

func TestFill_IgnoresOrderAndRepetition(t *testing.T) {
	for _, n := range []uint64{1, 5, 100} {
		var once, again []uint64
		for i := range n {
			once = append(once, table.Mix(i))
		}
		for range 3 {
			again = append(again, once...)
		}
		slices.Reverse(again)
		var f, g table.Fingerprint
		f.Fill(once)
		if g.Fill(again); f != g {
			t.Errorf("%d shingles said three times make other minima", n)
		}
		if slices.Contains(f.Minima[:], ^uint32(0)) {
			t.Errorf("of %d shingles not all minima are filled", n)
		}
	}
}
