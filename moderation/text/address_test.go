package text_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/text"
)

func TestParseWebURL_CanonicalPageURL(t *testing.T) {
	for _, tt := range []struct{ in, want, origin string }{
		{in: "https://blog.example", want: "https://blog.example/", origin: "https://blog.example"},
		{in: "HTTPS://Blog.Example:443/A/b/?x=1#top", want: "https://blog.example/A/b/?x=1", origin: "https://blog.example"},
		{in: "https://blog.example/a?utm_source=x&b=2&UTM_Medium=y&fbclid=z&gclid=1&yclid=2",
			want: "https://blog.example/a?b=2", origin: "https://blog.example"},
		{in: "https://blog.example/a?utm_source=x", want: "https://blog.example/a", origin: "https://blog.example"},
		{in: "https://blog.example/a?b=%D1%8F&c=+&c", want: "https://blog.example/a?b=%D1%8F&c=+&c",
			origin: "https://blog.example"},
		{in: "https://blog.example/статья", want: "https://blog.example/%D1%81%D1%82%D0%B0%D1%82%D1%8C%D1%8F",
			origin: "https://blog.example"},
		{in: "http://localhost:1313/a", want: "http://localhost:1313/a", origin: "http://localhost:1313"},
		{in: "https://пример.рф/", want: "https://xn--e1afmkfd.xn--p1ai/", origin: "https://xn--e1afmkfd.xn--p1ai"},
		{in: "https://evil.example/https://blog.example/", want: "https://evil.example/https://blog.example/",
			origin: "https://evil.example"},
		{in: "https://evil.example\\.blog.example/"},
		{in: "https://user@blog.example/"},
		{in: "https://blog.example\x00/"},
		{in: "javascript:alert(1)"},
		{in: "//blog.example/"},
		{in: "/a"},
		{in: ""},
		{in: "https://blog.example/" + strings.Repeat("a", 2048)},
	} {
		web, ok := text.ParseWebURL(tt.in)
		if ok != (tt.want != "") || web.Origin != tt.origin {
			t.Errorf("ParseWeb(%q) = %q, %t; want %q", tt.in, web.Origin, ok, tt.origin)
		}
		if !ok {
			continue
		}
		if got, ok := web.PageURL(); got != tt.want || !ok {
			t.Errorf("%q is the page %q, %t; want %q", tt.in, got, ok, tt.want)
		}
		again, ok := text.ParseWebURL(tt.want)
		if got, _ := again.PageURL(); !ok || got != tt.want {
			t.Errorf("the page %q is the page %q: not stable", tt.want, got)
		}
	}
	web, ok := text.ParseWebURL("https://blog.example/" + strings.Repeat("я", 1000))
	if page, fits := web.PageURL(); !ok || fits {
		t.Errorf("a page of %d bytes fits, or is no address at all", len(page))
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{"https://blog.example/a?utm_source=x&b#c", "http://[::1]:80/%zz",
		"HTTP://пример.рф:8080/я?я", "https://a\\b.example/", "https://blog.example:0443//../"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		web, ok := text.ParseWebURL(raw)
		if !ok {
			return
		}
		page, ok := web.PageURL()
		if !ok {
			return
		}
		again, ok := text.ParseWebURL(page)
		if got, fits := again.PageURL(); !ok || !fits || got != page {
			t.Errorf("the page of %q is %q, and of that %q, %t", raw, page, got, ok && fits)
		}
		if again.Origin != web.Origin || !strings.HasPrefix(page, web.Origin+"/") {
			t.Errorf("the page %q of %q is not of %q", page, raw, web.Origin)
		}
	})
}

