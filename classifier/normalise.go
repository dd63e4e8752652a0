package classifier

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/aitys/aitys/classifier/address"
)

// normalise returns a comment's text without markup, entities, invisible characters and disguising accents, in Unicode
// normal form KC (full-width, mathematical and circled letters and ligatures become plain letters). It calls href with
// the addresses of tags. Combining accents are dropped, because keyboards do not type them and disguises consist of
// them; those of й, ё, ї and ў are composed. h receives the measures of the returned text.
func normalise(s string, href func(string), h *shape) (text string, natures runeProps) {
	h.disguises = disguises{}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, '<') >= 0 {
		s = stripTags(s, href)
	}
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	natures = h.measure(s)
	was := s
	if natures&loose != 0 {
		s = dropMarks(visualOrder(s), &h.disguises)
	}
	s = joinSpaced(s, &h.spaced) // before NFKC makes plain spaces of rare ones
	if natures&rare != 0 {
		s = nfkc(strings.Map(withoutParentheses, s))
	}
	if s != was {
		natures = h.measure(s)
	}
	return s, natures
}

// nfkc returns s in normal form KC. It only converts the words that have characters off the keyboard.
func nfkc(s string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		_, size, n := next(s, i)
		if n&rare == 0 {
			i += size
			continue
		}
		from, to := strings.LastIndexByte(s[:i], ' ')+1, len(s)
		if n := strings.IndexByte(s[i:], ' '); n >= 0 {
			to = i + n + 1
		}
		if word := s[from:to]; !norm.NFKC.IsNormalString(word) {
			b.WriteString(s[done:from])
			b.WriteString(norm.NFKC.String(word))
			done = to
		}
		i = to
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// withoutParentheses returns the letter of a parenthesised one, such as ⒜, and any other character unchanged. Its
// normal form KC would be three characters.
func withoutParentheses(r rune) rune {
	if offKeyboard(r) && !unicode.IsLetter(r) {
		if form := norm.NFKC.String(string(r)); len(form) == 3 && form[0] == '(' && form[2] == ')' {
			return rune(form[1])
		}
	}
	return r
}

// offKeyboard reports whether r is outside ASCII and Cyrillic. The characters inside are in normal form KC already.
func offKeyboard(r rune) bool {
	return r >= 0xA0 && (r < 0x400 || 0x483 <= r && r < 0x48A || r > 0x52F)
}

// space is a faster unicode.IsSpace.
func space(r rune) bool { return (r < 0x100 || r >= 0x1680) && unicode.IsSpace(r) }

// disguises counts typing habits that hide words from a filter: invisible characters, combining accents, words of mixed
// scripts, digits for letters, and spaced letters.
type disguises struct {
	hidden, accents, mixed, leet int
	spaced                       bool
}

// maxTag is the maximum length of a tag in bytes. A longer one is text.
const maxTag = 2048

// stripTags replaces everything that looks like a tag with a space, except addresses in angle brackets. It calls href
// with the value of each href attribute.
func stripTags(s string, href func(string)) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := -1
		if len(s) > 1 && (s[1] == '/' || s[1] == '!' || isASCIILetter(s[1])) {
			end = strings.IndexByte(s[:min(len(s), maxTag)], '>')
		}
		if end < 0 {
			b.WriteByte('<')
			s = s[1:]
			continue
		}
		if links := address.Find(s[1:end]); len(links) == 1 && links[0].From == 0 && links[0].To == end-1 {
			b.WriteString(" " + s[1:end] + " ") // Markdown: <https://a.example>
			s = s[end+1:]
			continue
		}
		if at := strings.Index(s[:end], "href="); at >= 0 {
			href(hrefOf(s[at+len("href=") : end]))
		}
		b.WriteByte(' ')
		s = s[end+1:]
	}
	b.WriteString(s)
	return b.String()
}

// hrefOf returns the address at the start of the rest of a tag after href=.
func hrefOf(rest string) string {
	rest = strings.TrimLeft(rest, `"' `)
	if end := strings.IndexAny(rest, "\"' \n\t"); end >= 0 {
		rest = rest[:end]
	}
	if strings.HasPrefix(rest, "//") {
		return "https:" + rest
	}
	return rest
}

func isASCIILetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

// hidden reports whether r is invisible: a zero-width character, direction mark, variation selector, soft hyphen or
// tag.
func hidden(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case r == 0xAD, r == 0x34F, r == 0x61C, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5,
		0x180B <= r && r <= 0x180F, 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E,
		0x2060 <= r && r <= 0x206F, r == 0x3164, 0xFE00 <= r && r <= 0xFE0F, r == 0xFEFF,
		r == 0xFFA0, 0xFFF0 <= r && r <= 0xFFFB, 0xE0000 <= r && r <= 0xE0FFF:
		return true
	}
	return false
}

// accent reports whether r is a combining mark of the blocks that disguises use. Vowel signs of other scripts are not.
func accent(r rune) bool {
	return 0x300 <= r && r <= 0x36F || 0x483 <= r && r <= 0x489 || 0x1AB0 <= r && r <= 0x1AFF ||
		0x1DC0 <= r && r <= 0x1DFF || 0x20D0 <= r && r <= 0x20FF || 0xFE20 <= r && r <= 0xFE2F
}

// needsNoMarks reports whether the letters of s need no combining marks of other blocks. Other scripts write vowels
// with such marks.
func needsNoMarks(s script) bool { return s == latin || s == cyrillic || s == greek }

// RIGHT-TO-LEFT OVERRIDE and POP DIRECTIONAL FORMATTING.
const rightToLeft, endOfDirection = '\u202E', '\u202C'

