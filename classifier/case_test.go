package classifier

import (
	"testing"
	"unicode"
)

func TestCaseIsUnicodes(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if lower(r) != unicode.ToLower(r) {
			t.Errorf("lower of %U is %U, want %U", r, lower(r), unicode.ToLower(r))
		}
		if upper(r) != unicode.IsUpper(r) {
			t.Errorf("%U is upper: %v", r, upper(r))
		}
	}
}