func TestDisplayPath_EscapesSentences(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"https://blog.example/", "/"},
		{"https://blog.example", "/"},
		{"https://blog.example/2026/11/on-bread.html?x=1", "/2026/11/on-bread.html"},
		{"https://blog.example/%D1%85%D0%BB%D0%B5%D0%B1/%D2%9B%D0%B0%D0%B7", "/хлеб/қаз"},
		{"https://blog.example/CALL%20%2B7%20900%21", "/CALL%20%2B7%20900%21"},
		{"https://blog.example/a%0Ab%E2%80%AEc%3Cb%3E", "/a%0Ab%E2%80%AEc%3Cb%3E"},
		{"https://blog.example/%FF", "/%EF%BF%BD"},
		{"https://blog.example/" + strings.Repeat("%D1%8F", 200), "/" + strings.Repeat("я", 78) + "…"},
	} {
		if got := text.DisplayPath(tt.in); got != tt.want {
			t.Errorf("PathOf(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestOrigin_RefusesMoreThanOrigin(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"HTTPS://Blog.Example:443/", "https://blog.example"},
		{"http://localhost:1313", "http://localhost:1313"},
		{"https://blog.example/a", ""},
		{"https://blog.example?", ""},
		{"https://*.blog.example", ""},
		{"https://blog.example:0", ""},
		{"https://blog.example:70000", ""},
		{"blog.example", ""},
	} {
		if got, ok := text.Origin(tt.in); got != tt.want || ok != (tt.want != "") {
			t.Errorf("Origin(%q) = %q, %t; want %q", tt.in, got, ok, tt.want)
		}
	}
}

func TestParseAddress_CanonicalForm(t *testing.T) {
	for in, want := range map[string]string{
		" Aigul@Blog.Example ":         "aigul@blog.example",
		"anna@strasse.example":         "anna@strasse.example",
		"anna@straße.example":          "anna@xn--strae-oqa.example",
		"ａnna@mail.example":            "ａnna@mail.example",
		"anna@ｍail.example":            "anna@mail.example",
		"a@Müller.example":             "a@xn--mller-kva.example",
		"a@mu\u0308ller.example":       "a@xn--mller-kva.example",
		"a@XN--MLLER-KVA.example":      "a@xn--mller-kva.example",
		"a@мүгедек.қаз":                "a@xn--c1accbzh91f.xn--80ao21a",
		"a@例え。テスト":                     "a@xn--r8jz45g.xn--zckzah",
		"ÄNNA@mail.example":            "Änna@mail.example", // ASCII letters only
		"\u212Aim@mail.example":        "\u212Aim@mail.example",
		"ann\u0131e@mail.example":      "ann\u0131e@mail.example",
		"a+b%c@mail.example":           "a+b%c@mail.example",
		"a@ab--cd.example":             "a@ab--cd.example",
		"a@نامه.ایران":                 "a@xn--mgb4dbg.xn--mgba3a4f16a",
		"a@localhost":                  "a@localhost",
		"a@" + strings.Repeat("b", 63): "a@" + strings.Repeat("b", 63),
	} {
		if got, ok := text.ParseAddress(in); got.String() != want || !ok {
			t.Errorf("ParseAddress(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
}

func TestParseAddress_RefusesUndeliverable(t *testing.T) {
	for _, in := range []string{
		"", "aigul", "@", "a@", "@b.example", "Aigul <aigul@blog.example>", "a@b.example, c@d.example", "a@b@c.example",
		"a\x00@b.example", "a\u200db@c.example", "a\u202eb@c.example", "a b@c.example", `"a b"@c.example`, `"a"@c.example`,
		".a@b.example", "a..b@c.example", "a@b.example.", "a@.b.example", "a@b..example", "a@-b.example", "a@b_c.example",
		"a@[192.0.2.1]", "a@192.0.2.1", "a@１９２.0.2.1", "a@[IPv6:2001:db8::1]", "a@xn--a.example", "a@xn--.example",
		"a@xn--mller-\u00fc.example", "a@b\u200dc.example", "a@\u05d0a.example", "a@b.example\xff", "a\xff@b.example",
		"a@" + strings.Repeat("b", 64) + ".example", "a@" + strings.Repeat("ü", 60) + ".example",
		strings.Repeat("a", 65) + "@b.example", "a@" + strings.Repeat("b.", 130) + "example",
	} {
		if got, ok := text.ParseAddress(in); ok {
			t.Errorf("%q is taken for the address %q", in, got)
		}
	}
}

// The two addresses of a pair may belong to two people.
func TestAddressOf_KeepsMailboxesApart(t *testing.T) {
	for _, pair := range [][2]string{
		{"anna@straße.example", "anna@strasse.example"},
		{"anna@ς.example", "anna@σ.example"},
		{"ａnna@mail.example", "anna@mail.example"},
		{"ﬁa@mail.example", "fia@mail.example"},
		{"ÄNNA@mail.example", "änna@mail.example"},
		{"anna@mail.example", "ann\u0430@mail.example"},
		{"\u212Aim@mail.example", "kim@mail.example"},
		{"ıan@mail.example", "ian@mail.example"},
		{"\u0130an@mail.example", "ian@mail.example"},
		{"ſam@mail.example", "sam@mail.example"},
		{"an\u200dna@mail.example", "anna@mail.example"},
		{"an\u00adna@mail.example", "anna@mail.example"},
		{"\u00e9va@mail.example", "e\u0301va@mail.example"},
		{"a+b@mail.example", "a@mail.example"},
		{"a.b@mail.example", "ab@mail.example"},
		{"a@xn--a.example", "a@a.example"},
		{"a@b@mail.example", "a@mail.example"},
	} {
		if a, b := text.AddressOf(pair[0]), text.AddressOf(pair[1]); a == b {
			t.Errorf("%q and %q are one address: %q", pair[0], pair[1], a)
		}
	}
}

func TestAddressOf_SpellingsOfOneDomainAreEqual(t *testing.T) {
	for _, same := range [][]string{
		{"a@müller.example", "a@MÜLLER.example", "a@mu\u0308ller.example", "a@xn--mller-kva.example",
			"A@XN--MLLER-KVA.EXAMPLE", "a@ｍüller.ｅxample", "a@müller\u3002example", "a@mül\u00adler.example"},
		{"a@қаз.қаз", "a@ҚАЗ.ҚАЗ", "a@xn--80ao21a.xn--80ao21a", "a@xn--80ao21a.қаз"},
		{"a@straße.example", "a@xn--strae-oqa.example"},
	} {
		for _, in := range same {
			if a, b := text.AddressOf(same[0]), text.AddressOf(in); a != b {
				t.Errorf("%q is %q, and %q is %q", same[0], a, in, b)
			}
		}
	}
}

// For random addresses, the canonical form is a fixed point, is read back from Readable and from JSON, and differs from
// ASCII lower case only where there is more than ASCII.
func TestAddressOf_IsStable(t *testing.T) {
	parts := []string{"a", "B", "z", "0", "-", ".", "xn--", "ß", "ss", "ü", "u\u0308", "Ü", "ａ", "。", "ı", "İ", "K", "ſ", "ς", "σ",
		"\u200d", "\u200c", "\u00ad", "é", "א", "ش", "ऱ", "्", "😀", "한", "_", "%", "+", "mller-kva", "strae-oqa", "\xff", "\u2024", "١"}
	r := rand.New(rand.NewPCG(1, 53))
	word := func() (w string) {
		for range 1 + r.IntN(5) {
			w += parts[r.IntN(len(parts))]
		}
		return w
	}
	mailable := 0
	for range 20_000 {
		raw := word() + "@" + word() + ".example"
		a := text.AddressOf(raw)
		if b := text.AddressOf(a.String()); b != a {
			t.Fatalf("%q is %q, and that is %q", raw, a, b)
		}
		if b := text.AddressOf(a.Readable()); b != a {
			t.Fatalf("%q is %q, which reads as %q, and that is %q", raw, a, a.Readable(), b)
		}
		ascii := !strings.ContainsFunc(raw, func(r rune) bool { return r >= 0x80 })
		if ascii && a.String() != strings.ToLower(raw) {
			t.Fatalf("%q is %q", raw, a)
		}
		if _, ok := text.ParseAddress(raw); !ok {
			continue
		}
		mailable++
		if b, ok := text.ParseAddress(a.String()); !ok || b != a {
			t.Fatalf("mail goes to %q, and not to %q", raw, a)
		}
		if _, domain, _ := strings.Cut(a.String(), "@"); strings.ContainsFunc(domain, func(r rune) bool { return r >= 0x80 }) {
			t.Fatalf("%q has the domain %q", raw, domain)
		}
	}
	if mailable < 500 {
		t.Fatalf("mail goes to %d of these only", mailable)
	}
}

func TestNetwork_OfOneSubscriber(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"203.0.113.7", "203.0.113.7/32"},
		{"::ffff:203.0.113.7", "203.0.113.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := text.Network(netip.MustParseAddr(tt.in)); got != tt.want {
			t.Errorf("Prefix(%s) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := text.Network(netip.Addr{}); got != "" {
		t.Errorf("an unknown address has the prefix %q", got)
	}
}

func TestNetworks_SmallestFirst(t *testing.T) {
	for in, want := range map[string][]string{
		"203.0.113.7":          {"203.0.113.7/32"},
		"::ffff:203.0.113.7":   {"203.0.113.7/32"},
		"2001:db8:1:2fe:3::6":  {"2001:db8:1:2fe::/64", "2001:db8:1:200::/56", "2001:db8:1::/48"},
		"fe80::1:0:0:0:1%eth0": {"fe80:0:0:1::/64", "fe80::/56", "fe80::/48"},
	} {
		if got := text.Networks(netip.MustParseAddr(in)); !slices.Equal(got, want) {
			t.Errorf("Networks(%s) = %q, want %q", in, got, want)
		}
	}
}
