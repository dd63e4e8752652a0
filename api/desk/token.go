package desk

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// token says what a token of the classifier is: a word stands in quotation marks, everything
// else is described.
func (c *catalog) token(token string) string {
	kind, value, _ := strings.Cut(token, ":")
	switch kind {
	case "word":
		return c.t("quote", "text", value)
	case "trait":
		return c.trait(value)
	}
	if key := "token." + kind; c.has(key) {
		return c.t(key, "value", value)
	}
	return token
}

// trait describes how a text looks: "links=0" is "no links".
func (c *catalog) trait(trait string) string {
	name, value, _ := strings.Cut(trait, "=")
	key := "trait." + name
	switch {
	case name == "length":
		bits, _ := strconv.Atoi(value) // the classifier wrote it
		return c.t(key, "from", 1<<max(0, bits-1), "to", 1<<bits-1)
	case name == "size":
		bits, _ := strconv.Atoi(value) // of the square of the length
		from, to := math.Sqrt(math.Exp2(float64(bits-1))), math.Sqrt(math.Exp2(float64(bits)))
		return c.t("trait.length", "from", int(math.Ceil(from)), "to", int(math.Ceil(to))-1)
	case (name == "begins" || name == "ends") && c.has("class."+value):
		return c.t(key, "value", c.t("class."+value))
	case name == "scripts":
		var names []string
		for _, script := range strings.Split(value, "+") {
			names = append(names, c.t("script."+script))
		}
		return c.t(key, "value", strings.Join(names, ", "))
	case name == "begins" || name == "ends" || name == "sign":
		return c.t(key, "value", c.t("quote", "text", value))
	case value == "0" && c.has(key+".none"):
		return c.t(key + ".none")
	case value == "1" && c.has(key+".one"):
		return c.t(key + ".one")
	case c.has(key):
		return c.t(key, "value", value)
	}
	return trait
}

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
