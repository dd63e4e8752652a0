package classifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/classifier/table"
)

// wordsOf returns the values of the document's word tokens, in order.
func (d Document) wordsOf() (words []string) {
	for _, t := range d.tokens {
		if t.kind == kindWord {
			words = append(words, t.key(d.text)[1:])
		}
	}
	return words
}

func TestRead_AddsUndisguisedWords(t *testing.T) {
	for typed, seen := range map[string]string{
		"v.i.a.g.r.a":                                       "viagra",
		"v*i*a*g*r*a and more":                              "viagra",
		"b o n u s  n o w":                                  "bonus",
		"c\u2009a\u2009s\u2009i\u2009n\u2009o":              "casino",
		"c\na\ns\ni\nn\no":                                  "casino",
		"w\u2009i\u2009n n\u2003o\u2003w":                   "now",
		"c\u3000a\u3000s\u3000h o\u2006f it":                "of",
		"viiiaaagraaa":                                      "viagra",
		"fffrrreeeeee money":                                "free",
		"\u202Eonisac\u202C now":                            "casino",
		"\u0227\u1E6D \u010B\u0227\u015B\u00ED\u0144\u01EB": "casino",
		"\U000102A0\u0455ino":                               "asino",
		"cas\u2170no":                                       "casino",
		"c\u0251sino":                                       "casino",
		"cas\u2C9Dn\u2C9F":                                  "",
		"\u043A\u0251\u0437\u0438\u043D\u043E":              "казино",
		"маз\u1D0B\u0430":                                   "мазка",
		"a\u0653c\u0653a\u0653s\u0653ino":                   "acasino",
		"\u2C62\u2C9Fan":                                    "loan",
		"w\u2D4Fn":                                          "win",
	} {
		if got := Read(Comment{Text: typed}).wordsOf(); seen != "" && !slices.Contains(got, seen) {
			t.Errorf("%q: read %q, want %q among them", typed, got, seen)
		}
	}
}

// A word that mixes alphabets is in no language. Its typed form is not a token.
func TestRead_MixedAlphabetsAreFolded(t *testing.T) {
	for typed, seen := range map[string]string{
		"\u03DCr\u0395\u0395 m\u03BFn\u0395y": "free money", "\u03F3\u03B1ck\u03A1ot": "jackpot",
	} {
		if got := strings.Join(Read(Comment{Text: typed}).wordsOf(), " "); got != seen {
			t.Errorf("%q: read %q, want %q", typed, got, seen)
		}
	}
}

func TestRead_KeepsLivingAlphabets(t *testing.T) {
	for _, text := range []string{
		"über die schöne grüne wiese", "çok güzel bir yazı", "thé à la crème brûlée, naïve", "příliš žluťoučký kůň",
		"ґанок їхнього будинку", "љубав и њежност", "тұр түр қала ғой һәм әңгіме өсімдік",
		"Ελλάδα και θάλασσα", "Հայաստան իմ երկիր", "საქართველო ჩემი", "مرحبا بكم", "ᓄᓇᕗᑦ ᐃᓄᒃᑎᑐᑦ",
		"я и в", "a b c", "3.14 and e.g. this",
	} {
		typed := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !wordRune(c) })
		for _, w := range Read(Comment{Text: text}).wordsOf() {
			if !slices.Contains(typed, w) {
				t.Errorf("%q: read %q, which does not stand there", text, w)
			}
		}
	}
}

func TestConfusables_TableIsComplete(t *testing.T) {
	if n := len(confusableMap()); n < 1500 {
		t.Fatalf("%d characters have twins", n)
	}
	for r, to := range confusableMap() {
		if keyboardLetter(r) || to.latin == 0 && to.cyrillic == 0 || to.latin != 0 && (to.latin < 'a' || to.latin > 'z') {
			t.Errorf("%U looks like %+v", r, to)
		}
	}
}

// After ten lessons of each label, a website changes the score of the same praise as a link does.
func TestJudge_WebsiteCountsLikeALink(t *testing.T) {
	var lessons []Lesson
	for i := range uint64(10) {
		praise := fmt.Sprintf("A lovely read, thank you, number %s of many", madeUpWord(i))
		lessons = append(lessons,
			Lesson{Seq: 2*i + 1, Label: Ham, Comment: Comment{Text: praise, Author: "Ann"}},
			Lesson{Seq: 2*i + 2, Label: Spam, Comment: Comment{
				Text: praise + "!", Author: "Ann", URL: "https://" + madeUpWord(90+i) + ".example/",
			}})
	}
	m := Fold(slices.Values(lessons))
	c := Comment{Text: "What a lovely post, I will come again", Author: "Bob"}
	without := m.Judge(Read(c)).Spam
	for _, url := range []string{"https://shop.example/x", "shop.com", "http://192.0.2.1/", "http://[2001:db8::1]/",
		"https://пример.example"} {
		c.URL = url
		if with := m.Judge(Read(c)).Spam; with < 0.5 || with < without+0.2 {
			t.Errorf("with %s it is spam with %.2f, without with %.2f", url, with, without)
		}
	}
	c.URL = "https://" + strings.Repeat("w", 2000)
	if got := m.Judge(Read(c)).Spam; got != without {
		t.Errorf("an address that is none makes %.2f of %.2f", got, without)
	}
}

