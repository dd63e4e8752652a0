package text_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/text"
)

func TestExcerpt_CutsWithEllipsis(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"},
		{"two\r\nlines\x00", 20, "two lines"},
		{"a longer one", 9, "a longer…"},
		{"bad \xff byte", 20, "bad byte"},
		{"Ёжики", 3, "Ёж…"},
		{"", 3, ""},
	} {
		if got := text.Excerpt(c.in, c.n); got != c.want {
			t.Errorf("Excerpt(%q, %d) is %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestBreakLinks_InsertsWordJoiners(t *testing.T) {
	for in, want := range map[string]string{
		"evil.example":    "evil.\u2060example",
		"https://a.b":     "https:\u2060//a.\u2060b",
		"me@evil.example": "me@\u2060evil.\u2060example",
		"The end. Yes: x": "The end. Yes: x",
		"It ends.":        "It ends.",
	} {
		if got := text.BreakLinks(in); got != want {
			t.Errorf("BreakLinks(%q) is %q, want %q", in, got, want)
		}
	}
}
