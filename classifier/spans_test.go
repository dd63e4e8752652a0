package classifier

import (
	"slices"
	"strings"
	"testing"
)

func TestSpans_TokensAreInDocument(t *testing.T) {
	for _, text := range []string{
		"Buy ch\u200bеap tents, don't wait! p@ypal 100%", "Қазақша сөздер: әжем, үкі; көктем.", "Нeдорого: кaзинo и бонус",
		"",
		"ﬀ ﬁ ＣＡＳＩＮＯ ①", "a\u0301bc é й и\u0306", strings.Repeat("х", 60), "\xff\xfe bad \u202ebytes",
	} {
		known := map[string]bool{}
		d := Read(Comment{Text: text})
		for _, tok := range d.tokens {
			if tok.kind == kindWord {
				known["word:"+d.text[tok.off:tok.off+uint32(tok.size)]] = true
			}
		}
		for _, s := range Spans(text) {
			if s.Token != "" && !known[s.Token] {
				t.Errorf("%q: the spot %q is read as %q, which is no token of the document", text, text[s.From:s.To], s.Token)
			}
		}
	}
}

func TestSpans_ReportDisguises(t *testing.T) {
	text := "ch\u200bеap 👩\u200d👧 Нeт \u03dcr\u03bfm \u202eno\u202c"
	var odd []string
	for _, s := range Spans(text) {
		for _, o := range s.Disguises {
			odd = append(odd, string(o.Rune)+">"+string(o.Like))
		}
	}
	// The joiner of an emoji is not reported. A word of two scripts is read in the script of the text.
	if got, want := strings.Join(odd, " "), "\u200b>\x00 е>e Н>H т>t \u03dc>f \u03bf>o \u202e>\x00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSpans_IgnoreHarmlessCharacters(t *testing.T) {
	for _, text := range []string{
		"\ufeffFirst!", "omg\ufeff", "so good \u200b\u200b", "+7\u00a0701 \u202a+7 701\u202c", "\u2068Әсел\u2069, рахмет",
		"\u00ad soft", "WhatsAppтан жаздым, Telegramға кірдім", "iPhone15те SMSка, VPN'ді",
		"می\u200cخواهم", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", "1\ufe0f\u20e3",
	} {
		for _, s := range Spans(text) {
			if len(s.Disguises) > 0 {
				t.Errorf("%q: %v is taken for a disguise", text, s.Disguises)
			}
		}
	}
	for _, text := range []string{
		"кaзино", "casinо", "ВАNK тут",
		"ca\ufeffsino", "ca\u00adsino", "а\u200cга", "x \u3164\u3164 y", "\U000E0061",
	} {
		if spots := Spans(text); !slices.ContainsFunc(spots, func(s Span) bool { return len(s.Disguises) > 0 }) {
			t.Errorf("%q is taken for no disguise: %v", text, spots)
		}
	}
}

func FuzzSpans(f *testing.F) {
	f.Add("ch\u200beap\xff")
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, s := range Spans(text) {
			if s.From < last || s.To <= s.From || s.To > len(text) {
				t.Fatalf("%q: spot %d to %d after %d", text, s.From, s.To, last)
			}
			last = s.To
			for _, o := range s.Disguises {
				if o.At < s.From || o.At >= s.To {
					t.Fatalf("%q: odd at %d outside of %d to %d", text, o.At, s.From, s.To)
				}
			}
		}
	})
}
