package text

import (
	"strings"
	"unicode"
)

const (
	kazakh    = "әғқңөұүһіӘҒҚҢӨҰҮҺІ"
	neighbour = "їєґўЇЄҐЎ" // Ukrainian and Belarusian share і with Kazakh
)

// Languages are what Language answers; und is none of the others.
var Languages = []string{"en", "ru", "kk", "und"}

// Language guesses a text's language by its letters.
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
			} else if strings.ContainsRune(neighbour, r) {
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
	case own*12 >= cyrillic && other == 0: // a name or two do not make a Russian text Kazakh
		return "kk"
	}
	return "ru"
}
