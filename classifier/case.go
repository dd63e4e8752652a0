package classifier

import (
	"math/bits"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// lower is unicode.ToLower without a search for the letters of English, Russian and Kazakh, and for what has no case.
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
	case natureAt(r)&cased == 0:
		return r
	}
	return unicode.ToLower(r)
}

func upper(r rune) bool { return natureAt(r)&capital != 0 }

// A wordRune is a letter, a digit or a mark.
func wordRune(r rune) bool { return natureAt(r)&ofWord != 0 }

func scriptOf(r rune) script    { return natureAt(r).script() }
func (n nature) script() script { return script(bits.Len16(uint16(n & ofScript))) }

// A nature is what reading asks of a character, by one look instead of many.
type nature uint16

const (
	inLatin nature = 1 << iota // a bit for each script, in their order
	inCyrillic
	inGreek
	inOther
	capital
	cased // its lower case is another
	blank
	ofWord
	odd      // oddLetter
	rare     // unkeyed
	loose    // a mark or a character without a picture, which dropMarks looks at
	sign     // gets a trait of its own
	slow     // stands in no chunk that is read by quick
	pointing // . and :, after which a link may go on
	barlike  // I, which may be a bar
	ofScript = inLatin | inCyrillic | inGreek | inOther
)

// natures are those of the characters of two bytes up to 0xD3 and another. Those of others, 256 in a row, are
// in pages that are made when the first of them is met.
var (
	natures = func() (n [0x500]nature) {
		for r := range n {
			n[r] = natureOf(rune(r))
		}
		return n
	}()
	pages [unicode.MaxRune>>8 + 1]atomic.Pointer[[0x100]nature]
)

// natureAt is natureOf, looked up.
func natureAt(r rune) nature {
	if r < rune(len(natures)) {
		return natures[r]
	}
	page := pages[r>>8].Load()
	if page == nil {
		page = new([0x100]nature)
		for i := range page {
			page[i] = natureOf(r&^0xFF + rune(i))
		}
		pages[r>>8].Store(page)
	}
	return page[r&0xFF]
}

func natureOf(r rune) (n nature) {
	is := func(yes bool, what nature) {
		if yes {
			n |= what
		}
	}
	s := scriptByBlock(r)
	is(s != noScript, 1<<s>>1)
	is(unicode.IsUpper(r), capital)
	is(unicode.ToLower(r) != r, cased)
	word := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
	is(word, ofWord)
	is(oddLetter(r), odd)
	is(space(r), blank)
	is(unkeyed(r), rare)
	is(unkeyed(r) && (hidden(r) || accent(r) || unicode.Is(unicode.Mn, r)), loose)
	is((unicode.IsPunct(r) || unicode.IsSymbol(r)) && !isEmoji(r) && (r < utf8.RuneSelf || s != cyrillic), sign)
	is(r == '.' || r == ':', pointing)
	is(r == 'I' || r == 'І' || r == 'Ӏ', barlike)
	letter := unicode.IsLetter(r) && plainLetter(r) && word
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
	return r, size, natureAt(r)
}
