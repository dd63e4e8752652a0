package password

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
)

const (
	minLength = 12    // characters
	maxLength = 1_024 // bytes
	minOwn    = 8     // characters beside what everybody can know
)

//go:embed common.txt
var commonFile string

var common = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonFile) {
		if !strings.HasPrefix(line, "#") {
			words[strings.TrimSpace(line)] = true
		}
	}
	return words
})

// Check refuses what is no password: fewer than 12 characters, more than 1,024 bytes, a common one, one
// that repeats itself, one that is little more than common words, runs and digits, or one that is little more than
// what everybody can know of its owner, such as an e-mail or the names of sites (NIST SP 800-63B-4, 3.1.1.2).
func Check(typed string, known ...string) error {
	if !utf8.ValidString(typed) || utf8.RuneCountInString(typed) < minLength || len(typed) > maxLength {
		return problem.Field("/password", fmt.Sprintf("A password has at least %d characters.", minLength))
	}
	lower := strings.ToLower(typed)
	switch {
	case common()[lower]:
		return problem.Field("/password", "This password is a common one: whoever guesses tries it first.")
	case repeats([]rune(lower)):
		return problem.Field("/password", "This password repeats itself: take one that does not.")
	case guessable([]rune(lower)) || guessable(slices.Compact([]rune(lower))):
		return problem.Field("/password", "This password is little more than a common word, a row of keys or digits: "+
			"take a few words that do not belong together.")
	case utf8.RuneCountInString(without(lower, known)) < minOwn:
		return problem.Field("/password",
			"This password is little more than a name or an e-mail that others know: take another one.")
	}
	return nil
}

// repeats reports whether a text is one piece twice or more, the last time perhaps not whole.
func repeats(text []rune) bool {
	for period := 1; period <= len(text)/2; period++ {
		if slices.Equal(text[period:], text[:len(text)-period]) {
			return true
		}
	}
	return false
}

// without takes out of a text what is known, and its words: the parts of an e-mail, of a name.
func without(text string, known []string) string {
	for _, all := range known {
		all = strings.ToLower(all)
		for _, word := range append([]string{all}, strings.FieldsFunc(all, func(r rune) bool {
			return strings.ContainsRune(" @._-", r)
		})...) {
			if utf8.RuneCountInString(word) >= 4 { // a shorter one stands in many words
				text = strings.ReplaceAll(text, word, "")
			}
		}
	}
	return text
}
