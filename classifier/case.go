package classifier

import (
	"unicode"
	"unicode/utf8"
)

// lower is unicode.ToLower, and upper unicode.IsUpper, without a search for the letters of English, Russian and Kazakh.
func lower(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r + 0x20
		}
		return r
	case 0x410 <= r && r <= 0x42F:
		return r + 0x20
	case 0x430 <= r && r <= 0x45F:
		return r
	case 0x48A <= r && r <= 0x4BF, 0x4D0 <= r && r <= 0x52F: // upper and lower in turn
		return r | 1
	}
	return unicode.ToLower(r)
}

func upper(r rune) bool {
	if 0 <= r && r < punctuation {
		return natures[r]&capital != 0
	}
	return unicode.IsUpper(r)
}

// A nature is what reading asks of a character, by one look instead of many.
type nature uint16

const (
	inLatin    nature = 1 << iota // scriptOf says so
	inCyrillic                    // likewise
	capital
	blank
	ofWord   // wordRune
	odd      // oddLetter
	rare     // unkeyed
	loose    // a mark or a character without a picture, which dropMarks looks at
	sign     // gets a trait of its own
	slow     // stands in no chunk that is read by quick
	pointing // . and :, after which a link may go on
	barlike  // I, which may be a bar
)

// natures are those of the characters below punctuation, of two bytes up to 0xD3 and another, and of that block.
var natures = func() (n [punctuation + 0x80]nature) {
	for i := range n {
		if n[i] = natureOf(rune(i)); i >= punctuation {
			n[i] = natureOf(rune(i) - punctuation + 0x2000)
		}
	}
	return n
}()

const punctuation = 0x500 // where natures has general punctuation, dashes and quotes, from U+2000 on

func natureOf(r rune) (n nature) {
	switch {
	case isEmoji(r):
		return odd | rare | slow
	case r == 0xFE0F: // which emoji come with
		return odd | rare | slow | loose | ofWord
	}
	is := func(yes bool, what nature) {
		if yes {
			n |= what
		}
	}
	s := scriptOf(r)
	letter := unicode.IsLetter(r) && plainLetter(r) && wordRune(r)
	is(s == latin, inLatin)
	is(s == cyrillic, inCyrillic)
	is(unicode.IsUpper(r), capital)
	is(space(r), blank)
	is(wordRune(r), ofWord)
	is(oddLetter(r), odd)
	is(unkeyed(r), rare)
	is(unkeyed(r) && (hidden(r) || accent(r) || unicode.Is(unicode.Mn, r)), loose)
	is((unicode.IsPunct(r) || unicode.IsSymbol(r)) && !isEmoji(r) && (r < utf8.RuneSelf || s != cyrillic), sign)
	is(r == '.' || r == ':', pointing)
	is(r == 'I' || r == 'І' || r == 'Ӏ', barlike)
	is(!letter && !(r < utf8.RuneSelf && unicode.IsPunct(r) && r != '@' && r != '/' && r != '\''), slow)
	return n
}

// next returns the character of valid text s at i, its length and nature.
func next(s string, i int) (r rune, size int, n nature) {
	c := s[i]
	if c < utf8.RuneSelf {
		return rune(c), 1, natures[c]
	}
	if 0xC2 <= c && c <= 0xD3 && i+1 < len(s) {
		r = rune(c&0x1F)<<6 | rune(s[i+1]&0x3F)
		return r, 2, natures[r]
	}
	r, size = utf8.DecodeRuneInString(s[i:])
	if r>>7 == 0x2000>>7 {
		return r, size, natures[punctuation+r&0x7F]
	}
	return r, size, natureOf(r)
}
