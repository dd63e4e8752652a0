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

// A confusable holds the English and the Russian letter that a character looks like, or 0.
type confusable struct{ latin, cyrillic rune }

// confusables lists the characters that look like letters. Its first lines name its source.
//
//go:embed confusables.txt
var confusables string

// confusableMap parses confusables into a map by character.
var confusableMap = sync.OnceValue(func() map[rune]confusable {
	all := map[rune]confusable{}
	_, table, _ := strings.Cut(confusables, "terms_of_use.html\n")
	for entry := range strings.FieldsSeq(table) {
		runes := []rune(strings.ReplaceAll(entry, "-", "\x00"))
		n := len(runes) - 2
		point, err := strconv.ParseUint(string(runes[:n]), 16, 32)
		if err != nil {
			panic(err) // the file is generated and tested
		}
		all[rune(point)] = confusable{runes[n], runes[n+1]}
	}
	return all
})

// unusual lists scripts that hardly any comments are written in. Their words are also read as the letters that they
// look like.
var unusual = []*unicode.RangeTable{
	unicode.Cherokee, unicode.Lisu,
	unicode.Lycian, unicode.Carian, unicode.Elbasan, unicode.Old_Italic, unicode.Runic, unicode.Gothic,
	unicode.Deseret, unicode.Osage, unicode.Warang_Citi, unicode.Miao, unicode.Bamum, unicode.Ahom, unicode.Coptic,
	unicode.Lydian, unicode.Ogham, unicode.Caucasian_Albanian, unicode.Old_Permic, unicode.Vithkuqi,
}

// uncommonLetter is the negation of keyboardLetter.
func uncommonLetter(r rune) bool { return !keyboardLetter(r) }

// keyboardLetter reports whether r is a letter or sign of the keyboards for English, Russian and Kazakh.
func keyboardLetter(r rune) bool {
	switch {
	case r < 0x80, 0x410 <= r && r <= 0x44F:
		return true
	case r == 'ё', r == 'Ё', r == 'і', r == 'І', r == 'ә', r == 'Ә', r == 'ғ', r == 'Ғ', r == 'қ', r == 'Қ', r == 'ң',
		r == 'Ң', r == 'ө', r == 'Ө', r == 'ұ', r == 'Ұ', r == 'ү', r == 'Ү', r == 'һ', r == 'Һ':
		return true
	}
	return false
}

// undisguise adds the words that people see in a chunk with letters of other alphabets, in addition to the typed words.
// It also adds the 4-grams of these words, so that a word with one more letter is recognised. Text in one living
// alphabet has no such words.
func (r *reader) undisguise(chunk string, home script) {
	var letters [otherScript + 1]int // keyboard letters, by script
	odd, marked, flags, rare := 0, 0, 0, 0
	for _, c := range chunk {
		if keyboardLetter(c) {
			letters[scriptOf(c)]++
		} else if _, ok := confusableMap()[c]; ok {
			odd++
			if hasMark(c) || c == 'ı' && r.turkic {
				marked++
			}
			if unicode.In(c, unusual...) {
				rare++
			}
			if unicode.Is(unicode.Regional_Indicator, c) {
				flags++
			}
		}
	}
	usual := letters[latin] + letters[cyrillic]
	switch {
	case odd == 0, odd == flags && flags < 3: // 🇰🇿
		return
	case odd == marked && (odd <= usual || odd < 3): // çok, über, kůň
		return
	case usual == 0 && rare == 0 && odd != marked && r.otherAlphabet(): // ένα, in Greek
		return
	}
	to := latin
	if letters[cyrillic] > letters[latin] || letters[cyrillic] == letters[latin] && home == cyrillic {
		to = cyrillic
	}
	r.readAs(to, chunk, home)
	if home != noScript && home != to && odd > usual { // too few letters of the keyboard to tell
		r.readAs(home, chunk, home)
	}
}

