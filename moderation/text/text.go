// Package text makes what people type fit to keep, to show and to compare.
//
// It changes nothing that a reader would see, knows no limit but those it is given, and takes valid
// UTF-8 unless a function says otherwise. What makes markup of a text is package markup.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Line returns text as one clean line of at most max characters; false when it is none.
func Line(text string, max int) (string, bool) {
	if !utf8.ValidString(text) {
		return "", false
	}
	text = CleanLine(text)
	return text, utf8.RuneCountInString(text) <= max
}

// Shorten cuts text to at most n bytes, at a letter's edge, and drops what is no text.
func Shorten(text string, n int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	for len(text) > n {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// First is text, or its first n characters.
func First(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

const maxMarks = 8 // combining marks on one base: more only paint over the neighbours

// Clean makes typed text fit to keep and to show: NFC, \n for every end of line, without
// controls, without what turns the direction of the text around it, and without heaps of
// combining marks. text is valid UTF-8.
func Clean(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		switch {
		case r == '\r', r == '\u2028', r == '\u2029', r == '\u0085':
			b.WriteByte('\n')
		case r == '\n', r == '\t':
			b.WriteRune(r)
		case unicode.IsControl(r), turnsDirection(r), isNoncharacter(r):
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(thinMarks(norm.NFC.String(b.String())))
}

// CleanLine is Clean for what is one line: names and titles.
func CleanLine(text string) string {
	return strings.Join(strings.Fields(Clean(text)), " ")
}

func turnsDirection(r rune) bool {
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

func isNoncharacter(r rune) bool {
	return r >= 0xFDD0 && r <= 0xFDEF || r&0xFFFE == 0xFFFE
}

func thinMarks(text string) string {
	marks := 0
	return strings.Map(func(r rune) rune {
		if !unicode.Is(unicode.M, r) {
			marks = 0
			return r
		}
		if marks++; marks > maxMarks {
			return -1
		}
		return r
	}, text)
}

// Visible reports whether a reader would see anything of text.
func Visible(text string) bool { return strings.ContainsFunc(text, leavesInk) }

// leavesInk reports whether a reader would see anything of r.
func leavesInk(r rune) bool {
	switch r {
	case '\u2800', '\u3164', '\uFFA0', '\u115F', '\u1160': // blanks that call themselves letters or symbols
		return false
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Fold makes texts comparable for search and sameness: compatibility forms, letter case,
// runs of white space and what cannot be seen make no difference. text is valid UTF-8.
func Fold(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Variation_Selector, r),
			unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			return -1
		}
		return r
	}, text)
	// Lower once more: folding turns the small letters of Cherokee into capitals, and back.
	text = strings.ToLower(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Join(strings.Fields(norm.NFKC.String(text)), " ")
}

// Letters counts the letters of a text.
func Letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
