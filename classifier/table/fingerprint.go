package table

import (
	"math/bits"
	"slices"
)

// Fingerprints. Of two texts as alike as longFrom says, 32 bands of 2 meet with probability
// 0.999.
const (
	minima      = 64
	Bands       = 32
	NearLetters = 22 // shorter texts are the same or not, never nearly
	LongLetters = 60
	NearFrom    = 0.5  // similarity of duplicates
	longFrom    = 0.45 // the same where both are long: they have less in common by chance
)

// A Fingerprint recognises a text that came before, whole or nearly so and whatever its
// disguise. It belongs to one TokeniserVersion.
type Fingerprint struct {
	Exact   uint64         // of the words, and whether there are links
	Letters int            // and digits; ideographs and syllables count twice
	Minima  [minima]uint32 // MinHash of the runs of four columns of its outline, see Fill
}

// Fill makes the minima of the hashes of a text's shingles, which it may put into another order. Each shingle is thrown
// at one of them in a round, with a value that is less the earlier the round and else by chance, until none is left
// blank; after 64 rounds they are filled one by one. Two texts then have as large a share of them in common, and with
// no more variance, as with a permutation of all shingles for each, for 64 times fewer hashes where there are many:
// Dahlgaard, Knudsen, Thorup, Fast Similarity Sketching, FOCS 2017.
func (f *Fingerprint) Fill(shingles []uint64) {
	for i := range f.Minima {
		f.Minima[i] = blank
	}
	left := minima
	for round := 0; round < 2*minima && left > 0; round++ {
		if round == 2 { // what is said again and again fills nothing
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
			if old == blank {
				left--
			}
			f.Minima[at] = value
		}
	}
}

// blank is a minimum of no shingle.
const blank = ^uint32(0)

// Similarity is about the share of four-character runs that the texts have in common: 1 for
// the same folded text, 0 where one of the two is too short to tell.
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

// A Sketch is four bits of each of a Fingerprint's minima: what many are compared by first, for it is small.
type Sketch [minima / 16]uint64

// Sketch returns f's.
func (f *Fingerprint) Sketch() (s Sketch) {
	for i, m := range f.Minima {
		s[i/16] |= uint64(m&15) << (4 * (i % 16))
	}
	return s
}

// Same is the most minima that texts with these sketches can have in common, if they are not the very same; far: these
// are fewer than Duplicate asks for.
func (s Sketch) Same(t Sketch) (same int, far bool) {
	same = minima
	for i := range s {
		differ := (s[i] ^ t[i]) | (s[i]^t[i])>>2
		same -= bits.OnesCount64((differ | differ>>1) & 0x1111_1111_1111_1111)
	}
	return same, float64(same)/minima < min(NearFrom, longFrom)
}

// Duplicate reports whether the texts are the same or nearly so.
func (f Fingerprint) Duplicate(g Fingerprint) bool {
	if min(f.Letters, g.Letters) >= LongLetters {
		return f.Similarity(g) >= longFrom
	}
	return f.Similarity(g) >= NearFrom
}

// Bands are what near-duplicates are found by: two of them share at least one, nearly always.
// A text that is too short to be nearly the same as another has none.
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
