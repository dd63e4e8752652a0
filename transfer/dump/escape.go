package dump

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	bareLink = regexp.MustCompile(`(?i)^(https?://|www\.)`)
	edged    = regexp.MustCompile(`(^|[^\pL\pN])_|_([^\pL\pN]|$)`) // what may begin or end an emphasis
	numbered = regexp.MustCompile(`^\d{1,9}[.)]$`)
)

// startsBlock reports whether a text may begin as a list or a quote does.
func startsBlock(text string) bool {
	return text != "" && strings.ContainsRune(">-+*0123456789", rune(text[0]))
}

// escaped writes a word so that none of its signs is a mark. An address keeps them: it is recognised as it is.
func (c *converter) escaped(word string) string {
	lineStart := len(c.out) == 0 || c.breaks > 0
	if lineStart && numbered.MatchString(word) {
		return word[:len(word)-1] + `\` + word[len(word)-1:]
	}
	if !strings.ContainsAny(word, "\\*_`[]~<>+-") {
		return word
	}
	if bareLink.MatchString(word) && !strings.ContainsAny(word, "<>") {
		switch {
		case !strings.ContainsAny(word, "\\*`[]~") && !edged.MatchString(word):
			return word
		case !strings.HasPrefix(word, "www") && c.link == nil:
			return "<" + word + ">"
		}
	}
	var b strings.Builder
	runes := []rune(word)
	isLink, isMail := strings.Contains(word, "]("), strings.Contains(word, "@")
	for i, r := range runes {
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
