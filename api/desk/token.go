package desk

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// What a reader would not take for a reason: parts of links that nearly all links have.
var pieces = []string{"http", "https", "www", "com", "org", "net", "html", "example"}

// Traits that mean something by themselves.
var telltale = []string{
	"links", "capitals", "exclamations", "emoji", "phones", "money", "mixed_letters", "digits_for_letters",
	"hidden_characters", "spaced_letters", "html",
}

// telling says whether a token is worth a place in a sentence. A short word may be a sign of
// spam; that it speaks against it is grammar.
func telling(token string, refusal bool) bool {
	kind, value, _ := strings.Cut(token, ":")
	switch kind {
	case "word":
		least := 4
		if refusal {
			least = 3
		}
		return utf8.RuneCountInString(value) >= least && !slices.Contains(pieces, value)
	case "host", "writer_site", "mail", "mention":
		return true
	case "trait":
		name, n, _ := strings.Cut(value, "=")
		return slices.Contains(telltale, name) && (n != "0" || name == "links")
	}
	return false
}
