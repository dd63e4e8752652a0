// Package text normalizes typed text for storage, display and comparison.
//
// It preserves visible text, applies only limits that the caller gives, and expects valid UTF-8 unless a function says
// otherwise. Package markup converts text to HTML.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Line returns text as one clean line. It returns false if text is invalid UTF-8 or has more than max characters.
func Line(text string, max int) (string, bool) {
	if !utf8.ValidString(text) {
		return "", false
	}
	text = CleanLine(text)
	return text, utf8.RuneCountInString(text) <= max
}

// Shorten truncates text to at most n bytes at a character boundary. It removes NUL and invalid UTF-8.
func Shorten(text string, n int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	for len(text) > n {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// First returns the first n characters of text.
func First(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

const maxMarks = 8 // combining marks on one base character; more would cover adjacent text

// Clean returns text in NFC with \n line ends and without surrounding white space. It removes controls, noncharacters,
// characters that change the direction of surrounding text, and all but maxMarks consecutive combining marks. text
// must be valid UTF-8.
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
		case unicode.IsControl(r), isBidiControl(r), isNoncharacter(r):
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(thinMarks(norm.NFC.String(b.String())))
}

// CleanLine is like Clean, for one line: it collapses white space to single spaces.
func CleanLine(text string) string {
	return strings.Join(strings.Fields(Clean(text)), " ")
}

func isBidiControl(r rune) bool {
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

// Visible reports whether text has a visible character.
func Visible(text string) bool { return strings.ContainsFunc(text, isVisible) }

// isVisible reports whether r is visible.
func isVisible(r rune) bool {
	switch r {
	case '\u2800', '\u3164', '\uFFA0', '\u115F', '\u1160': // blank letters and symbols
		return false
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// Fold returns text in a form for search and comparison. It ignores compatibility forms, letter case, runs of white
// space and invisible characters. text must be valid UTF-8.
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
	// Fold Cherokee too: case folding maps its small letters to capitals, so map them back to lower case.
	text = strings.ToLower(cases.Fold().String(norm.NFKC.String(text)))
	return strings.Join(strings.Fields(norm.NFKC.String(text)), " ")
}

// CountLetters returns the number of letters of a text.
func CountLetters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
