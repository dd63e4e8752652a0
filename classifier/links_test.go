package classifier

import (
	"slices"
	"strings"
	"testing"
)

// valuesOf returns the values of a document's tokens of one kind, in order.
func (d Document) valuesOf(k kind) (values []string) {
	for _, t := range d.tokens {
		if t.kind == k {
			values = append(values, t.key(d.text)[1:])
		}
	}
	return values
}

func TestRead_FindsHostsOfLinks(t *testing.T) {
	for text, want := range map[string]string{
		"see https://shop.example/x now":                             "shop.example",
		`"https://shop.example/x"`:                                   "shop.example",
		"«https://shop.example/x»!":                                  "shop.example",
		"<https://shop.example/x>":                                   "shop.example",
		"[x](<https://shop.example/x>) `https://b.example`":          "b.example shop.example",
		"[the shop](www.shop.example/x)":                             "shop.example",
		"https://ru.lib.example/wiki/Алматы":                         "lib.example",
		"http://озеро.example/ (www.озеро.рф)":                       "xn--e1aducj.example xn--e1aducj.xn--p1ai",
		"看这里https://shop.example/买，还有www.b.example谢谢":                "b.example shop.example",
		"看https://a.example/x？谢谢www.b.example/y！谢谢https://c.example": "a.example b.example c.example",
		"https://a.example,https://b.example":                        "a.example b.example",
		"'https://a.example'|'https://b.example'":                    "a.example b.example",
		"https://bank.example@shop.example/":                         "shop.example",
		"https://sh\u200bop.example":                                 "shop.example",
		"https://shop.example./x":                                    "shop.example",
		"<a href=\"https://shop.example/x\">https://b.example/</a>":  "b.example shop.example",
		"ftp://shop.example and shop.com/x, «озеро.рф»":              "shop.com shop.example xn--e1aducj.xn--p1ai",
		"a file.txt, e.g. this":                                      "",
	} {
		d := Read(Comment{Text: text})
		got := d.valuesOf(kindDomain)
		slices.Sort(got)
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%q: domains %q, want %q", text, got, want)
		}
		if links := d.valuesOf(kindTrait); want != "" && slices.Contains(links, "links=0") {
			t.Errorf("%q has no links", text)
		}
	}
}

func TestRead_CountsAddressesWithoutSpacesBetween(t *testing.T) {
	d := Read(Comment{Text: "看https://a.example/x，和https://b.example/y，还有「https://c.example」"})
	if traits := d.valuesOf(kindTrait); !slices.Contains(traits, "links=3+") {
		t.Errorf("traits %q", traits)
	}
}

// The texts of a campaign differ in their links, also in a script without spaces.
func TestFingerprint_IgnoresAddressesWithinProse(t *testing.T) {
	a := FingerprintOf(Comment{Text: "这家商店的东西又便宜又好，请看https://shop1.example/买，谢谢大家的支持和关注"})
	b := FingerprintOf(Comment{Text: "这家商店的东西又便宜又好，请看https://cheap.store77.example/优惠，谢谢大家的支持和关注"})
	if a.Exact != b.Exact || a.Similarity(b) != 1 {
		t.Errorf("similarity %.2f", a.Similarity(b))
	}
}
