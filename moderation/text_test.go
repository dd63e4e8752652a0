package moderation

import (
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

func TestTextIsCleanedForKeepingAndShowing(t *testing.T) {
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
		if got := clean(tt.in); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := clean(tt.want); got != tt.want {
			t.Errorf("clean(%q) = %q: cleaning twice changes it", tt.want, got)
		}
	}
	if got, want := cleanLine(" A\nB\t \u00A0C "), "A B C"; got != want {
		t.Errorf("cleanLine: got %q, want %q", got, want)
	}
}

func TestFoldingMakesEqualWhatReadsEqual(t *testing.T) {
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
		if fold(tt.a) != fold(tt.b) {
			t.Errorf("fold(%q) = %q, fold(%q) = %q", tt.a, fold(tt.a), tt.b, fold(tt.b))
		}
	}
	if fold("тұр") == fold("түр") || fold("a") == fold("b") {
		t.Error("different words fold to one")
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a\u0301\u0301", "\u202e", "İI", "ﬃ\u200d", "\u1E9B\u0323", "\U0001D160"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "")
		if once, twice := clean(s), clean(clean(s)); once != twice {
			t.Errorf("clean(%q) = %q, cleaned again %q", s, once, twice)
		}
		if once, twice := fold(s), fold(fold(s)); once != twice {
			t.Errorf("fold(%q) = %q, folded again %q", s, once, twice)
		}
		if body, err := checkBody(s); err == nil && body != clean(s) {
			t.Errorf("checkBody(%q) = %q, clean %q", s, body, clean(s))
		}
	})
}

func TestTheLanguageIsToldByLetters(t *testing.T) {
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
		if got := langOf(tt.text); got != tt.want {
			t.Errorf("langOf(%q) = %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestAPageHasOneAddress(t *testing.T) {
	site := Site{Origins: []string{"https://blog.example", "http://localhost:1313", "https://xn--e1afmkfd.xn--p1ai"}}
	for _, tt := range []struct{ in, want, code string }{
		{in: "https://blog.example", want: "https://blog.example/"},
		{in: "HTTPS://Blog.Example:443/A/b/?x=1#top", want: "https://blog.example/A/b/?x=1"},
		{in: "https://blog.example/a?utm_source=x&b=2&UTM_Medium=y&fbclid=z&gclid=1&yclid=2", want: "https://blog.example/a?b=2"},
		{in: "https://blog.example/a?utm_source=x", want: "https://blog.example/a"},
		{in: "https://blog.example/a?b=%D1%8F&c=+&c", want: "https://blog.example/a?b=%D1%8F&c=+&c"},
		{in: "https://blog.example/статья", want: "https://blog.example/%D1%81%D1%82%D0%B0%D1%82%D1%8C%D1%8F"},
		{in: "http://localhost:1313/a", want: "http://localhost:1313/a"},
		{in: "https://пример.рф/", want: "https://xn--e1afmkfd.xn--p1ai/"},
		{in: "http://blog.example/", code: "page.foreign"},
		{in: "https://blog.example:8443/", code: "page.foreign"},
		{in: "https://blog.example.evil.example/", code: "page.foreign"},
		{in: "https://evil.example/https://blog.example/", code: "page.foreign"},
		{in: "https://evil.example\\.blog.example/", code: "field.invalid"},
		{in: "https://user@blog.example/", code: "field.invalid"},
		{in: "https://blog.example\x00/", code: "field.invalid"},
		{in: "javascript:alert(1)", code: "field.invalid"},
		{in: "//blog.example/", code: "field.invalid"},
		{in: "/a", code: "field.invalid"},
		{in: "", code: "field.invalid"},
		{in: "https://blog.example/" + strings.Repeat("a", 2048), code: "field.invalid"},
		{in: "https://blog.example/" + strings.Repeat("я", 1000), code: "field.invalid"},
	} {
		got, err := canonicalURL(site, tt.in)
		var e *problem.Error
		if err != nil {
			e = err.(*problem.Error)
		}
		if got != tt.want || (e == nil) != (tt.code == "") || e != nil && e.Code != tt.code {
			t.Errorf("canonicalURL(%q) = %q, %v; want %q %s", tt.in, got, err, tt.want, tt.code)
		}
		if tt.want != "" {
			if again, _ := canonicalURL(site, tt.want); again != tt.want {
				t.Errorf("canonicalURL(%q) = %q: not stable", tt.want, again)
			}
		}
	}
}

func TestSegmentsSortByArrival(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	last := newSegment(at)
	for _, d := range []time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Hour, 24 * 365 * time.Hour, 200 * 365 * 24 * time.Hour} {
		next := newSegment(at.Add(d))
		if len(next) != segmentLen || next <= last || !isPath(next) {
			t.Errorf("after %v: %q does not sort after %q, or is no path", d, next, last)
		}
		last = next
	}
}

func FuzzPageURL(f *testing.F) {
	for _, s := range []string{"https://blog.example/a?utm_source=x&b#c", "http://[::1]:80/%zz", "HTTP://пример.рф:8080/я?я", "https://a\\b.example/", "https://blog.example:0443//../"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		origin, err := canonicalOrigin(raw)
		if err != nil {
			return
		}
		site := Site{Origins: []string{origin}}
		page, err := canonicalURL(site, raw)
		if err != nil {
			return
		}
		if again, err := canonicalURL(site, page); err != nil || again != page {
			t.Errorf("canonicalURL(%q) = %q, and of that %q, %v", raw, page, again, err)
		}
		if !strings.HasPrefix(page, origin+"/") {
			t.Errorf("canonicalURL(%q) = %q is not of %q", raw, page, origin)
		}
	})
}