// visualOrder reverses the text between a right-to-left override and its end, as it is displayed.
func visualOrder(s string) string {
	if !strings.ContainsRune(s, rightToLeft) {
		return s
	}
	var b, turned []rune
	inside := false
	flush := func() {
		slices.Reverse(turned)
		b, turned, inside = append(b, turned...), turned[:0], false
	}
	for _, r := range s {
		switch {
		case r == rightToLeft:
			flush()
			inside = true
		case inside && (r == endOfDirection || r == '\n'):
			flush()
			b = append(b, r)
		case inside:
			turned = append(turned, r)
		default:
			b = append(b, r)
		}
	}
	flush()
	return string(b)
}

// dropMarks removes invisible characters and disguising accents from s, and counts them in seen.
func dropMarks(s string, seen *disguises) string {
	b, last := make([]byte, 0, len(s)), rune(0)
	for _, r := range s {
		switch {
		case !offKeyboard(r):
		case hidden(r):
			// Emoji keyboards type joiners and variation selectors.
			if r != 0x200D && (r < 0xFE00 || r > 0xFE0F) {
				seen.hidden++
			}
			continue
		case accent(r), unicode.Is(unicode.Mn, r) && needsNoMarks(scriptOf(last)):
			whole := precomposed[[2]rune{last, r}]
			if whole == 0 {
				if r != 0x20E3 { // the keycap of an emoji
					seen.accents++
				}
				continue
			}
			b = b[:len(b)-utf8.RuneLen(last)]
			r = whole
		}
		b = utf8.AppendRune(b, r)
		last = r
	}
	return string(b)
}

// precomposed maps a letter and a combining mark to their composed letter.
var precomposed = map[[2]rune]rune{
	{'и', 0x306}: 'й', {'И', 0x306}: 'Й', {'у', 0x306}: 'ў', {'У', 0x306}: 'Ў',
	{'е', 0x308}: 'ё', {'Е', 0x308}: 'Ё', {'і', 0x308}: 'ї', {'І', 0x308}: 'Ї',
}

// script is the alphabet of a letter, as far as it matters for look-alikes.
type script uint8

const (
	noScript script = iota
	latin
	cyrillic
	greek
	otherScript
)

// scriptByBlock returns the script of r by its Unicode block. scriptOf is the faster look-up of its results.
func scriptByBlock(r rune) script {
	switch {
	case r < 0x80:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return latin
		}
		return noScript
	case 0x400 <= r && r <= 0x52F:
		return cyrillic
	case r < 0x250:
		if unicode.IsLetter(r) {
			return latin
		}
		return noScript
	case r < 0x2B0:
		return latin // phonetic letters, which are nearly always disguises
	case 0x370 <= r && r <= 0x3FF:
		return greek
	case 0x1D00 <= r && r <= 0x1D7F, 0x1E00 <= r && r <= 0x1EFF, 0x2C60 <= r && r <= 0x2C7F, 0xA720 <= r && r <= 0xA7FF:
		return latin
	case 0x1C80 <= r && r <= 0x1C8F, 0xA640 <= r && r <= 0xA69F:
		return cyrillic
	case 0x1F00 <= r && r <= 0x1FFF:
		return greek
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return otherScript
	}
	return noScript
}

// foldWord appends a word to dst in lower case and without disguises: look-alikes of another script in a word that
// mixes scripts, digits for letters, and more than two equal letters in a row. home is the main script of the text.
func foldWord(dst, word []rune, home script, seen *disguises) []rune {
	var has [otherScript + 1]int
	for _, r := range word {
		has[scriptOf(r)]++
	}
	target := noScript
	if has[latin] > 0 && has[cyrillic]+has[greek] > 0 || has[cyrillic] > 0 && has[greek] > 0 {
		target = wordScript(word, has, home)
		seen.mixed++
	}
	leet := false
	if n := len(word) - has[noScript]; n >= 2 && n < len(word) {
		main := target
		if main == noScript {
			main = mainScript(has)
		}
		if leet = digitsAreLetters(word, main); leet {
			target = main
			seen.leet++
		}
	}
	start := len(dst)
	for i, r := range word {
		if leet && scriptOf(r) == noScript {
			if target == cyrillic {
				r = cyrillicLeet(r, dst[start:], word[i+1:])
			} else {
				r = latinLeet(r)
			}
		}
		if target != noScript {
			r = asScript(r, target)
		}
		r = lower(r)
		if n := len(dst); n-start >= 2 && dst[n-1] == r && dst[n-2] == r && !unicode.IsDigit(r) {
			continue
		}
		dst = append(dst, r)
	}
	return dst
}

// mainScript returns cyrillic or latin, whichever has more letters, or noScript.
func mainScript(has [otherScript + 1]int) script {
	switch {
	case has[cyrillic] > 0 && has[cyrillic] >= has[latin]:
		return cyrillic
	case has[latin] > 0:
		return latin
	}
	return noScript
}

// wordScript returns the intended script of a word that mixes scripts: that of the letters without a look-alike in the
// other script, else that of the text around it.
func wordScript(word []rune, has [otherScript + 1]int, home script) script {
	onlyLatin, onlyCyrillic := 0, 0
	for _, r := range word {
		switch scriptOf(r) {
		case latin:
			if lookAlike(r, cyrillic) == r {
				onlyLatin++
			}
		case cyrillic:
			if lookAlike(r, latin) == r {
				onlyCyrillic++
			}
		}
	}
	switch {
	case onlyCyrillic > onlyLatin:
		return cyrillic
	case onlyLatin > onlyCyrillic:
		return latin
	case home == cyrillic || home == latin:
		return home
	}
	return mainScript(has)
}
