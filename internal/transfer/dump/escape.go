package dump

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier/address"
)

var numbered = regexp.MustCompile(`^\d{1,9}[.)]$`)

// startsBlock reports whether a text may begin as a list or a quote does.
func startsBlock(text string) bool {
	return text != "" && strings.ContainsRune(">-+*0123456789", rune(text[0]))
}

// escaped escapes the Markdown characters of a word. It leaves addresses alone, because markup reads them whole.
func (c *converter) escaped(word string) string {
	lineStart := len(c.out) == 0 || c.breaks > 0
	if lineStart && numbered.MatchString(word) {
		return word[:len(word)-1] + `\` + word[len(word)-1:]
	}
	if !strings.ContainsAny(word, "\\*_`[]~<>+-") {
		return word
	}
	found := address.Find(word)
	if c.link != nil && strings.ContainsAny(word, "[]") { // brackets could end the link
		found = nil
	}
	if len(found) == 1 && found[0].From == 0 && c.link == nil && !strings.HasPrefix(word, "www") &&
		strings.ContainsAny(word[found[0].To:], "*\\`[]~") && !strings.ContainsAny(word, "<>") {
		return "<" + word + ">"
	}
	var b strings.Builder
	runes := []rune(word)
	isLink, isMail := strings.Contains(word, "]("), strings.Contains(word, "@")
	at := 0 // in bytes
	for i, r := range runes {
		for len(found) > 0 && at >= found[0].To {
			found = found[1:]
		}
		inAddress := len(found) > 0 && at >= found[0].From
		at += utf8.RuneLen(r)
		if inAddress {
			b.WriteRune(r)
			continue
		}
		next, before := rune(0), rune(0)
		if i+1 < len(runes) {
			next = runes[i+1]
		}
		if i > 0 {
			before = runes[i-1]
		}
		mark := false
		switch r {
		case '\\':
			mark = next == 0 || unicode.IsPunct(next) || unicode.IsSymbol(next)
		case '*':
			mark = len(runes) > 1 || lineStart
		case '_':
			mark = len(runes) > 1 && !(isWord(before) && isWord(next))
		case '`':
			mark = true
		case '[', ']':
			mark = c.link != nil || isLink || r == '['
		case '~':
			mark = len(runes) > 1
		case '<':
			mark = unicode.IsLetter(next) || next == '/' || isMail
		case '>':
			mark = lineStart && i == 0
		case '-', '+':
			mark = lineStart && len(runes) == 1
		}
		if mark {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