// A name of three or more words is read as text. Any other name keeps the judgement finite.
func TestRead_LongNamesAreText(t *testing.T) {
	m := Fold(slices.Values(lessonsOf(300, 1)))
	plain := m.Judge(Read(Comment{Text: "the article was good", Author: "Ann"})).Logit
	for name, louder := range map[string]bool{
		"Buy cheap pills casino bonus now":             true,
		"ann@mail.example":                             false,
		"https://win.example/bonus":                    false,
		strings.Repeat("buy cheap pills casino ", 100): true,
		"\u202e\u200b ":                                false,
	} {
		j := m.Judge(Read(Comment{Text: "the article was good", Author: name}))
		if checkJudgement(t, j); louder && j.Logit <= plain {
			t.Errorf("%.40q makes %.2f of %.2f", name, j.Logit, plain)
		}
	}
}

// madeUpWord returns a different word for each number.
func madeUpWord(n uint64) string {
	var b []byte
	for x := table.Mix(n + 1); len(b) < 7; x /= 20 {
		b = append(b, "bcdfghklmnprstvzaeio"[x%20])
	}
	return string(b)
}

// Words in letters of other alphabets, or in signs that show letters, are read as the letters that they show.
func TestRead_LooksThroughAlphabets(t *testing.T) {
	for family, written := range map[string]string{
		"regional indicators":    "🇨🇦🇸🇮🇳🇴 🇧🇴🇳🇺🇸",
		"circled":                "ⓒⓐⓢⓘⓝⓞ ⓑⓞⓝⓤⓢ",
		"negative circled":       "🅒🅐🅢🅘🅝🅞 🅑🅞🅝🅤🅢",
		"negative squared":       "🅲🅰🆂🅸🅽🅾 🅱🅾🅽🆄🆂",
		"parenthesised":          "⒞⒜⒮⒤⒩⒪ ⒝⒪⒩⒰⒮",
		"parenthesised capitals": "🄒🄐🄢🄘🄝🄞 🄑🄞🄝🄤🄢",
		"Lisu":                   "ꓚꓮꓢꓲꓠꓳ ꓐꓳꓠꓴꓢ",
		"Cherokee":               "ꮯꭺꮪꭵnꮻ ᏴꮻnuᏚ",
		"phonetic":               "ɕɑʂɨɳɵ ɓɵɳʉʂ",
		"small capitals":         "ᴄᴀꜱɪɴᴏ ʙᴏɴᴜꜱ",
		"Coptic":                 "ⲥⲁⲋⲓⲛⲟ ⲃⲟⲛuⲋ",
		"Armenian":               "casіnօ bօnսs",
	} {
		for _, text := range []string{written, "please try the " + written + " today, friends"} {
			words := Read(Comment{Text: text}).valuesOf(kindWord)
			for _, want := range []string{"casino", "bonus"} {
				if !slices.Contains(words, want) {
					t.Errorf("%s: %q has the words %q, not %q", family, text, words, want)
				}
			}
		}
	}
}

// Ordinary text of a living alphabet has no other words than those that are typed, and neither have flags.
func TestRead_LivingAlphabetsStayThemselves(t *testing.T) {
	for text, want := range map[string]string{
		"Ευχαριστώ πολύ για το άρθρο":    "ευχαριστώ πολύ για το άρθρο",
		"Շնորհակալություն հոդվածի համար": "շնորհակալություն հոդվածի համար",
		"Greetings from 🇰🇿":              "greetings from 🇰 🇿",
		"Über den Köln‑Bericht":          "über den köln bericht",
	} {
		if got := strings.Join(Read(Comment{Text: text}).valuesOf(kindWord), " "); got != want {
			t.Errorf("%q has the words %q, want %q", text, got, want)
		}
	}
}

// The address of a link counts, whatever its text.
func TestRead_CountsLinksWithoutVisibleAddress(t *testing.T) {
	for _, text := range []string{
		`<a href="https://shop.example/x">here</a>`, `<a href='http://shop.example'>here</a>`, `<a href=//shop.example>here</a>`,
		`<A HREF="https://shop.example/x">here</A>`, `<a title="x" href = "https://shop.example">here</a>`,
		`[url=https://shop.example]here[/url]`, `[here](https://shop.example)`,
	} {
		if traits := Read(Comment{Text: text}).valuesOf(kindTrait); !slices.Contains(traits, "links=1") {
			t.Errorf("%s has the traits %q", text, traits)
		}
	}
}
