package classifier

import (
	"math/bits"
	"strconv"
	"strings"
	"unicode"
)

// shape is how a comment looks, apart from what it says.
type shape struct {
	disguises
	runes, letters, capitals, numerals int
	emoji, exclaims, questions, lines  int
	links, mails, mentions, phones     int
	money                              int
	scripts                            [otherScript + 1]int
}

// survey counts the characters of s and returns the script that most of it is in.
func (h *shape) survey(s string) script {
	digits := 0 // in a row, as telephone numbers are written
	for _, c := range s {
		h.runes++
		if '0' <= c && c <= '9' {
			h.numerals++
			if digits++; digits == 9 {
				h.phones++
			}
			continue
		}
		if c != ' ' && c != '-' && c != '(' && c != ')' && c != '+' {
			digits = 0
		}
		switch sc := scriptOf(c); {
		case sc != noScript:
			h.scripts[sc]++
			h.letters++
			if unicode.IsUpper(c) {
				h.capitals++
			}
		case c == '!':
			h.exclaims++
		case c == '?':
			h.questions++
		case c == '\n':
			h.lines++
		case isEmoji(c):
			h.emoji++
		case unicode.Is(unicode.Sc, c):
			h.money++
		}
	}
	return mainScript(h.scripts)
}

func isEmoji(r rune) bool {
	return 0x1F000 <= r && r <= 0x1FAFF || 0x2600 <= r && r <= 0x27BF || 0x2B00 <= r && r <= 0x2BFF ||
		0x2190 <= r && r <= 0x21FF || 0x2300 <= r && r <= 0x23FF
}

// traits names the shape in words: "links=2".
func (h *shape) traits() []string {
	if h.runes == 0 {
		return nil
	}
	out := []string{
		"length=" + strconv.Itoa(bits.Len(uint(h.runes))),
		"links=" + few(h.links),
		"emoji=" + few(h.emoji),
		"exclamations=" + few(h.exclaims),
		"capitals=" + eighths(h.capitals, h.letters),
		"digits=" + eighths(h.numerals, h.runes),
	}
	for _, t := range []struct {
		name string
		n    int
	}{
		{"mentions", h.mentions}, {"mails", h.mails}, {"phones", h.phones}, {"money", h.money},
		{"questions", h.questions}, {"mixed_letters", h.mixed}, {"digits_for_letters", h.leet},
		{"hidden_characters", h.hidden}, {"loose_accents", h.accents},
	} {
		if t.n > 0 {
			out = append(out, t.name+"="+few(t.n))
		}
	}
	if h.html {
		out = append(out, "html")
	}
	if h.spaced {
		out = append(out, "spaced_letters")
	}
	if h.lines > 0 {
		out = append(out, "several_lines")
	}
	return append(out, "scripts="+h.scriptSet())
}

func (h *shape) scriptSet() string {
	var set []string
	for s, name := range [...]string{latin: "latin", cyrillic: "cyrillic", greek: "greek", otherScript: "other"} {
		if h.scripts[s] > 0 {
			set = append(set, name)
		}
	}
	return strings.Join(set, "+")
}

// few writes a small number as itself and larger ones as powers of two: 3+, 6+, 12+ …
func few(n int) string {
	if n < 3 {
		return strconv.Itoa(n)
	}
	from := 3
	for from*2 <= n && from < 48 {
		from *= 2
	}
	return strconv.Itoa(from) + "+"
}

// eighths writes the share n/of in eighths, rounded up; "0" only for none at all.
func eighths(n, of int) string {
	if of == 0 || n == 0 {
		return "0"
	}
	return strconv.Itoa((8*n+of-1)/of) + "/8"
}
