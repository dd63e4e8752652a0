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
	minLength  = 12    // characters
	maxLength  = 1_024 // bytes
	minUnknown = 8     // characters that are not easy to guess
)

//go:embed common.txt
var commonFile string

// commonPasswords returns the set of common passwords.
var commonPasswords = sync.OnceValue(func() map[string]bool {
	words := map[string]bool{}
	for line := range strings.Lines(commonFile) {
		if !strings.HasPrefix(line, "#") {
			words[strings.TrimSpace(line)] = true
		}
	}
	return words
})

// Check returns an error for a weak password: fewer than 12 characters, more than 1,024 bytes, a common password, a
// repeated part, and one with fewer than 8 characters besides common words, runs and digits, or besides known texts
// such as the e-mail and names of sites (NIST SP 800-63B-4, 3.1.1.2).
func Check(typed string, known ...string) error {
	if !utf8.ValidString(typed) || utf8.RuneCountInString(typed) < minLength || len(typed) > maxLength {
		return problem.Field("/password", fmt.Sprintf("A password has at least %d characters.", minLength))
	}
	lower := strings.ToLower(typed)
	switch {
	case commonPasswords()[lower]:
		return problem.Field("/password", "This is a common password, which attackers try first. Choose another one.")
	case repeats([]rune(lower)):
		return problem.Field("/password", "This password repeats itself. Choose one that does not.")
	case guessable([]rune(lower)) || guessable(slices.Compact([]rune(lower))):
		return problem.Field("/password", "This password is little more than a common word, a row of keys or digits. "+
			"Choose a few unrelated words.")
	case utf8.RuneCountInString(without(lower, known)) < minUnknown:
		return problem.Field("/password",
			"This password is little more than a known name or e-mail. Choose another one.")
	}
	return nil
}

// repeats reports whether a text is a repeated part; the last repetition may be incomplete.
func repeats(text []rune) bool {
	for period := 1; period <= len(text)/2; period++ {
		if slices.Equal(text[period:], text[:len(text)-period]) {
			return true
		}
	}
	return false
}

// without removes the known texts from text, and their parts of four or more characters, such as the parts of an
// e-mail or name.
func without(text string, known []string) string {
	for _, all := range known {
		all = strings.ToLower(all)
		for _, word := range append([]string{all}, strings.FieldsFunc(all, func(r rune) bool {
			return strings.ContainsRune(" @._-", r)
		})...) {
			if utf8.RuneCountInString(word) >= 4 { // shorter ones are part of many words
				text = strings.ReplaceAll(text, word, "")
			}
		}
	}
	return text
}
