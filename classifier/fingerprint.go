package classifier

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fingerprints. Of two texts as alike as duplicateFrom says, 32 bands of 2 meet with
// probability 0.9999.
const (
	minima        = 64
	bands         = 32
	shingleRunes  = 5
	nearLetters   = 24 // shorter texts are the same or not, never nearly
	duplicateFrom = 0.5
)

// A Fingerprint recognises a text that came before, whole or nearly so and whatever its
// disguise. It belongs to one TokeniserVersion.
type Fingerprint struct {
	Exact   uint64         // of the folded text
	Letters int            // and digits
	Minima  [minima]uint32 // MinHash of the runs of five characters
}

// Fingerprint returns the document's.
func (d Document) Fingerprint() Fingerprint {
	var f Fingerprint
	for i := range f.Minima {
		f.Minima[i] = ^uint32(0)
	}
	whole := d.said(true)
	f.Exact = hashOf(0, []byte(whole))
	text := d.said(false)
	if f.Letters = countLetters(text); f.Letters < nearLetters {
		text = whole
		f.Letters = countLetters(whole)
	}
	var run [shingleRunes]int // where the last characters begin
	n := 0
	for i := range text {
		if n >= shingleRunes {
			f.add([]byte(text[run[n%shingleRunes]:i]))
		}
		run[n%shingleRunes] = i
		n++
	}
	if n >= shingleRunes {
		f.add([]byte(text[run[n%shingleRunes]:]))
	}
	return f
}

// said returns the words of the folded text, with or without those of links. Signs come and go
// from copy to copy; they count only where there is nothing else.
func (d Document) said(links bool) string {
	var text strings.Builder
	keep := func(part string) {
		for w := range strings.FieldsSeq(part) {
			if c, _ := utf8.DecodeRuneInString(w); wordRune(c) {
				text.WriteString(w)
				text.WriteByte(' ')
			}
		}
	}
	at := 0
	if !links {
		for _, l := range d.links {
			keep(d.text[at:l[0]])
			at = l[1]
		}
	}
	keep(d.text[at:d.folded])
	if links && text.Len() == 0 {
		return d.text[:d.folded]
	}
	return text.String()
}

func countLetters(s string) (n int) {
	for _, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			n++
		}
	}
	return n
}

// add takes one shingle into the minima, each under a permutation of its own.
func (f *Fingerprint) add(shingle []byte) {
	h := hashOf(0, shingle)
	step := mix(h) | 1
	for i := range f.Minima {
		h += step
		f.Minima[i] = min(f.Minima[i], uint32((h*0x9E3779B97F4A7C15)>>32))
	}
}

// Similarity is about the share of five-character runs that the texts have in common: 1 for
// the same folded text, 0 where one of the two is too short to tell.
func (f Fingerprint) Similarity(g Fingerprint) float64 {
	if f.Exact == g.Exact && f.Letters == g.Letters {
		return 1
	}
	if f.Letters < nearLetters || g.Letters < nearLetters {
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

// Duplicate reports whether the texts are the same or nearly so.
func (f Fingerprint) Duplicate(g Fingerprint) bool { return f.Similarity(g) >= duplicateFrom }

// Bands are what near-duplicates are found by: two of them share at least one, nearly always.
// A text that is too short to be nearly the same as another has none.
func (f Fingerprint) Bands() []uint64 {
	if f.Letters < nearLetters {
		return nil
	}
	all := f.bands()
	return all[:]
}

func (f Fingerprint) bands() (out [bands]uint64) {
	for i := range out {
		out[i] = mix(uint64(i)<<56 ^ mix(uint64(f.Minima[2*i])<<32|uint64(f.Minima[2*i+1])))
	}
	return out
}