// readAs adds the words of a chunk in the letters of a script that its characters look like.
func (r *reader) readAs(to script, chunk string, home script) {
	r.plain = r.plain[:0]
	var bars []int // positions of characters that look like I, l and 1; they were read as l
	for _, c := range chunk {
		if t, ok := confusableMap()[c]; ok && !keyboardLetter(c) {
			if c = t.in(to); c == 'l' {
				bars = append(bars, len(r.plain))
			}
		}
		r.plain = append(r.plain, c)
	}
	r.addSeenWords(r.plain, home)
	if bars == nil {
		return
	}
	for _, at := range bars {
		r.plain[at] = 'i'
	}
	r.addSeenWords(r.plain, home)
}

// in returns the letter of a script that the character looks like, or else the letter of the other script.
func (t confusable) in(to script) rune {
	if to == latin {
		return cmp.Or(t.latin, t.cyrillic)
	}
	return cmp.Or(t.cyrillic, lookAlike(t.latin, cyrillic))
}

// asScript returns the letter of a script that r looks like, or r.
func asScript(r rune, to script) rune {
	if t, ok := confusableMap()[r]; ok && !keyboardLetter(r) && lookAlike(r, to) == r {
		return t.in(to)
	}
	return lookAlike(r, to)
}

// hasMark reports whether c is a letter with a diacritical mark, as in many living alphabets.
func hasMark(c rune) bool {
	switch {
	case c == 'ı':
		return false
	case c < 0x180, c == 'ə', c == 'Ə', 0x450 <= c && c <= 0x45F, c == 0x4C1, c == 0x4C2, 0x4D0 <= c && c <= 0x4F9,
		0x1E00 <= c && c <= 0x1E99, 0x1EA0 <= c && c <= 0x1EF9:
		return unicode.IsLetter(c)
	}
	return c < 0x250 && norm.NFD.String(string(c)) != string(c)
}

// otherAlphabet reports whether most letters of the comment are neither Latin nor Cyrillic. Disguises imitate only
// these.
func (r *reader) otherAlphabet() bool {
	n := &r.shape.scripts
	return n[greek]+n[otherScript] > n[latin]+n[cyrillic]
}

// addSeenWords adds the words of an undisguised text and their 4-grams.
func (r *reader) addSeenWords(text []rune, home script) {
	var seen disguises
	for len(text) > 0 {
		end := 0
		for end < len(text) && wordRune(text[end]) {
			end++
		}
		if end >= 2 {
			r.addSeenWord(foldWord(nil, text[:end], home, &seen))
		}
		text = text[max(end, 1):]
	}
}

// addSeenWord adds an undisguised word and its 4-grams.
func (r *reader) addSeenWord(word []rune) {
	r.shape.seenWords++
	w := string(word[:min(len(word), maxWord)])
	r.put(kindWord, "", w)
	padded := " " + w + " "
	for from, to := range table.Grams([]byte(padded)) {
		r.put(kindGram, "", padded[from:to])
	}
}

// joinSpaced removes the separators between the letters of spaced words: one sign, or white space of one kind where
// other or more white space separates the words. Examples: "v.i.a.g.r.a", "b o n u s  n o w". It sets found if it
// removed any.
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

// joinWord appends to b the word at the start of s without its separators, if its letters are spaced, else its first
// letter. It returns the number of bytes read.
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

// looksSpaced reports whether s has three single letters in a row with one character between them.
func looksSpaced(s string) bool {
	single := 0 // letters in such a row; the last one may still begin a word
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

// repeatsLetter reports whether a word has a letter three times or more in a row.
func repeatsLetter(word []rune) bool {
	same := 1
	for i := 1; i < len(word); i++ {
		if lower(word[i]) != lower(word[i-1]) {
			same = 1
		} else if same++; same == 3 && unicode.IsLetter(word[i]) {
			return true
		}
	}
	return false
}

// collapseRepeats appends a word to dst without repeated letters. Each letter appears once; if all letters are
// repeated, its number of repetitions is divided by that of the least repeated one and rounded.
func collapseRepeats(dst, word []rune) []rune {
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
