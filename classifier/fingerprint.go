package classifier

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier/table"
)

// ownLetters: shorter texts are not the same when their links differ.
const ownLetters = 12

// A Fingerprint recognises a text that came before, and a Sketch is what many are compared by first.
type (
	Fingerprint = table.Fingerprint
	Sketch      = table.Sketch
)

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
func (d Document) Fingerprint() (f Fingerprint) {
	whole := d.said(true)
	text := whole
	if len(d.asides) > 0 {
		text = d.said(false)
	}
	own := countLetters(text)
	if own >= ownLetters && len(d.asides) > 0 {
		f.Exact = table.Hash(kindHost, []byte(text)) // with a link, whichever
	} else {
		f.Exact = table.Hash(kind(0), []byte(whole))
	}
	if f.Letters = own; own < table.NearLetters {
		text = whole
		f.Letters = countLetters(whole)
	}
	said := []byte(outline(text))
	shingles := make([]uint64, 0, len(said))
	for from, to := range table.Runs(said) {
		shingles = append(shingles, table.Hash(byte(0), said[from:to]))
	}
	f.Fill(shingles)
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

// countLetters counts letters and digits, and what takes two columns twice.
func countLetters(s string) (n int) {
	for i, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			_, columns := table.Extent(s[i])
			n += columns
		}
	}
	return n
}
