package classifier

import (
	"cmp"
	_ "embed"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aitys/aitys/classifier/table"
)

// A twin is what a character looks like: a letter of English, one of Russian, or 0.
type twin struct{ latin, cyrillic rune }

// confusables says which characters look like which letters; its first lines say where it is from.
//
//go:embed confusables.txt
var confusables string

// twins are the characters of confusables.
var twins = sync.OnceValue(func() map[rune]twin {
	all := map[rune]twin{}
	_, table, _ := strings.Cut(confusables, "terms_of_use.html\n")
	for entry := range strings.FieldsSeq(table) {
		runes := []rune(strings.ReplaceAll(entry, "-", "\x00"))
		n := len(runes) - 2
		point, err := strconv.ParseUint(string(runes[:n]), 16, 32)
		if err != nil {
			panic(err) // the table is made, and tested
		}
		all[rune(point)] = twin{runes[n], runes[n+1]}
	}
	return all
})

// dead are alphabets that nobody writes comments in: their letters stand for others.
var dead = []*unicode.RangeTable{
	unicode.Lycian, unicode.Carian, unicode.Elbasan, unicode.Old_Italic, unicode.Runic, unicode.Gothic,
	unicode.Deseret, unicode.Osage, unicode.Warang_Citi, unicode.Miao, unicode.Bamum, unicode.Ahom, unicode.Coptic,
	unicode.Lydian, unicode.Ogham, unicode.Caucasian_Albanian, unicode.Old_Permic, unicode.Vithkuqi,
}

func oddLetter(r rune) bool { return !plainLetter(r) }

// plainLetter reports the letters and signs of the keyboards for English, Russian and Kazakh.
func plainLetter(r rune) bool {
	switch {
	case r < 0x80, 0x410 <= r && r <= 0x44F:
		return true
	case r == 'ё', r == 'Ё', r == 'і', r == 'І', r == 'ә', r == 'Ә', r == 'ғ', r == 'Ғ', r == 'қ', r == 'Қ', r == 'ң',
		r == 'Ң', r == 'ө', r == 'Ө', r == 'ұ', r == 'Ұ', r == 'ү', r == 'Ү', r == 'һ', r == 'Һ':
		return true
	}
	return false
}

// undisguise adds the words that a reader sees in a chunk which has letters of other alphabets, beside those
// that stand in it: also their 4-grams, in which a word is known that has one letter more. What is written in
// a living alphabet alone stays itself.
func (r *reader) undisguise(chunk string, home script) {
	var letters [otherScript + 1]int // of those that are not odd
	odd, marked, ancient := 0, 0, 0
	for _, c := range chunk {
		if plainLetter(c) {
			letters[scriptOf(c)]++
		} else if _, ok := twins()[c]; ok {
			odd++
			if withMark(c) || c == 'ı' && r.turkic {
				marked++
			}
			if unicode.In(c, dead...) {
				ancient++
			}
		}
	}
	usual := letters[latin] + letters[cyrillic]
	switch {
	case odd == 0:
		return
	case odd == marked && (odd <= usual || odd < 3): // çok, über, kůň
		return
	case usual == 0 && ancient == 0 && odd != marked && r.foreign(): // ένα, in Greek
		return
	}
	to := latin
	if letters[cyrillic] > letters[latin] || letters[cyrillic] == letters[latin] && home == cyrillic {
		to = cyrillic
	}
	r.plain = r.plain[:0]
	var bars []int // where what looks like I, l and 1 alike was read as l
	for _, c := range chunk {
		if t, ok := twins()[c]; ok && !plainLetter(c) {
			if c = t.in(to); c == 'l' {
				bars = append(bars, len(r.plain))
			}
		}
		r.plain = append(r.plain, c)
	}
	r.seeWords(r.plain, home)
	if bars == nil {
		return
	}
	for _, at := range bars {
		r.plain[at] = 'i'
	}
	r.seeWords(r.plain, home)
}

// in is the letter of a script that a character with a twin is read as, or else that of the other.
func (t twin) in(to script) rune {
	if to == latin {
		return cmp.Or(t.latin, t.cyrillic)
	}
	return cmp.Or(t.cyrillic, lookAlike(t.latin, cyrillic))
}

// asWritten is the letter of a script that a character in a word of it looks like, or the character.
func asWritten(r rune, to script) rune {
	if t, ok := twins()[r]; ok && !plainLetter(r) && lookAlike(r, to) == r {
		return t.in(to)
	}
	return lookAlike(r, to)
}

// withMark reports letters with marks, which living alphabets have many of.
func withMark(c rune) bool {
	switch {
	case c == 'ı':
		return false
	case c < 0x180, c == 'ə', c == 'Ə', 0x450 <= c && c <= 0x45F, c == 0x4C1, c == 0x4C2, 0x4D0 <= c && c <= 0x4F9,
		0x1E00 <= c && c <= 0x1E99, 0x1EA0 <= c && c <= 0x1EF9:
		return unicode.IsLetter(c)
	}
	return c < 0x250 && norm.NFD.String(string(c)) != string(c)
}

// foreign reports whether most of the comment is in no alphabet that disguises imitate.
func (r *reader) foreign() bool {
	n := &r.shape.scripts
	return n[greek]+n[otherScript] > n[latin]+n[cyrillic]
}

