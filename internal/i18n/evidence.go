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

// Token says what a token of the classifier is: a word stands in quotation marks, everything
// else is described; a trait that a person would take for a reason in a sentence, which has no full stop yet.
func (c *Catalog) Token(token string) string {
	kind, value, _ := strings.Cut(token, ":")
	switch kind {
	case "word":
		return c.T("quote", "text", value)
	case "trait":
		return c.trait(value)
	case "words":
		one, two, _ := strings.Cut(value, " ")
		last, _ := utf8.DecodeLastRuneInString(one)
		first, _ := utf8.DecodeRuneInString(two)
		if unicode.Is(unicode.Han, last) && unicode.Is(unicode.Han, first) { // which are written without a space
			value = one + two
		}
	}
	if key := "token." + kind; c.Has(key) {
		return c.T(key, "value", value)
	}
	return token
}

// trait describes how a text looks: "links=3+" is "It has 3 or more links".
func (c *Catalog) trait(trait string) string {
	name, value, _ := strings.Cut(trait, "=")
	key := "trait." + name
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(value, "+"), "/8")) // the classifier wrote it
	switch {
	case name == "length":
		bits, _ := strconv.Atoi(value)
		return c.T(key, "from", 1<<max(0, bits-1), "to", 1<<bits-1)
	case name == "size":
		bits, _ := strconv.Atoi(value) // of the square of the length
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
	case name == "capitals": // in eighths, rounded up
		return c.T(key, "percent", 100*(n-1)/8)
	case strings.HasSuffix(value, "+") && c.Has(key+".more"):
		return c.T(key+".more", "n", n)
	case c.Has(key):
		return c.N(key, n, "value", value)
	}
	return trait
}

// Seen says where a piece of evidence was seen: in how many comments refused for a reason, and in how
// many approved ones.
func (c *Catalog) Seen(reason string, refused, approved int) string {
	return c.N("evidence.seen."+reason, refused, "ham", approved)
}

// Because says what a piece of evidence is, and where it was seen.
func (c *Catalog) Because(token, reason string, refused, approved int) string {
	return c.T("because", "what", c.Token(token), "seen", c.Seen(reason, refused, approved))
}

// Disguise says in one sentence what a text in a language hides, "" where that is nothing: how many letters of
// one script stand in words of another ("latin cyrillic"), and how many characters cannot be seen ("unseen").
func (c *Catalog) Disguise(odds map[string]int, lang string) string {
	var found []string
	for _, key := range slices.Sorted(maps.Keys(odds)) {
		script, word, letters := strings.Cut(key, " ")
		if !letters {
			found = append(found, c.N("disguise."+key, odds[key]))
			continue
		}
		if scriptOf[lang] == word {
			word = lang
		}
		found = append(found, c.N("disguise.letters", odds[key],
			"script", c.T("script.of."+script), "words", c.T("words.of."+word)))
	}
	return OneSentence(found)
}

// scriptOf has the scripts of the languages that words are called by.
var scriptOf = map[string]string{"en": "latin", "ru": "cyrillic", "kk": "cyrillic"}

// Script names the script of a letter, as Disguise counts it.
func Script(letter rune) string {
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

// Hidden names a character that has no picture.
func (c *Catalog) Hidden(r rune) string {
	if key := fmt.Sprintf("odd.%04X", r); c.Has(key) {
		return c.T(key)
	}
	return c.T("odd.hidden", "code", fmt.Sprintf("U+%04X", r))
}

// OneSentence makes one of several.
func OneSentence(said []string) string {
	if len(said) == 0 {
		return ""
	}
	all := strings.TrimSuffix(said[0], ".")
	for _, s := range said[1:] {
		all += "; " + within(strings.TrimSuffix(s, "."))
	}
	return all + "."
}

// within writes a sentence as it stands behind a colon.
func within(s string) string {
	first, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(first)) + s[n:]
}

// Higher says why a comment stands higher than its probability of spam does.
func (c *Catalog) Higher(score int, why []string) string {
	return c.T("higher.signals", "score", score, "why", within(OneSentence(why)))
}

// Signal says one finding on a comment by its code, or text, which is English, where there are no
// words for the code. A reason among args is said in the language too.
func (c *Catalog) Signal(code, text string, args map[string]any) string {
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
		if n, ok := whole(args[name]); ok {
			return c.N(key, n, pairs...)
		}
	}
	return c.T(key, pairs...)
}

// whole is a number without a fraction: those out of JSON are floats.
func whole(v any) (int, bool) {
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
