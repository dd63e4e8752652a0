package text

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Span converts a range of characters (Unicode code points) to a range of bytes. ok is false if the range is outside
// the text or splits a grapheme cluster (UAX #29).
func Span(text string, from, to int) (begin, end int, ok bool) {
	begin, end = -1, -1
	characters, bytes := 0, 0
	note := func() {
		if characters == from {
			begin = bytes
		}
		if characters == to {
			end = bytes
		}
	}
	note()
	for clusters := graphemes.FromString(text); clusters.Next(); note() {
		cluster := clusters.Value()
		characters, bytes = characters+utf8.RuneCountInString(cluster), bytes+len(cluster)
	}
	return begin, end, begin >= 0 && end >= 0
}
