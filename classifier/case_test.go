package classifier

import (
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
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

func TestNormalisingByStretchesIsNFKC(t *testing.T) {
	for _, s := range append(nasty, "кафе\u0301 ﬁne", "и\u0306", "ＡＢС ½…", "각 ᄀ\u1161\u11a8", "क\u093c",
		"a\u0323\u0307b", "…", "x²") {
		if got, want := normalise(s), norm.NFKC.String(s); got != want {
			t.Errorf("%q becomes %q, want %q", s, got, want)
		}
	}
}
