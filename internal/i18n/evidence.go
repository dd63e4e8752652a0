package i18n

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TokenText describes a token of the classifier. A word is quoted, and a trait is a sentence without its full stop. An
// unknown token is returned unchanged.
func (c *Catalog) TokenText(token string) string {
	kind, value, _ := strings.Cut(token, ":")
	switch kind {
	case "word":
		return c.T("quote", "text", value)
	case "trait":
		return c.traitText(value)
	case "words":
		one, two, _ := strings.Cut(value, " ")
		last, _ := utf8.DecodeLastRuneInString(one)
		first, _ := utf8.DecodeRuneInString(two)
		if unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, first) { // written without a space between words
			value = one + two
		}
	}
	if key := "token." + kind; c.Has(key) {
		return c.T(key, "value", value)
	}
	return token
}

// traitText describes a trait of a text: "links=3+" is "It has 3 or more links".
func (c *Catalog) traitText(traitText string) string {
	name, value, _ := strings.Cut(traitText, "=")
	key := "trait." + name
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(value, "+"), "/8")) // 0 if it is not a number
	switch {
	case name == "length":
		bits, _ := strconv.Atoi(value)
		return c.T(key, "from", 1<<max(0, bits-1), "to", 1<<bits-1)
	case name == "size":
		bits, _ := strconv.Atoi(value) // bits of the squared length
		from, to := math.Sqrt(math.Exp2(float64(bits-1))), math.Sqrt(math.Exp2(float64(bits)))
		return c.T("trait.length", "from", int(math.Ceil(from)), "to", int(math.Ceil(to))-1)
	case (name == "begins" || name == "ends") && c.Has("class."+value):
		return c.T(key, "value", c.T("class."+value))
	case name == "scripts":
		var names []string
		for _, script := range strings.Split(value, "+") {
			names = append(names, c.T("script."+script))
		}
		return c.T(key, "value", strings.Join(names, ", "))
	case name == "begins" || name == "ends" || name == "sign":
		return c.T(key, "value", c.T("quote", "text", value))
	case value == "0" && c.Has(key+".none"):
		return c.T(key + ".none")
	case strings.HasSuffix(value, "+") && c.Has(key+".more"):
		return c.T(key+".more", "n", n)
	case c.Has(key):
		return c.N(key, n, "value", value)
	}
	return traitText
}

// SeenCounts returns a text with the number of comments rejected for a reason and of approved comments that had some
// evidence.
func (c *Catalog) SeenCounts(reason string, refused, approved int) string {
	return c.N("evidence.seen."+reason, refused, "ham", approved)
}

// EvidenceText describes a token together with its SeenCounts.
func (c *Catalog) EvidenceText(token, reason string, refused, approved int) string {
	return c.T("because", "what", c.TokenText(token), "seen", c.SeenCounts(reason, refused, approved))
}

// DisguiseText returns a sentence about the disguises in a text, or "" for none. The keys of odds are kinds: letters of
// one script in words of another ("latin cyrillic"), and invisible characters ("unseen"). The values are their numbers.
func (c *Catalog) DisguiseText(odds map[string]int, lang string) string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(odds)) {
		script, word, letters := strings.Cut(key, " ")
		if !letters {
			found = append(found, c.N("disguise."+key, odds[key]))
			continue
		}
		if languageScripts[lang] == word {
			word = lang
		}
		found = append(found, c.N("disguise.letters", odds[key],
			"script", c.T("script.of."+script), "words", c.T("words.of."+word)))
	}
	return JoinSentences(found)
}

// languageScripts has the script of each supported language.
var languageScripts = map[string]string{"en": "latin", "ru": "cyrillic", "kk": "cyrillic"}

// ScriptName returns the script of a letter as in the keys of DisguiseText: cyrillic, greek, latin or other.
func ScriptName(letter rune) string {
	switch {
	case unicode.Is(unicode.Cyrillic, letter):
		return "cyrillic"
	case unicode.Is(unicode.Greek, letter):
		return "greek"
	case unicode.Is(unicode.Latin, letter):
		return "latin"
	}
	return "other"
}

// HiddenCharacter returns the name of an invisible character, or its code point.
func (c *Catalog) HiddenCharacter(r rune) string {
	if key := fmt.Sprintf("odd.%04X", r); c.Has(key) {
		return c.T(key)
	}
	return c.T("odd.hidden", "code", fmt.Sprintf("U+%04X", r))
}

// JoinSentences joins sentences into one, separated by semicolons.
func JoinSentences(said []string) string {
	if len(said) == 0 {
		return ""
	}
	all := strings.TrimSuffix(said[0], ".")
	for _, s := range said[1:] {
		all += "; " + lowerFirst(strings.TrimSuffix(s, "."))
	}
	return all + "."
}

// lowerFirst returns s with its first letter in lower case, for use inside a sentence.
func lowerFirst(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[n:]
}

// RaisedBecause names the signals that raised a comment's score above the classifier's probability.
func (c *Catalog) RaisedBecause(signals []string) string {
	return c.T("higher.signals", "why", lowerFirst(JoinSentences(signals)))
}

// SignalText returns the sentence for a signal's code, or the English text if the code has no sentence. It translates
// the argument reason.
func (c *Catalog) SignalText(code, text string, args map[string]any) string {
	key := "signal." + code
	if !c.Has(key) {
		return text
	}
	pairs := make([]any, 0, 2*len(args))
	for name, value := range args {
		if reason, ok := value.(string); ok && name == "reason" && c.Has("reason.low."+reason) {
			value = c.T("reason.low." + reason)
		}
		pairs = append(pairs, name, value)
	}
	for _, name := range []string{"count", "seconds"} {
		if n, ok := wholeNumber(args[name]); ok {
			return c.N(key, n, pairs...)
		}
	}
	return c.T(key, pairs...)
}

// wholeNumber returns v as an int if it is a number without a fraction. Numbers decoded from JSON are floats.
func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case float64:
		return int(v), v == math.Trunc(v)
	}
	return 0, false
}
