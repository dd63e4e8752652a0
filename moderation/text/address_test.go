package text_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation/text"
)

func TestAPageHasOneAddress(t *testing.T) {
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
		web, ok := text.ParseWeb(tt.in)
		if ok != (tt.want != "") || web.Origin != tt.origin {
			t.Errorf("ParseWeb(%q) = %q, %t; want %q", tt.in, web.Origin, ok, tt.origin)
		}
		if !ok {
			continue
		}
		if got, ok := web.Page(); got != tt.want || !ok {
			t.Errorf("%q is the page %q, %t; want %q", tt.in, got, ok, tt.want)
		}
		again, ok := text.ParseWeb(tt.want)
		if got, _ := again.Page(); !ok || got != tt.want {
			t.Errorf("the page %q is the page %q: not stable", tt.want, got)
		}
	}
	web, ok := text.ParseWeb("https://blog.example/" + strings.Repeat("я", 1000))
	if page, fits := web.Page(); !ok || fits {
		t.Errorf("a page of %d bytes fits, or is no address at all", len(page))
	}
}

func FuzzPage(f *testing.F) {
	for _, s := range []string{"https://blog.example/a?utm_source=x&b#c", "http://[::1]:80/%zz",
		"HTTP://пример.рф:8080/я?я", "https://a\\b.example/", "https://blog.example:0443//../"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		web, ok := text.ParseWeb(raw)
		if !ok {
			return
		}
		page, ok := web.Page()
		if !ok {
			return
		}
		again, ok := text.ParseWeb(page)
		if got, fits := again.Page(); !ok || !fits || got != page {
			t.Errorf("the page of %q is %q, and of that %q, %t", raw, page, got, ok && fits)
		}
		if again.Origin != web.Origin || !strings.HasPrefix(page, web.Origin+"/") {
			t.Errorf("the page %q of %q is not of %q", page, raw, web.Origin)
		}
	})
}

func TestThePathOfAPageHasNoWordsButItsOwn(t *testing.T) {
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
		if got := text.PathOf(tt.in); got != tt.want {
			t.Errorf("PathOf(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestAnOriginIsNoMoreThanAnOrigin(t *testing.T) {
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

func TestAnAccountsEmailIsABareAddressInLowerCase(t *testing.T) {
	if got, ok := text.Email(" Aigul@Blog.Example "); got != "aigul@blog.example" || !ok {
		t.Errorf("got %q, %t", got, ok)
	}
	for _, in := range []string{"", "aigul", "Aigul <aigul@blog.example>", "a@b.example, c@d.example", "a\x00@b.example",
		"a@" + strings.Repeat("b", 254)} {
		if got, ok := text.Email(in); ok {
			t.Errorf("%q is taken for the e-mail %q", in, got)
		}
	}
}

func TestAPrefixStandsForTheUserOfAnAddress(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"203.0.113.7", "203.0.113.7/32"},
		{"::ffff:203.0.113.7", "203.0.113.7/32"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
	} {
		if got := text.Prefix(netip.MustParseAddr(tt.in)); got != tt.want {
			t.Errorf("Prefix(%s) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got := text.Prefix(netip.Addr{}); got != "" {
		t.Errorf("an unknown address has the prefix %q", got)
	}
}

func TestNetworksOfAnAddressGrowByWhatSubscribersAreGiven(t *testing.T) {
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
