package text

import (
	"strings"
	"unicode"
)

// Excerpt returns text as one clean line of at most n characters, the last one an ellipsis if it was cut. text may be
// invalid UTF-8.
func Excerpt(text string, n int) string {
	line := []rune(CleanLine(strings.ToValidUTF8(text, "")))
	if len(line) <= n {
		return string(line)
	}
	return strings.TrimRightFunc(string(line[:n-1]), unicode.IsSpace) + "…"
}

const wordJoiner = "\u2060" // invisible; link detection stops here

// BreakLinks inserts invisible characters so that mail and chat programs do not turn addresses in text into links.
func BreakLinks(text string) string {
	var b strings.Builder
	letters := []rune(text)
	for i, r := range letters {
		b.WriteRune(r)
		if (r == '.' || r == ':' || r == '@') && i+1 < len(letters) && !unicode.IsSpace(letters[i+1]) {
			b.WriteString(wordJoiner)
		}
	}
	return b.String()
}