// seeWords adds the words of a text that does not stand in the comment, and their 4-grams.
func (r *reader) seeWords(text []rune, home script) {
	var seen disguises
	for len(text) > 0 {
		end := 0
		for end < len(text) && wordRune(text[end]) {
			end++
		}
		if end >= 2 {
			r.see(foldWord(nil, text[:end], home, &seen))
		}
		text = text[max(end, 1):]
	}
}

// see adds a word that a reader sees, and its 4-grams.
func (r *reader) see(word []rune) {
	r.shape.twins++
	w := string(word[:min(len(word), maxWord)])
	r.put(kindWord, "", w)
	padded := " " + w + " "
	for from, to := range table.Runs([]byte(padded)) {
		r.put(kindGram, "", padded[from:to])
	}
}

// joinSpaced takes out what was put between each two letters of a word: white space of one kind, where words are
// apart by another or by more of it, or a sign. "v.i.a.g.r.a", "b o n u s  n o w".
func joinSpaced(s string, found *bool) string {
	if !looksSpaced(s) {
		return s
	}
	b, in := make([]byte, 0, len(s)), false
	for i := 0; i < len(s); {
		_, size, n := next(s, i)
		if n&ofWord != 0 && !in {
			b, size = joinWord(b, s[i:], found)
		} else {
			b = append(b, s[i:i+size]...)
		}
		in = n&ofWord != 0
		i += size
	}
	return string(b)
}

// joinWord appends the word that s begins with if it is spelt, or else its first letter, and returns how long that was.
func joinWord(b []byte, s string, found *bool) ([]byte, int) {
	_, first := utf8.DecodeRuneInString(s)
	b = append(b, s[:first]...)
	start, end, letters, kind := len(b), first, 1, rune(0)
	for {
		filler, gap := utf8.DecodeRuneInString(s[end:])
		if filler > 0xA0 && unicode.IsSpace(filler) {
			filler = 0x2009 // all rare spaces are one
		}
		letter, size := utf8.DecodeRuneInString(s[end+gap:])
		after, _ := utf8.DecodeRuneInString(s[end+gap+size:])
		if letters > 1 && filler != kind || strings.ContainsRune("'’@", filler) ||
			wordRune(filler) || !wordRune(letter) || wordRune(after) {
			break
		}
		b = append(b, s[end+gap:end+gap+size]...)
		end, letters, kind = end+gap+size, letters+1, filler
	}
	if letters < 2 || letters < 3 && kind != 0x2009 || letters < 4 && kind == ' ' {
		return b[:start], first
	}
	*found = true
	return b, end
}

// looksSpaced reports whether three single letters stand somewhere with one character between each two.
func looksSpaced(s string) bool {
	single := 0 // letters in such a row, of which the last may yet turn out to begin a word
	letters, others := 0, 2
	for i := 0; i < len(s); {
		_, size, n := next(s, i)
		i += size
		if n&ofWord != 0 {
			if letters++; letters == 1 && others == 1 {
				single++
			} else {
				single = 1
			}
			if letters > 1 {
				single = 0
			}
			others = 0
			continue
		}
		if letters == 1 && single >= 3 {
			return true
		}
		others++
		letters = 0
	}
	return letters == 1 && single >= 3
}

// oddities reports whether a word has a letter that is held down, three times or more, and a character that may be
// a bar read as l.
func oddities(word []rune) (held, bars bool) {
	same := 1
	for i, c := range word {
		if bars = bars || barAt(word, i); i == 0 {
			continue
		}
		if lower(c) != lower(word[i-1]) {
			same = 1
		} else if same++; same == 3 && unicode.IsLetter(c) {
			held = true
		}
	}
	return held, bars
}

// barAt reports whether a character is likely to be a bar that is read as l: a digit among letters, or a capital I
// within a word or before a vowel.
func barAt(word []rune, i int) bool {
	switch word[i] {
	case '1':
		return len(word) > 2 && unicode.IsLetter(word[len(word)-1])
	case 'I', 'І', 'Ӏ':
		return i+1 < len(word) && lower(word[i+1]) == word[i+1] && (i > 0 || strings.ContainsRune("aeouаеоу", word[1]))
	}
	return false
}

// barred writes a word with its bars read as l.
func barred(dst, word []rune) []rune {
	for i, c := range word {
		if barAt(word, i) {
			c = 'l'
		}
		dst = append(dst, c)
	}
	return dst
}

// drawn writes a word with letters that are held down as it is meant: each letter once, or as often as the least of
// them, where all are held.
func drawn(dst, word []rune) []rune {
	least := len(word)
	runs := func(each func(r rune, n int)) {
		for i := 0; i < len(word); {
			n := 1
			for i+n < len(word) && lower(word[i+n]) == lower(word[i]) {
				n++
			}
			each(word[i], n)
			i += n
		}
	}
	runs(func(r rune, n int) {
		if unicode.IsLetter(r) {
			least = min(least, n)
		}
	})
	runs(func(r rune, n int) {
		times := 1
		if least > 1 {
			times = (n + least/2) / least
		}
		for range max(times, 1) {
			dst = append(dst, r)
		}
	})
	return dst
}
