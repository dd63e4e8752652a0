package text

import (
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Span finds a part of text that is named in characters (Unicode code points): where it begins and ends in bytes.
// It is not ok where that would cut what is one letter or sign to a reader (a grapheme cluster of UAX #29), or is
// not in the text.
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
