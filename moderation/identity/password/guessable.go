package password

import (
	"slices"
	"strings"
	"unicode"
)

// minRun is the least length of a run of adjacent keys or consecutive characters. Three equal characters are a run too.
const minRun = 4

// keyRows lists adjacent keys on keyboards for English, Russian and Kazakh, and common zigzags between the rows.
var keyRows = func() (all [][]rune) {
	for _, row := range []string{
		"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./",
		"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "әіңғүұқөһ",
		"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p", "1q2w3e4r5t6y7u8i9o0p", "qazwsxedcrfvtgbyhnujmikolp",
		"zaq1xsw2cde3vfr4bgt5nhy6mju7", "1й2ц3у4к5е6н7г8ш9щ0з", "йфяцычувскамепинртгоьшлбщдю",
	} {
		there := []rune(row)
		back := slices.Clone(there)
		slices.Reverse(back)
		all = append(all, there, back)
	}
	return all
}()

// commonWords lists words that begin many leaked passwords, in English, Russian and Kazakh, also in Latin letters and
// on the wrong layout.
var commonWords = strings.Fields(`
	password passwort passw0rd letmein welcome iloveyou qwerty monkey dragon football baseball basketball soccer hockey
	master shadow sunshine princess superman batman spiderman trustno starwars pokemon minecraft michael jordan jessica
	ashley daniel thomas charlie andrew hunter killer freedom whatever computer internet samsung google facebook secret
	admin administrator moderator login access changeme default summer winter spring autumn monday friday flower cookie
	cheese chocolate butterfly liverpool chelsea arsenal barcelona mustang ferrari mercedes hello angel
	пароль привет любовь люблю солнышко солнце админ наташа марина максим настя москва россия казахстан қазақстан алматы
	астана сәлем parol privet lubov natasha marina maksim nastya moskva rossiya kazakhstan qazaqstan almaty astana
	gfhjkm ghbdtn yfnfif vfrcbv vjcrdf`)

// unleet returns the letter that a digit or sign often replaces.
func unleet(r rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1', '!':
		return 'i'
	case '3':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '7':
		return 't'
	}
	return r
}

// guessable reports whether a lower-case text has fewer than minUnknown characters, or no letter, outside its runs, key
// rows and common words.
func guessable(text []rune) bool {
	cut := make([]bool, len(text))
	cutRuns(text, cut)
	cutWords(text, cut)
	plain := make([]rune, len(text))
	for i, r := range text {
		plain[i] = unleet(r)
	}
	cutWords(plain, cut)
	left, letters := 0, 0
	for i, r := range text {
		if cut[i] {
			continue
		}
		if left++; unicode.IsLetter(r) {
			letters++
		}
	}
	return left < len(text) && (left < minUnknown || letters == 0)
}

// cutRuns marks runs of equal or consecutive characters and of adjacent keys.
func cutRuns(text []rune, cut []bool) {
	follows := []func(a, b rune) bool{
		func(a, b rune) bool { return b == a+1 && alphanumeric(a, b) },
		func(a, b rune) bool { return b == a-1 && alphanumeric(a, b) },
	}
	for _, row := range keyRows {
		follows = append(follows, func(a, b rune) bool {
			at := slices.Index(row, a)
			return at >= 0 && at+1 < len(row) && row[at+1] == b
		})
	}
	for _, next := range follows {
		markRuns(text, cut, minRun, next)
	}
	markRuns(text, cut, 3, func(a, b rune) bool { return a == b })
}

func alphanumeric(a, b rune) bool {
	return unicode.IsLetter(a) && unicode.IsLetter(b) || unicode.IsDigit(a) && unicode.IsDigit(b)
}

// markRuns marks runs of least or more characters, each of which follows the previous one.
func markRuns(text []rune, cut []bool, least int, follows func(a, b rune) bool) {
	for from := 0; from < len(text); {
		to := from + 1
		for to < len(text) && follows(text[to-1], text[to]) {
			to++
		}
		for i := from; to-from >= least && i < to; i++ {
			cut[i] = true
		}
		from = max(from+1, to)
	}
}

// cutWords marks common words.
func cutWords(text []rune, cut []bool) {
	for _, word := range commonWords {
		w := []rune(word)
		for i := 0; i+len(w) <= len(text); i++ {
			if slices.Equal(text[i:i+len(w)], w) {
				for j := range w {
					cut[i+j] = true
				}
			}
		}
	}
}
