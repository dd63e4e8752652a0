package text_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/text"
)

func TestSpan_RefusesSplitGraphemes(t *testing.T) {
	const family = "👩‍👩‍👧" // five code points, one grapheme cluster
	for _, tt := range []struct {
		text     string
		from, to int
		want     string // "-" if refused
	}{
		{"plain words", 0, 5, "plain"},
		{"plain words", 6, 11, "words"},
		{"Әр пікір — ғажап сөз", 3, 8, "пікір"},
		{"a " + family + " b", 2, 7, family},
		{"a " + family + " b", 2, 5, "-"},
		{"a " + family + " b", 4, 7, "-"},
		{"e\u0323\u0301x", 0, 3, "e\u0323\u0301"}, // no composed form has both marks
		{"e\u0323\u0301x", 0, 1, "-"},
		{"🇰🇿🇺🇸", 0, 2, "🇰🇿"},
		{"🇰🇿🇺🇸", 1, 3, "-"},
		{"short", 2, 6, "-"},
		{"short", -1, 2, "-"},
		{"", 0, 0, ""},
	} {
		begin, end, ok := text.Span(tt.text, tt.from, tt.to)
		got := "-"
		if ok {
			got = tt.text[begin:end]
		}
		if got != tt.want {
			t.Errorf("%q from %d to %d: got %q, want %q", tt.text, tt.from, tt.to, got, tt.want)
		}
	}
}
