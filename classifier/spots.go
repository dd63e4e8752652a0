package classifier

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// A Spot is one word of a text as it was typed, text[From:To], with the token it is read as;
// or a character without a picture between words that no text is pasted with, which is read as nothing.
type Spot struct {
	From, To int
	Token    string // "word:casino", or ""
	Odd      []Odd
}

// An Odd is a character that is not what it seems: it has no picture, or it is a letter of
// another script than its word and passes for Like.
type Odd struct {
	At   int // where it stands in the text
	Rune rune
	Like rune // 0 for one without a picture
}

// Spots divides a text into words as the tokeniser reads them, so that evidence can be shown
// where it stands. Words with spaces put between their letters are left apart.
func Spots(text string) []Spot {
	var h shape
	plain(text, func(string) {}, &h)
	home := mainScript(h.scripts)
	var spots []Spot
	turned := false // what follows is read from right to left
	flag := false   // what follows spells whose flag stands before it
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRuneInString(text[at:])
		switch {
		case wordRune(r) && !hidden(r):
			n = typedEnd(text[at:])
			spots = append(spots, spotOf(text, at, at+n, home, turned))
		case disguising(r):
			turned = r == rightToLeft || turned && r != endOfDirection
			if !flag && !pasted(r) {
				spots = append(spots, Spot{From: at, To: at + n, Odd: []Odd{{At: at, Rune: r}}})
			}
		}
		turned = turned && r != '\n'
		flag = r == '\U0001F3F4' || flag && disguising(r)
		at += n
	}
	return spots
}

// disguising reports a character without a picture that no keyboard types: emoji are joined
// and varied by some.
func disguising(r rune) bool {
	return hidden(r) && r != 0x200D && (r < 0xFE00 || r > 0xFE0F)
}

// pasted reports characters without a picture that come with pasted texts, names and telephone numbers: byte-order
// and zero-width marks, soft hyphens, directions that override none. They hide nothing unless within a word.
func pasted(r rune) bool {
	return r == 0xAD || r == 0x61C || 0x200B <= r && r <= 0x200F || 0x202A <= r && r <= endOfDirection ||
		r == 0x2060 || 0x2066 <= r && r <= 0x2069 || r == 0xFEFF
}

// typedEnd is wordEnd for a text that may still have hidden characters within its words.
func typedEnd(s string) int {
	first, _ := utf8.DecodeRuneInString(s)
	end, reach := 0, 0 // reach: end, with the hidden characters that follow it
	for i, c := range s {
		size := utf8.RuneLen(c)
		switch {
		case hidden(c):
			reach = i + size
		case i > 0 && wordRune(c) && (ideograph(first) || ideograph(c)):
			return reach // with what hides between the two
		case wordRune(c):
			end, reach = i+size, i+size
		case reach == i && (c == '@' || c == '$' || c == '\'' || c == '’'):
		default:
			return lastAt(s, end)
		}
	}
	return lastAt(s, end)
}

// hasEnding reports a foreign name with a Cyrillic ending, which is no disguise: Telegramға, SMSка.
func hasEnding(word []rune) bool {
	name := max(0, slices.IndexFunc(word, func(r rune) bool { return scriptOf(r) == cyrillic }))
	other := func(r rune) bool { return scriptOf(r) != cyrillic || upper(r) }
	return name >= 2 && len(word)-name >= 2 && !slices.ContainsFunc(word[name:], other)
}

func spotOf(text string, from, to int, home script, turned bool) Spot {
	s := Spot{From: from, To: to}
	flat, _ := plain(text[from:to], func(string) {}, &shape{})
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
		switch like := asWritten(r, target); {
		case r == 0x200C && has[otherScript] > 0: // as Persian is written
		case disguising(r):
			s.Odd = append(s.Odd, Odd{At: from + i, Rune: r})
		case target != noScript && like != r && unicode.IsLetter(r):
			s.Odd = append(s.Odd, Odd{At: from + i, Rune: r, Like: like})
		}
	}
	return s
}
