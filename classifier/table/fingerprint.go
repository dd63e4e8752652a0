package table

import (
	"math/bits"
	"slices"
)

// Parameters of fingerprints. Two texts of similarity longFrom share one of their 32 bands of two minima with
// probability 0.98.
const (
	minima      = 64
	Bands       = 32
	NearLetters = 22   // shorter texts are duplicates only if they are equal
	LongLetters = 60   // letters of a long text
	NearFrom    = 0.5  // least similarity of duplicates
	longFrom    = 0.35 // least similarity of two long duplicates; unrelated long texts stay below 0.25
)

// A Fingerprint recognises equal and nearly equal texts, in disguise too. It is a MinHash sketch. Fingerprints of
// different TokeniserVersions are not comparable.
type Fingerprint struct {
	Exact   uint64         // hash of the words, and of whether there are links
	Letters int            // letters and digits; ideographs and syllables count twice
	Minima  [minima]uint32 // MinHash of the 4-grams of the outline, see Fill
}

// Fill sets the minima from the hashes of a text's shingles. It may reorder shingles.
//
// In each round, each shingle hashes to one minimum and to a value, which is lower in earlier rounds. The lowest value
// stays. The rounds end when all minima are set. After 64 rounds, each round fills one minimum from all shingles. The
// share of equal minima of two texts estimates the Jaccard similarity of their shingles as well as one permutation per
// minimum does, with up to 64 times fewer hashes. This is fast similarity sketching.
//
// Dahlgaard, Knudsen and Thorup, Fast Similarity Sketching, FOCS 2017.
func (f *Fingerprint) Fill(shingles []uint64) {
	for i := range f.Minima {
		f.Minima[i] = unset
	}
	left := minima
	for round := 0; round < 2*minima && left > 0; round++ {
		if round == 2 { // repeated shingles have no effect
			slices.Sort(shingles)
			shingles = slices.Compact(shingles)
		}
		by := uint64(round+1) * 0x9E3779B97F4A7C15
		for _, h := range shingles {
			m := Mix(h ^ by)
			at := int(m >> 58)
			if round >= minima {
				at = round - minima
			}
			value := uint32(round)<<25 | uint32(m)>>7
			old := f.Minima[at]
			if value >= old {
				continue
			}
			if old == unset {
				left--
			}
			f.Minima[at] = value
		}
	}
}

// unset marks a minimum that is not set.
const unset = ^uint32(0)

// Similarity returns an estimate of the Jaccard similarity of the texts' 4-grams. It is 1 for equal texts, and else 0
// if a text is shorter than NearLetters.
func (f Fingerprint) Similarity(g Fingerprint) float64 {
	if f.Exact == g.Exact {
		return 1
	}
	if f.Letters < NearLetters || g.Letters < NearLetters {
		return 0
	}
	same := 0
	for i := range f.Minima {
		if f.Minima[i] == g.Minima[i] {
			same++
		}
	}
	return float64(same) / minima
}

// A Sketch holds four bits of each minimum of a Fingerprint. It is small, for a first comparison with many others.
type Sketch [minima / 16]uint64

// Sketch returns the fingerprint's sketch.
func (f *Fingerprint) Sketch() (s Sketch) {
	for i, m := range f.Minima {
		s[i/16] |= uint64(m&15) << (4 * (i % 16))
	}
	return s
}

// MaxShared returns the maximum number of equal minima of texts with these sketches. far reports that these are too few
// for Duplicate, unless the texts are equal.
func (s Sketch) MaxShared(t Sketch) (same int, far bool) {
	same = minima
	for i := range s {
		differ := (s[i] ^ t[i]) | (s[i]^t[i])>>2
		same -= bits.OnesCount64((differ | differ>>1) & 0x1111_1111_1111_1111)
	}
	return same, float64(same)/minima < min(NearFrom, longFrom)
}

// Duplicate reports whether the texts are equal or nearly equal.
func (f Fingerprint) Duplicate(g Fingerprint) bool {
	if min(f.Letters, g.Letters) >= LongLetters {
		return f.Similarity(g) >= longFrom
	}
	return f.Similarity(g) >= NearFrom
}

// Bands returns hashes by which near-duplicates are found: two near-duplicates share at least one with high probability
// (locality-sensitive hashing). A text shorter than NearLetters has none.
func (f Fingerprint) Bands() []uint64 {
	if f.Letters < NearLetters {
		return nil
	}
	out := make([]uint64, Bands)
	for i := range out {
		out[i] = Mix(uint64(i)<<56 ^ Mix(uint64(f.Minima[2*i])<<32|uint64(f.Minima[2*i+1])))
	}
	return out
}
