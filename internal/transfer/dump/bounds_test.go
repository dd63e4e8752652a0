package dump

import (
	"strings"
	"testing"
	"time"
)

// Converting HTML takes linear time.
func TestMarkdown_TakesLinearTime(t *testing.T) {
	cost := func(html string) time.Duration {
		best := time.Hour
		for range 3 { // other processes only add to it
			began := time.Now()
			sourceOf(html, false)
			best = min(best, time.Since(began))
		}
		return best
	}
	for name, of := range map[string]func(n int) string{
		"open emphases before blocks": func(n int) string {
			return strings.Repeat("<em><strong><u>", n) + strings.Repeat("<div>", n)
		},
		"open emphases before text": func(n int) string {
			return strings.Repeat("<b><i><s>", n) + strings.Repeat("<div>a", n)
		},
		"closed in another order": func(n int) string {
			return strings.Repeat("<b><i>a", n) + strings.Repeat("</b>b</i>", n)
		},
		"brackets in a word":  func(n int) string { return strings.Repeat("[<~", n) },
		"brackets in a link":  func(n int) string { return `<a href="https://a.example/">` + strings.Repeat("[]", n) + "</a>" },
		"nested quotes":       func(n int) string { return strings.Repeat("<blockquote>a", n) },
		"nested lists":        func(n int) string { return strings.Repeat("<ul><li>a", n) },
		"unclosed code":       func(n int) string { return strings.Repeat("<code>`", n) },
		"backticks in blocks": func(n int) string { return strings.Repeat("<pre>```\n</pre>", n) },
		"unclosed tags":       func(n int) string { return strings.Repeat("<a href=", n) },
		"pictures":            func(n int) string { return strings.Repeat("<img src=https://a.example/>", n) },
	} {
		const n = 10_000 // with quadratic work the second takes 16 times as long: seconds
		small, large := cost(of(n)), cost(of(4*n))
		t.Logf("%s: %v, %v", name, small, large)
		if large > 10*small+200*time.Millisecond {
			t.Errorf("%s: four times the length took %v instead of %v", name, large, small)
		}
	}
}

// An emphasis nested in the same emphasis is ignored.
func TestMarkdown_NestedEmphasisIsOne(t *testing.T) {
	for html, want := range map[string]string{
		"<i><em>one</em></i>":                  "*one*",
		"<em><cite>one</cite> two</em> three":  "*one two* three",
		"<b><strong>one</strong></b> two":      "**one** two",
		"<s><del>one</s></del>two</b></i></s>": "~~one~~two",
	} {
		if got := sourceOf(html, false); got != want {
			t.Errorf("%s became %q, want %q", html, got, want)
		}
	}
}
