package address_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier/address"
)

// In each text the addresses stand between ⟦ and ⟧.
func TestFind_ReturnsWholeAddresses(t *testing.T) {
	for _, marked := range []string{
		// every script, with and without a scheme
		"⟦https://ru.lib.example/wiki/Алматы⟧ and more", "⟦http://озеро.example/⟧", "⟦http://озеро.рф⟧", "⟦www.озеро.рф/қала⟧",
		"⟦https://shop.example/naïve-café⟧", "⟦https://a.example/?q=кофе&x=1⟧", "⟦https://例え.テスト/パス#節⟧",
		"⟦https://קום.example/דף⟧", "⟦https://fa.lib.example/wiki/می\u200cروم⟧", "⟦https://en.lib.example/wiki/Michelson–Morley⟧",
		"⟦https://fr.lib.example/wiki/L’Étranger⟧ et ⟦https://fr.lib.example/L'Étranger⟧", "⟦https://a.example/🍕⟧", "⟦https://i❤️.ws/x⟧",
		"⟦HTTPS://SHOP.Example/X⟧ ⟦Www.shop.example⟧", "⟦http://192.0.2.1/x⟧ ⟦http://[2001:db8::1]:8080/x⟧",
		"⟦https://a.example:8443/x⟧ ⟦https://a.example?x⟧ ⟦https://a.example#x⟧", "⟦https://me@a.example/x⟧",
		// quotation marks
		`"⟦https://a.example/x⟧" '⟦https://b.example/y⟧' “⟦https://c.example⟧” ‘⟦https://d.example/z⟧’, „⟦www.e.example⟧“`,
		"«⟦https://a.example/x⟧» ‹⟦https://b.example⟧› `⟦https://c.example/x⟧` 『⟦https://d.example/x⟧』「⟦www.e.example⟧」",
		`<a href="⟦https://a.example/x⟧">x</a> <a href='⟦https://b.example/x⟧'>y</a> <⟦https://c.example/x⟧>`,
		`'⟦https://a.example/x⟧'and "⟦https://b.example/it's⟧"`,
		// brackets
		"(⟦https://a.example/x⟧) [⟦https://b.example/x⟧] {⟦https://c.example/x⟧} （⟦https://d.example/x⟧）【⟦https://e.example⟧】",
		"(⟦https://a.example/x_(y)⟧) ⟦https://a.example/x_(y)_(z)⟧) [a](⟦https://b.example/x⟧) [⟦https://a.example⟧](⟦https://b.example⟧)",
		// prose without spaces
		"看这里⟦https://pills.example/buy⟧，谢谢。还有⟦www.pills.example⟧、⟦https://b.example⟧谢谢", "см⟦https://a.example/x⟧;⟦https://b.example/y⟧",
		"请看⟦https://a.example/x⟧,谢谢。⟦https://b.example/分类:中国?查询=值,x⟧",
		"⟦https://a.example⟧привет ⟦https://озеро.рф⟧and", "⟦https://a.example⟧,⟦https://b.example⟧|⟦https://c.example⟧", "see⟦https://a.example/x⟧—it",
		"⟦http://a.example⟧http://b..example ⟦https://a.example⟧⟦HTTPS://b.example⟧⟦http://c.example⟧_/ ⟦http://d.example⟧-/",
		"смотри...⟦www.a.example⟧ !⟦www.b.example⟧ _⟦www.b.example⟧_ /⟦www.c.example⟧",
		// punctuation of the sentence
		"⟦https://a.example/x⟧. ⟦https://a.example/x⟧, ⟦https://a.example/x⟧?! ⟦https://a.example/x⟧… ⟦https://a.example/x⟧...",
		"⟦https://a.example⟧. ⟦https://a.example⟧: ⟦https://a.example/x⟧; ⟦https://a.example/x⟧&quot; ⟦https://a.example/x⟧😂😂",
		"**⟦https://a.example/x⟧** _⟦https://a.example/x⟧_ ~~⟦https://a.example/x⟧~~so ⟦https://a.example/x⟧\\_y",
		"⟦https://a.example./x⟧ ⟦https://a.example/a_b_c/_d_/~e⟧",
		// no addresses
		"www.readme awww.a.example me@www.a.example docs.www.a.example http:// https://localhost/x http://a..example http://.example",
		"http://1.2.3.4.5/ http://example:80 ftp://a.example hxxp://a.example http://a.123",
		// characters that cannot be seen
		"https://pi\u200blls.example/ https://pills.ex\u00adample https://bank.example\u200b.evil.example https://bank.example\u2024evil.example",
		"⟦https://a.example/x⟧\u200by ⟦https://a.example⟧\u200b ⟦https://a.example/x⟧\u202ey",
	} {
		typed := strings.NewReplacer("⟦", "", "⟧", "").Replace(marked)
		var b strings.Builder
		at := 0
		for _, a := range address.Find(typed) {
			b.WriteString(typed[at:a.From] + "⟦" + typed[a.From:a.To] + "⟧")
			at = a.To
		}
		if got := b.String() + typed[at:]; got != marked {
			t.Errorf("\ngot  %s\nwant %s", got, marked)
		}
	}
}

