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

// plain takes markup and entities out of a comment and writes compatibility forms (full-width,
// mathematical and circled letters, ligatures) as the letters they stand for. href receives the
// addresses of tags. Accents typed as marks of their own are dropped: no keyboard types them,
// disguises are made of them. й, ё, ї and ў are letters and come together again.
// It surveys what it returns.
func plain(s string, href func(string), h *shape) (text string, natures nature) {
	h.disguises = disguises{}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if strings.IndexByte(s, '<') >= 0 {
		s, h.html = stripTags(s, href)
	}
	if strings.IndexByte(s, '&') >= 0 {
		s = html.UnescapeString(s)
	}
	natures = h.survey(s)
	was := s
	if natures&loose != 0 {
		s = dropMarks(asSeen(s), &h.disguises)
	}
	s = joinSpaced(s, &h.spaced) // before a rare space becomes any other
	if natures&rare != 0 {
		s = composed(s)
	}
	if s != was {
		natures = h.survey(s)
	}
	return s, natures
}

// composed writes s in normal form KC. Most words of a comment are in it: they are not looked at twice.
func composed(s string) string {
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

// unkeyed reports the characters that keyboards for English, Russian and Kazakh do not type. Those that they do
// are as they should be.
func unkeyed(r rune) bool { return r >= 0xA0 && (r < 0x400 || 0x483 <= r && r < 0x48A || r > 0x52F) }

// space is unicode.IsSpace, which takes its time over other letters than English ones.
func space(r rune) bool { return (r < 0x100 || r >= 0x1680) && unicode.IsSpace(r) }

// disguises counts what only those who hide something type.
type disguises struct {
	hidden, accents, mixed, leet int
	html, spaced                 bool
}

// maxTag is how far a tag may reach; a longer one is text.
const maxTag = 2048

// stripTags replaces everything that looks like a tag with a space, except addresses in angle brackets.
func stripTags(s string, href func(string)) (string, bool) {
	var b strings.Builder
	found := false
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
		found = true
		if at := strings.Index(s[:end], "href="); at >= 0 {
			address, _, _ := strings.Cut(strings.TrimLeft(s[at+len("href="):end], `"' `), `"`)
			address, _, _ = strings.Cut(address, "'")
			href(address)
		}
		b.WriteByte(' ')
		s = s[end+1:]
	}
	b.WriteString(s)
	return b.String(), found
}

func isASCIILetter(c byte) bool { c |= 0x20; return 'a' <= c && c <= 'z' }

// hidden reports characters without a picture: zero-width ones, direction marks, variation
// selectors, soft hyphens, tags.
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

// accent reports the combining marks that disguises are made of. Vowel signs of other scripts are not among them.
func accent(r rune) bool {
	return 0x300 <= r && r <= 0x36F || 0x483 <= r && r <= 0x489 || 0x1AB0 <= r && r <= 0x1AFF ||
		0x1DC0 <= r && r <= 0x1DFF || 0x20D0 <= r && r <= 0x20FF || 0xFE20 <= r && r <= 0xFE2F
}

// withoutMarks reports scripts whose letters need no marks of other blocks: vowel signs of others are their text.
func withoutMarks(s script) bool { return s == latin || s == cyrillic || s == greek }

// An override of the direction, and its end.
const rightToLeft, endOfDirection = '\u202E', '\u202C'

// asSeen turns round what stands between a right-to-left override and its end.
func asSeen(s string) string {
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

func dropMarks(s string, seen *disguises) string {
	b, last := make([]byte, 0, len(s)), rune(0)
	for _, r := range s {
		switch {
		case !unkeyed(r):
		case hidden(r):
			// The emoji keyboard itself types joiners and variation selectors.
			if r != 0x200D && (r < 0xFE00 || r > 0xFE0F) {
				seen.hidden++
			}
			continue
		case accent(r), unicode.Is(unicode.Mn, r) && withoutMarks(scriptOf(last)):
			whole := joined[[2]rune{last, r}]
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

// joined are letters that come as a base and a mark, too.
var joined = map[[2]rune]rune{
	{'и', 0x306}: 'й', {'И', 0x306}: 'Й', {'у', 0x306}: 'ў', {'У', 0x306}: 'Ў',
	{'е', 0x308}: 'ё', {'Е', 0x308}: 'Ё', {'і', 0x308}: 'ї', {'І', 0x308}: 'Ї',
}

// script is what a letter belongs to, as far as look-alikes go.
type script uint8

const (
	noScript script = iota
	latin
	cyrillic
	greek
	otherScript
)

// scriptByBlock is scriptOf, from which it is looked up.
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
		return latin // phonetic letters: disguises, nearly always
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

// foldWord writes a word in lower case and undoes disguises: look-alikes of another script in
// words that mix scripts, digits for letters, letters held down. It appends to dst.
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
			r = asWritten(r, target)
		}
		r = lower(r)
		if n := len(dst); n-start >= 2 && dst[n-1] == r && dst[n-2] == r && !unicode.IsDigit(r) {
			continue
		}
		dst = append(dst, r)
	}
	return dst
}

func mainScript(has [otherScript + 1]int) script {
	switch {
	case has[cyrillic] > 0 && has[cyrillic] >= has[latin]:
		return cyrillic
	case has[latin] > 0:
		return latin
	}
	return noScript
}

// wordScript decides which script a mixed word is meant in: the one of its letters that have
// no look-alike in the other, then the one of the text around it.
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
