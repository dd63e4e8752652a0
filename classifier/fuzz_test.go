package classifier

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var hostileTexts = []string{
	"", " ", "\x00", "\xff\xfe\xfd", "a\xc3(b", strings.Repeat("\u0301", 1000), "\u200b\u200c\u2060",
	"👩‍👩‍👧‍👦🇰🇿", "<a href='http://x.example'>x</a><!-- ", "&#x110000;&lt;b&gt;&amp;amp;", "http://", "http://[::1]:80/%zz",
	"www..com", "@", "@@@", "a@b.", "x.y.z://", "c a s i n o", "ааaa", "ﷺﷺﷺ", "İıẞß", "тұр түр", "١٢٣ १२३",
	"<<<<<<<<", "1.2.3.4/5", "http://xn--/", "\u0306и\u0306е\u0308", "aaaaaaaaa 0l1v3",
}

func FuzzRead(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s, s, s, s)
	}
	m := Fold(slices.Values(lessonsOf(60, 5)))
	f.Fuzz(func(t *testing.T, text, author, email, url string) {
		d := Read(Comment{Text: text, Author: author, Email: email, URL: url})
		if !utf8.ValidString(d.text[:d.folded]) {
			t.Errorf("folded text is not UTF-8: %q", d.text[:d.folded])
		}
		if FingerprintOf(Comment{Text: text}) != d.Fingerprint() {
			t.Error("a fingerprint is another where no tokens are made")
		}
		seen := map[string]bool{}
		for _, tok := range d.tokens {
			k := tok.key(d.text)
			if len(k) < 2 || seen[k] {
				t.Errorf("token %q is empty or doubled", k)
			}
			seen[k] = true
		}
		for _, p := range d.places {
			if int(p.token) >= len(d.tokens) || int(p.word) > d.words {
				t.Errorf("place %+v outside %d tokens and %d words", p, len(d.tokens), d.words)
			}
		}
		checkJudgement(t, m.Judge(d))
		for _, w := range m.Evidence(d) {
			if !finite(w.Weight) {
				t.Errorf("evidence %+v", w)
			}
		}
	})
}

func FuzzFoldWord(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var seen disguises
		out := foldWord(nil, []rune(s), noScript, &seen)
		if len(out) > len([]rune(s)) {
			t.Errorf("%q grew to %q", s, string(out))
		}
	})
}

func FuzzRestore(f *testing.F) {
	f.Add(Fold(slices.Values([]Lesson(nil))).Bytes())
	f.Add(Fold(slices.Values(lessonsOf(3, 2))).Bytes())
	d := Read(Comment{Text: "free casino"})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Restore(b); err == nil {
			checkJudgement(t, m.Judge(d))
		}
	})
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func checkJudgement(t *testing.T, j Judgement) {
	t.Helper()
	if !finite(j.Logit) || !(j.Spam >= 0 && j.Spam <= 1) {
		t.Errorf("judged %+v", j)
	}
	for _, p := range j.Reasons {
		if !(p >= 0 && p <= 1) {
			t.Errorf("judged %+v", j)
		}
	}
}

func TestRead_HostileTextsInBoundedTime(t *testing.T) {
	lessons := lessonsOf(60, 5)
	m := Fold(slices.Values(lessons))
	for name, text := range map[string]string{
		"one word":              strings.Repeat("казино", 10_000),
		"combining marks":       "a" + strings.Repeat("\u0301", 100_000),
		"й over and over":       strings.Repeat("и\u0306", 30_000),
		"only emoji":            strings.Repeat("🎰", 15_000),
		"only zero width":       strings.Repeat("\u200b", 20_000),
		"invalid UTF-8":         strings.Repeat("\xff\xc3", 30_000),
		"links":                 strings.Repeat("http://a.example/b ", 3_000),
		"open tags":             strings.Repeat("<a", 30_000),
		"tags":                  strings.Repeat("<b>", 20_000),
		"entities":              strings.Repeat("&amp;", 12_000),
		"single letters":        strings.Repeat("a ", 30_000),
		"a ligature of 18":      strings.Repeat("ﷺ", 20_000),
		"at signs":              strings.Repeat("@a.", 20_000),
		"dots":                  strings.Repeat("a.", 30_000),
		"apostrophes":           strings.Repeat("a'", 30_000),
		"words of mixed script": strings.Repeat("kaзинo ", 6_000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			d := Read(Comment{Text: text, Author: text, Email: text, URL: text})
			checkJudgement(t, m.Judge(d))
			m.Learn(Lesson{Seq: m.Seq() + 1, Label: Spam, Comment: Comment{Text: text}})
			// Far above the usual time, and far below that of quadratic work.
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("read, judged and learned in %v", took)
			}
		})
	}
}