func TestFind_ReturnsHostAsLookedUp(t *testing.T) {
	for typed, want := range map[string][2]string{
		"http://Озеро.РФ/я":                  {"xn--e1aducj.xn--p1ai", "http://xn--e1aducj.xn--p1ai/я"},
		"http://xn--e1aducj.XN--P1AI":        {"xn--e1aducj.xn--p1ai", "http://xn--e1aducj.xn--p1ai"},
		"www.Shop.example/X":                 {"www.shop.example", "http://www.shop.example/X"},
		"https://bank.example@evil.example":  {"evil.example", "https://evil.example"},
		"https://a:b@evil.example:80/x":      {"evil.example", "https://evil.example:80/x"},
		"https://pills%2Eexample/x":          {"pills.example", "https://pills.example/x"},
		"https://pills.example./x":           {"pills.example", "https://pills.example/x"},
		"https://ｐills.example/x":            {"pills.example", "https://pills.example/x"},
		"http://[2001:DB8:0::1]/x":           {"2001:db8::1", "http://[2001:db8::1]/x"},
		"https://r3---sn_x.example":          {"r3---sn_x.example", "https://r3---sn_x.example"},
		"https://_x.озеро.рф":                {"_x.xn--e1aducj.xn--p1ai", "https://_x.xn--e1aducj.xn--p1ai"},
		"https://exampl\u0065\u0301.example": {"xn--exampl-gva.example", "https://xn--exampl-gva.example"},
	} {
		found := address.Find(typed)
		if len(found) != 1 || found[0].Host != want[0] || found[0].URL != want[1] {
			t.Errorf("%s: found %+v, want %s", typed, found, want)
		}
	}
}

// A quadratic scanner takes thousands of times as long for these texts.
func TestFind_TakesLinearTime(t *testing.T) {
	const size = 100_000
	best := func(text string) time.Duration {
		took := time.Hour
		for range 5 {
			start := time.Now()
			address.Find(text)
			took = min(took, time.Since(start))
		}
		return took
	}
	plain := best(strings.Repeat("See https://a.example/x now. ", size/29))
	for _, piece := range []string{"http://", "https://a.example/", "www.", "~www.", "http://~www.", "http://a", "a.", "(", "https://a.example/(",
		"\"", "«https://", "http://[", "http://озеро.", "www.ы.", "\u200b", "http://a\u200b", ";", "&amp;", "https://a.example/;", "😂", "'", "@", "%41",
		"http://@", "https://a.example?'", "h", "w", "é", "://"} {
		text := "https://a.example/x" + strings.Repeat(piece, size/len(piece))
		if took := best(text); took > 200*plain {
			t.Errorf("%q × %d took %v, other addresses %v", piece, size/len(piece), took, plain)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"«https://озеро.рф/я», www.a.example", "http://[::1]:80/%zz", "https://a@b@c.example./(x)&quot;", "\xffhttp://\xff.a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, a := range address.Find(text) {
			if a.From < last || a.To <= a.From || a.To > len(text) || a.Host == "" {
				t.Fatalf("%q: %+v", text, a)
			}
			last = a.To
			if utf8.ValidString(text) && !utf8.ValidString(text[a.From:a.To]) {
				t.Fatalf("%q: cuts a character: %+v", text, a)
			}
			again := address.Find(a.URL)
			if !slices.ContainsFunc(again, func(b address.Address) bool { return b.Host == a.Host }) {
				t.Fatalf("%q: %+v is read again as %+v", text, a, again)
			}
		}
	})
}
