package moderation

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

const (
	maxBody  = 10_000 // characters
	maxMarks = 8      // combining marks on one base: more only paint over the neighbours
)

// clean makes typed text fit to keep and to show: NFC, \n for every end of line, without
// controls, without what turns the direction of the text around it, and without heaps of
// combining marks. text is valid UTF-8.
func clean(text string) string {
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

// cleanLine is clean for what is one line: names and titles.
func cleanLine(text string) string {
	return strings.Join(strings.Fields(clean(text)), " ")
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

// leavesInk reports whether a reader would see anything of r.
func leavesInk(r rune) bool {
	switch r {
	case '\u2800', '\u3164', '\uFFA0', '\u115F', '\u1160': // blanks that call themselves letters or symbols
		return false
	}
	return unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.M, r) &&
		!unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// checkBody returns a comment's text as it is kept.
func checkBody(body string) (string, error) {
	if !utf8.ValidString(body) {
		return "", problem.Wrong("comment.not_utf8", "/body", "The text is not valid UTF-8.")
	}
	// Browsers send \r\n for what a text box counts as one character.
	n := utf8.RuneCountInString(body) - strings.Count(body, "\r\n")
	if n <= maxBody {
		body = clean(body)
		n = utf8.RuneCountInString(body) // composing may lengthen a text
	}
	if n > maxBody {
		return "", problem.Wrong("comment.too_long", "/body",
			fmt.Sprintf("A comment may have %d characters; this one has %d.", maxBody, n))
	}
	if !strings.ContainsFunc(body, leavesInk) {
		return "", problem.Wrong("comment.empty", "/body", "Write something first.")
	}
	return body, nil
}

// fold makes texts comparable for search and sameness: compatibility forms, letter case,
// runs of white space and what cannot be seen make no difference. text is valid UTF-8.
func fold(text string) string {
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

// letters counts the letters of a text.
func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

const (
	kazakh    = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
	neighbour = "їєґўЇЄҐЎ" // Ukrainian and Belarusian share і with Kazakh
)

// langOf guesses a text's language by its letters: en, ru, kk or und.
func langOf(text string) string {
	var latin, cyrillic, own, other int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
			if strings.ContainsRune(kazakh, r) {
				own++
			} else if strings.ContainsRune(neighbour, r) {
				other++
			}
		case unicode.IsLetter(r):
			other++
		}
	}
	switch {
	case latin > cyrillic+other:
		return "en"
	case cyrillic <= latin+other:
		return "und"
	case own*12 >= cyrillic && other == 0: // a name or two do not make a Russian text Kazakh
		return "kk"
	}
	return "ru"
}
