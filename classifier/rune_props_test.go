package classifier

import (
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLower_MatchesUnicode(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if lower(r) != unicode.ToLower(r) {
			t.Errorf("lower of %U is %U, want %U", r, lower(r), unicode.ToLower(r))
		}
		if upper(r) != unicode.IsUpper(r) {
			t.Errorf("%U is upper: %v", r, upper(r))
		}
	}
}

// The cached properties equal those computed for each character.
func TestRuneProps_MatchTheirPredicates(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		_, size, n := next(string(r), 0)
		for what, want := range map[runeProps]bool{
			inLatin:    scriptByBlock(r) == latin,
			inCyrillic: scriptByBlock(r) == cyrillic,
			inGreek:    scriptByBlock(r) == greek,
			inOther:    scriptByBlock(r) == otherScript,
			capital:    unicode.IsUpper(r),
			ofWord:     unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r),
			odd:        uncommonLetter(r),
			rare:       offKeyboard(r),
			loose:      offKeyboard(r) && (hidden(r) || accent(r) || unicode.Is(unicode.Mn, r)),
		} {
			if got := n&what != 0; got != want || size != utf8.RuneLen(r) {
				t.Errorf("%U has nature %b: %v, %d bytes", r, what, got, size)
			}
		}
		if space(r) != unicode.IsSpace(r) {
			t.Errorf("%U is a space: %v", r, space(r))
		}
		if scriptOf(r) != scriptByBlock(r) {
			t.Errorf("%U is of script %d, not %d", r, scriptOf(r), scriptByBlock(r))
		}
	}
}
