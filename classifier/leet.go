package classifier

import (
	"cmp"
	"strings"
)

// digitsAreLetters reports whether digits replace letters in a word, as in p4ssword and not in 4th, mp3 and 10ға.
// Digits between letters do. Digits before or after them are a number with an ending, or a version.
func digitsAreLetters(word []rune, main script) bool {
	first, last := -1, 0
	for i, r := range word {
		if scriptOf(r) != noScript {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	letters := 0
	for _, r := range word[first : last+1] {
		if scriptOf(r) != noScript {
			letters++
		} else if isLeet(r, main) {
			return true
		}
	}
	lead, tail := word[:first], word[last+1:]
	switch {
	case len(tail) == 1 && len(lead) == 0:
		return strings.ContainsRune("0@$", tail[0])
	case len(lead) == 1 && len(tail) == 0 && isLeet(lead[0], main):
		// Endings of numbers have up to four letters: 3інші, 5тілік.
		return strings.ContainsRune("0@$", lead[0]) || main == latin && letters > 2 || letters > 4
	}
	return false
}

// isLeet reports whether r may replace a letter of the script.
func isLeet(r rune, main script) bool {
	if main == cyrillic {
		return strings.ContainsRune("0@346", r)
	}
	return latinLeet(r) != r
}

// latinLeet returns the letter that a digit or sign replaces in a Latin word, or r.
func latinLeet(r rune) rune { return cmp.Or(leets[r], r) }

var leets = pairs("0o 1i |i !i 3e 4a @a 5s $s 7t")

// cyrillicLeet is latinLeet for a Cyrillic word, in which 3 is з or е and 4 is ч or а. It returns the vowel after a
// consonant and not before a vowel. before is the folded part of the word, after the rest of it.
func cyrillicLeet(r rune, before, after []rune) rune {
	wanted := len(before) > 0 && !isVowel(before[len(before)-1]) && (len(after) == 0 || !isVowel(after[0]))
	if vowel := leetVowels[r]; wanted && vowel != 0 {
		return vowel
	}
	return cmp.Or(cyrillicLeets[r], r)
}

var leetVowels, cyrillicLeets = pairs("3е 4а"), pairs("0о @а 6б 3з 4ч")

func isVowel(r rune) bool {
	return strings.ContainsRune("аеёиоуыэюяәөүұіАЕЁИОУЫЭЮЯӘӨҮҰІaeiouyAEIOUY0@", r)
}
