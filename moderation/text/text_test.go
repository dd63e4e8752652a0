package text_test

import (
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/text"
)

func TestClean_RemovesUnsafeCharacters(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"  a\r\nb\rc\u2028d\u0085e  ", "a\nb\nc\nd\ne"},
		{"tab\tstays, \x00\x07\x1b[0m\u0090 do not", "tab\tstays, [0m do not"},
		{"e\u0301 u\u0308", "é ü"},
		{"evil\u202Etxt.exe \u2066x\u2069", "eviltxt.exe x"},
		{"שלום\u200F!", "שלום\u200F!"},
		{"👩\u200D👩\u200D👧 ❤\uFE0F", "👩\u200D👩\u200D👧 ❤\uFE0F"},
		{"z" + strings.Repeat("\u0337", 50), "z" + strings.Repeat("\u0337", 8)},
		{"\uFFFE\uFDD0\U0001FFFFx", "x"},
	} {
		if got := text.Clean(tt.in); got != tt.want {
			t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := text.Clean(tt.want); got != tt.want {
			t.Errorf("Clean(%q) = %q: cleaning twice changes it", tt.want, got)
		}
	}
	if got, want := text.CleanLine(" A\nB\t \u00A0C "), "A B C"; got != want {
		t.Errorf("CleanLine: got %q, want %q", got, want)
	}
}

func TestFold_EqualForms(t *testing.T) {
	for _, tt := range []struct{ a, b string }{
		{"Hello   World\n", "hello world"},
		{"ПРИВЕТ, Ёж", "привет, ёж"},
		{"ＦＵＬＬ width ﬁ", "full width fi"},
		{"zero\u200Bwid\u00ADth\uFEFF", "zerowidth"},
		{"STRASSE", "straße"},
		{"é", "e\u0301"},
		{"ҚАЗАҚСТАН", "қазақстан"},
		{"ᎫᎴ", "ꭻꮄ"},
	} {
		if text.Fold(tt.a) != text.Fold(tt.b) {
			t.Errorf("Fold(%q) = %q, text.Fold(%q) = %q", tt.a, text.Fold(tt.a), tt.b, text.Fold(tt.b))
		}
	}
	if text.Fold("тұр") == text.Fold("түр") || text.Fold("a") == text.Fold("b") {
		t.Error("different words fold to one")
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a\u0301\u0301", "\u202e", "İI", "ﬃ\u200d", "\u1E9B\u0323", "\U0001D160"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		if once, twice := text.Clean(s), text.Clean(text.Clean(s)); once != twice {
			t.Errorf("Clean(%q) = %q, cleaned again %q", s, once, twice)
		}
		if once, twice := text.Fold(s), text.Fold(text.Fold(s)); once != twice {
			t.Errorf("Fold(%q) = %q, folded again %q", s, once, twice)
		}
	})
}

func TestLanguage_ByLetters(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"What a nice article!", "en"},
		{"Отличная статья, спасибо", "ru"},
		{"Өте жақсы мақала, рақмет!", "kk"},
		{"Летом поедем всей семьёй в Қазақстан, на озёра и в горы, вот увидите", "ru"},
		{"Дуже цікава стаття, її варто прочитати", "ru"},
		{"很好的文章", "und"},
		{"123 👍", "und"},
		{"", "und"},
	} {
		if got := text.Language(tt.text); got != tt.want {
			t.Errorf("Language(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}
