package classifier

import (
	"math/bits"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// lower is a faster unicode.ToLower for the letters of English, Russian and Kazakh and for characters without case.
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
	case 0x48A <= r && r <= 0x4BF, 0x4D0 <= r && r <= 0x52F: // upper and lower case alternate
		return r | 1
	case propsOf(r)&cased == 0:
		return r
	}
	return unicode.ToLower(r)
}

func upper(r rune) bool { return propsOf(r)&capital != 0 }

// wordRune reports whether r is a letter, a digit or a combining mark.
func wordRune(r rune) bool { return propsOf(r)&ofWord != 0 }

func scriptOf(r rune) script       { return propsOf(r).script() }
func (n runeProps) script() script { return script(bits.Len16(uint16(n & ofScript))) }

// runeProps is the set of properties of a character that Read needs. One look-up replaces many tests.
type runeProps uint16

const (
	inLatin runeProps = 1 << iota // a bit for each script, in the order of the scripts
	inCyrillic
	inGreek
	inOther
	capital
	cased // has another lower case
	ofWord
	odd      // see uncommonLetter
	rare     // see offKeyboard
	loose    // a combining mark or an invisible character; dropMarks handles it
	ofScript = inLatin | inCyrillic | inGreek | inOther
)

// lowProps holds the properties of the characters below U+0500. propPages holds those of the others, 256 to a page; a
// page is computed at the first look-up in it.
var (
	lowProps = func() (n [0x500]runeProps) {
		for r := range n {
			n[r] = computeProps(rune(r))
		}
		return n
	}()
	propPages [unicode.MaxRune>>8 + 1]atomic.Pointer[[0x100]runeProps]
)

// propsOf returns the properties of r. It is computeProps with a cache, and safe for concurrent use.
func propsOf(r rune) runeProps {
	if r < rune(len(lowProps)) {
		return lowProps[r]
	}
	page := propPages[r>>8].Load()
	if page == nil {
		page = new([0x100]runeProps)
		for i := range page {
			page[i] = computeProps(r&^0xFF + rune(i))
		}
		propPages[r>>8].Store(page)
	}
	return page[r&0xFF]
}

func computeProps(r rune) (n runeProps) {
	is := func(yes bool, what runeProps) {
		if yes {
			n |= what
		}
	}
	s := scriptByBlock(r)
	is(s != noScript, 1<<s>>1)
	is(unicode.IsUpper(r), capital)
	is(unicode.ToLower(r) != r, cased)
	is(unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r), ofWord)
	is(uncommonLetter(r), odd)
	is(offKeyboard(r), rare)
	is(offKeyboard(r) && (hidden(r) || accent(r) || unicode.Is(unicode.Mn, r)), loose)
	return n
}

// next returns the character of s at i, its length in bytes and its properties. s must be valid UTF-8.
func next(s string, i int) (r rune, size int, n runeProps) {
	c := s[i]
	if c < utf8.RuneSelf {
		return rune(c), 1, lowProps[c]
	}
	if 0xC2 <= c && c <= 0xD3 && i+1 < len(s) {
		r = rune(c&0x1F)<<6 | rune(s[i+1]&0x3F)
		return r, 2, lowProps[r]
	}
	r, size = utf8.DecodeRuneInString(s[i:])
	return r, size, propsOf(r)
}
