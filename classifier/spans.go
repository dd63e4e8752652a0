package classifier

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Span is a word of a text as typed, text[From:To], with its token. It may also be an invisible character between
// words, without a token, unless it is of a kind that pasted text often has.
type Span struct {
	From, To  int
	Token     string // "word:casino", or ""
	Disguises []Disguise
}

// A Disguise is an invisible character, or a letter of another script than its word that looks like Like.
type Disguise struct {
	At   int // offset in the text
	Rune rune
	Like rune // 0 for an invisible character
}

// Spans divides a text into words as Read does, so that evidence can be highlighted in the text. It does not join words
// with spaces between their letters.
func Spans(text string) []Span {
	var h shape
	normalise(text, func(string) {}, &h)
	home := mainScript(h.scripts)
	var spots []Span
	turned := false // the following text is reversed by an override
	flag := false   // the following tags name the flag before them
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		switch {
		case wordRune(r) && !hidden(r):
			n = rawWordEnd(text[at:])
			spots = append(spots, spanOf(text, at, at+n, home, turned))
		case disguising(r):
			turned = r == rightToLeft || turned && r != endOfDirection
			if !flag && !pasted(r) {
				spots = append(spots, Span{From: at, To: at + n, Disguises: []Disguise{{At: at, Rune: r}}})
			}
		}
		turned = turned && r != '\n'
		flag = r == '\U0001F3F4' || flag && disguising(r)
		at += n
	}
	return spots
}

// disguising reports whether r is an invisible character that keyboards do not type. Emoji keyboards type joiners and
// variation selectors.
func disguising(r rune) bool {
	return hidden(r) && r != 0x200D && (r < 0xFE00 || r > 0xFE0F)
}

// pasted reports whether r is an invisible character that pasted texts, names and telephone numbers often have:
// byte-order and zero-width marks, soft hyphens, direction marks except the overrides. It is a disguise only within a
// word.
func pasted(r rune) bool {
	return r == 0xAD || r == 0x61C || 0x200B <= r && r <= 0x200F || 0x202A <= r && r <= endOfDirection ||
		r == 0x2060 || 0x2066 <= r && r <= 0x2069 || r == 0xFEFF
}

// rawWordEnd is wordEnd for a text that may have invisible characters within its words.
func rawWordEnd(s string) int {
	first, _ := utf8.DecodeRuneInString(s)
	end, reach := 0, 0 // reach is end, plus the invisible characters after it
	for i, c := range s {
		size := utf8.RuneLen(c)
		switch {
		case hidden(c):
			reach = i + size
		case i > 0 && wordRune(c) && (ideograph(first) || ideograph(c)):
			return reach // with the invisible characters between the two
		case wordRune(c):
			end, reach = i+size, i+size
		case reach == i && (c == '@' || c == '$' || c == '\'' || c == '’'):
		default:
			return lastAt(s, end)
		}
	}
	return lastAt(s, end)
}

// hasEnding reports whether word is a Latin name with a Cyrillic suffix, which is not a disguise: Telegramға, SMSка.
func hasEnding(word []rune) bool {
	name := max(0, slices.IndexFunc(word, func(r rune) bool { return scriptOf(r) == cyrillic }))
	other := func(r rune) bool { return scriptOf(r) != cyrillic || upper(r) }
	return name >= 2 && len(word)-name >= 2 && !slices.ContainsFunc(word[name:], other)
}

// spanOf returns the span of the word text[from:to]. turned tells that an override reverses it.
func spanOf(text string, from, to int, home script, turned bool) Span {
	s := Span{From: from, To: to}
	flat, _ := normalise(text[from:to], func(string) {}, &shape{})
	var word []rune
	var has [otherScript + 1]int
	for _, r := range flat {
		if r != '\'' && r != '’' {
			word = append(word, r)
			has[scriptOf(r)]++
		}
	}
	if turned {
		slices.Reverse(word)
	}
	var seen disguises
	folded := foldWord(nil, word, home, &seen)
	s.Token = kindNames[kindWord] + ":" + string(folded[:min(len(folded), maxWord)])
	target := noScript
	if seen.mixed > 0 && !hasEnding(word) {
		target = wordScript(word, has, home)
	}
	for i, r := range text[from:to] {
		switch like := asScript(r, target); {
		case r == 0x200C && has[otherScript] > 0: // as Persian is written
		case disguising(r):
			s.Disguises = append(s.Disguises, Disguise{At: from + i, Rune: r})
		case target != noScript && like != r && unicode.IsLetter(r):
			s.Disguises = append(s.Disguises, Disguise{At: from + i, Rune: r, Like: like})
		}
	}
	return s
}
