package text

import (
	"strings"
	"unicode"
)

const (
	kazakh        = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
	otherCyrillic = "їєґўЇЄҐЎ" // Ukrainian and Belarusian letters; both languages share і with Kazakh
)

// Languages lists the results of Language. "und" stands for all other languages.
var Languages = []string{"en", "ru", "kk", "und"}

// Language guesses a text's language from its letters: "en", "ru", "kk" or "und".
func Language(text string) string {
	var latin, cyrillic, own, other int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin++
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic++
			if strings.ContainsRune(kazakh, r) {
				own++
			} else if strings.ContainsRune(otherCyrillic, r) {
				other++
			}
		case unicode.IsLetter(r):
			other++
		}
	}
	switch {
	case latin > cyrillic+other:
		return "en"
	case cyrillic <= latin+other:
		return "und"
	case own*12 >= cyrillic && other == 0: // a few Kazakh names do not make a Russian text Kazakh
		return "kk"
	}
	return "ru"
}
