package classifier

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier/table"
)

// minOwnLetters is the minimum number of letters outside links at which Exact ignores which links a text has. A quoting
// text with fewer letters of its own keeps its quotes.
const minOwnLetters = 12

// anyLink is the salt of the hash of a text without its links.
const anyLink = byte('h')

// A Fingerprint recognises equal and nearly equal texts. A Sketch is a small form of it for a first comparison.
type (
	Fingerprint = table.Fingerprint
	Sketch      = table.Sketch
)

// FingerprintOf returns the fingerprint of a comment. It is a faster Read(c).Fingerprint().
func FingerprintOf(c Comment) Fingerprint {
	own, _ := withoutQuotes(c.Text)
	return fingerprintOf(own)
}

// withoutQuotes removes the quoted lines of a Markdown text, and reports whether there are any. Different remarks about
// one paragraph that they all quote are no duplicates. A text that quotes and says hardly anything of its own is kept.
func withoutQuotes(text string) (own string, quotes bool) {
	if !strings.Contains(text, ">") {
		return text, false
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if indented := strings.TrimLeft(line, " "); strings.HasPrefix(indented, ">") && len(line)-len(indented) < 4 {
			quotes = true
		} else {
			b.WriteString(line)
		}
	}
	if !quotes || countLetters(b.String()) < minOwnLetters {
		return text, false
	}
	return b.String(), true
}

func fingerprintOf(text string) Fingerprint {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.reset()
	r.textOnly = true
	r.fold(text)
	return Document{text: string(r.text), folded: len(r.text), linkSpans: r.linkSpans}.Fingerprint()
}

// Fingerprint returns the document's fingerprint.
func (d Document) Fingerprint() (f Fingerprint) {
	if d.unquoted != nil {
		return *d.unquoted
	}
	whole := d.wordsText(true)
	text := whole
	if len(d.linkSpans) > 0 {
		text = d.wordsText(false)
	}
	own := countLetters(text)
	if own >= minOwnLetters && len(d.linkSpans) > 0 {
		f.Exact = table.Hash(anyLink, []byte(text)) // the text with any link
	} else {
		f.Exact = table.Hash(kind(0), []byte(whole))
	}
	if f.Letters = own; own < table.NearLetters {
		text = whole
		f.Letters = countLetters(whole)
	}
	said := []byte(outline(text))
	shingles := make([]uint64, 0, len(said))
	for from, to := range table.Grams(said) {
		shingles = append(shingles, table.Hash(byte(0), said[from:to]))
	}
	f.Fill(shingles)
	return f
}

// outline returns the features of a text that are hard to disguise. It removes spaces and replaces letters with the
// digit that is written for them. Letters that only Kazakh has stay.
func outline(text string) string {
	return strings.Map(func(c rune) rune {
		if c == ' ' {
			return -1
		}
		return cmp.Or(outlines[c], c)
	}, text)
}

var outlines = pairs("o0 о0 i1 і1 e3 е3 з3 a4 а4 ч4 s5 ѕ5 б6 t7")

// wordsText returns the words and emoji of the folded text, with or without links and mentions. It omits other signs,
// which vary between copies, unless there is nothing else.
func (d Document) wordsText(asides bool) string {
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
		for _, l := range d.linkSpans {
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

// countLetters counts letters and digits. Characters of two columns count twice.
func countLetters(s string) (n int) {
	for i, c := range s {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			_, columns := table.Extent(s[i])
			n += columns
		}
	}
	return n
}

// copies recognises near-duplicate lessons, so that a campaign of a thousand comments counts as one lesson. It stores
// half the bands of each lesson's fingerprint, hashed with the label: the same text with another label is a correction,
// not a copy.
type copies struct{ bands table.Table[struct{}] }

const (
	copyBands    = table.Bands / 2 // bands stored of a lesson
	minCopyBands = 10              // known bands that make a copy; texts of similarity 0.8 have as many
)

// add stores a lesson and reports whether it is a near-duplicate of earlier ones. Short texts never are, because many
// commenters write "thank you" independently.
func (c *copies) add(d Document, l Label) bool {
	own := d.Fingerprint().Bands()
	if own == nil {
		return false
	}
	known := 0
	own = own[:copyBands]
	for i, b := range own {
		own[i] = max(1, table.Mix(b^uint64(l)))
		if _, ok := c.bands.Get(own[i]); ok {
			known++
		}
	}
	if known >= minCopyBands {
		return true
	}
	for _, b := range own {
		c.bands.At(b)
	}
	return false
}
