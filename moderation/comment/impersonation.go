package comment

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/text"
)

// NameIndex finds names that imitate known names. The zero value contains no names.
type NameIndex struct {
	titles  []title
	written map[string]string // known name by each of its readings
}

// A title is a word for a role, such as "admin".
type title struct {
	readings []string
	written  string
}

// roleTitles lists names that readers take for staff.
var roleTitles = []string{"admin", "administrator", "moderator", "author", "owner",
	"админ", "администратор", "модератор", "автор", "владелец", "әкімші"}

// NewNameIndex returns an index of names. Titles may be added to a name without making it different. Of names with the
// same reading, the first is kept.
func NewNameIndex(names, titles []string) NameIndex {
	n := NameIndex{written: make(map[string]string, len(names))}
	for _, t := range titles {
		if readings := KnownReadings(t); len(readings) > 0 {
			n.titles = append(n.titles, title{readings, t})
		}
	}
	for _, name := range names {
		for _, reading := range KnownReadings(name) {
			if _, known := n.written[reading]; !known {
				n.written[reading] = name
			}
		}
	}
	return n
}

// Match returns the known name that a commenter's name imitates, or "". It ignores punctuation, spaces, letter case,
// diacritics, look-alike characters and titles. A name that consists of titles imitates the first one.
func (n NameIndex) Match(name string) string {
	for _, words := range readings(name) {
		if like, known := n.written[strings.Join(words, "")]; known {
			return like
		}
		bare, first := words, ""
		for _, t := range n.titles {
			at := slices.IndexFunc(bare, func(word string) bool { return slices.Contains(t.readings, word) })
			if at < 0 {
				continue
			}
			bare = slices.Delete(bare, at, at+1)
			if first == "" {
				first = t.written
			}
		}
		if len(bare) == 0 && first != "" {
			return first
		}
		if like, known := n.written[strings.Join(bare, "")]; known {
			return like
		}
	}
	return ""
}

// Readings returns the distinct forms that a reader may see in a name, without spaces and punctuation. A name imitates
// another if one of its readings is among the other's KnownReadings.
func Readings(name string) []string { return joined(readings(name)) }

// KnownReadings returns the readings of a name that others must not imitate. Verified names are stored as hashes of
// these, so the first one must not change.
func KnownReadings(name string) []string { return joined(append(readings(name), coarse(name))) }

func joined(all [][]string) (list []string) {
	for _, words := range all {
		if reading := strings.Join(words, ""); reading != "" && !slices.Contains(list, reading) {
			list = append(list, reading)
		}
	}
	return list
}

// A capital I looks like l, and 1 looks like both. They are not mapped to one letter in general, because letter case is
// ignored: Ilya and Liya would then be the same name.
var (
	byShape  = strings.NewReplacer("I", "l", "\u0406", "l", "\u04c0", "l")
	byDigits = strings.NewReplacer("0", "o", "1", "l", "|", "l")
	asOne    = strings.NewReplacer("i", "l")
)

// readings returns the words of each reading of a name.
func readings(name string) [][]string {
	folded := text.Fold(name)
	all := [][]string{
		words(classifier.Skeleton(folded)),
		words(plain(folded)),
		words(plain(text.Fold(byShape.Replace(norm.NFKC.String(name))))),
	}
	if strings.ContainsAny(folded, "1|") {
		all = append(all, coarse(name))
	}
	return all
}

// coarse returns the words of the reading in which i and l are one letter.
func coarse(name string) []string { return words(asOne.Replace(plain(text.Fold(name)))) }

// plain replaces look-alikes in a folded text with Latin letters without diacritics.
func plain(folded string) string {
	return classifier.ConfusableSkeleton(unmarked(byDigits.Replace(folded)))
}

// unmarked removes diacritics.
func unmarked(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// words splits a text into runs of letters and digits.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
