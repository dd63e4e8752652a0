package classifier

import (
	"cmp"
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fingerprints. Of two texts as alike as longFrom says, 32 bands of 2 meet with probability 0.999.
const (
	minima       = 64
	bands        = 32
	shingleRunes = 4
	nearLetters  = 22 // shorter texts are the same or not, never nearly
	ownLetters   = 12 // shorter texts are not the same when their links differ
	longLetters  = 60
	nearFrom     = 0.5  // similarity of duplicates
	longFrom     = 0.45 // the same where both are long: they have less in common by chance
)

// A Fingerprint recognises a text that came before, whole or nearly so and whatever its disguise. It belongs to one
// TokeniserVersion.
type Fingerprint struct {
	Exact   uint64         // of the words, and whether there are links
	Letters int            // and digits
	Minima  [minima]uint32 // MinHash of the runs of four characters of its outline
}

// FingerprintOf returns a comment's, as Read(c).Fingerprint() does, and makes no tokens for it.
func FingerprintOf(c Comment) Fingerprint {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.reset()
	r.textOnly = true
	r.fold(c.Text)
	return Document{text: string(r.text), folded: len(r.text), asides: r.asides}.Fingerprint()
}

// Fingerprint returns the document's.
func (d Document) Fingerprint() Fingerprint {
	var f Fingerprint
	for i := range f.Minima {
		f.Minima[i] = ^uint32(0)
	}
	whole, text := d.said(true), d.said(false)
	own := countLetters(text)
	if own >= ownLetters && len(d.asides) > 0 {
		f.Exact = hashOf(kindHost, []byte(text)) // with a link, whichever
	} else {
		f.Exact = hashOf(0, []byte(whole))
	}
	if f.Letters = own; own < nearLetters {
		text = whole
		f.Letters = countLetters(whole)
	}
	text = outline(text)
	var run [shingleRunes]int // where the last characters begin
	n := 0
	for i := range text + "." { // the last one ends where the sign begins
		if n >= shingleRunes {
			f.add([]byte(text[run[n%shingleRunes]:i]))
		}
		run[n%shingleRunes] = i
		n++
	}
	return f
}

// outline leaves of a text what is hard to disguise: no spaces, and one sign for the letters that one digit is written
// for, so that it matters neither which was meant nor that it was. Letters that only Kazakh has keep apart.
func outline(text string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' {
			return -1
		}
		return cmp.Or(outlines[c], c)
	}, text)
}

var outlines = pairs("o0 о0 i1 і1 e3 е3 з3 a4 а4 ч4 s5 ѕ5 б6 t7")

// said returns the words and emoji of the folded text, with or without links and mentions. Other signs come and go from
// copy to copy; they count only where there is nothing else.
func (d Document) said(asides bool) string {
	var text strings.Builder
	keep := func(part string) {
		for w := range strings.FieldsSeq(part) {
			if c, _ := utf8.DecodeRuneInString(w); wordRune(c) || isEmoji(c) {
				text.WriteString(w)
				text.WriteByte(' ')
			}
		}
	}
	at := 0
	if !asides {
		for _, l := range d.asides {
			keep(d.text[at:l[0]])
			at = l[1]
		}
	}
	keep(d.text[at:d.folded])
	if asides && text.Len() == 0 {
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

// add takes one shingle into the minima, each under a permutation that knows nothing of the others: no shingle is the
// least under many of them.
func (f *Fingerprint) add(shingle []byte) {
	h, by := hashOf(0, shingle), uint64(0)
	for i := range f.Minima {
		by += 0x9E3779B97F4A7C15
		f.Minima[i] = min(f.Minima[i], uint32(mix(h^by)>>32))
	}
}

// Similarity is about the share of four-character runs that the texts have in common: 1 for the same folded text, 0
// where one of the two is too short to tell.
func (f Fingerprint) Similarity(g Fingerprint) float64 {
	if f.Exact == g.Exact {
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

// A Sketch is four bits of each of a Fingerprint's minima: what many are compared by first, for it is small.
type Sketch [minima / 16]uint64

// Sketch returns f's.
func (f *Fingerprint) Sketch() (s Sketch) {
	for i, m := range f.Minima {
		s[i/16] |= uint64(m&15) << (4 * (i % 16))
	}
	return s
}

// Far reports that texts with these sketches are surely no duplicates, if they are not the very same: fewer of their
// minima can be the same than Duplicate asks for.
func (s Sketch) Far(t Sketch) bool {
	same := minima
	for i := range s {
		differ := (s[i] ^ t[i]) | (s[i]^t[i])>>2
		same -= bits.OnesCount64((differ | differ>>1) & 0x1111_1111_1111_1111)
	}
	return float64(same)/minima < min(nearFrom, longFrom)
}

// Duplicate reports whether the texts are the same or nearly so.
func (f Fingerprint) Duplicate(g Fingerprint) bool {
	if min(f.Letters, g.Letters) >= longLetters {
		return f.Similarity(g) >= longFrom
	}
	return f.Similarity(g) >= nearFrom
}

// Bands are what near-duplicates are found by: two of them share at least one, nearly always.
// A text that is too short to be nearly the same as another has none.
func (f Fingerprint) Bands() []uint64 {
	if f.Letters < nearLetters {
		return nil
	}
	out := make([]uint64, bands)
	for i := range out {
		out[i] = mix(uint64(i)<<56 ^ mix(uint64(f.Minima[2*i])<<32|uint64(f.Minima[2*i+1])))
	}
	return out
}
