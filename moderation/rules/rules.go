// Package rules is what a site says beforehand about comments: words, patterns and other traits that make one
// wait or suspected, and writers, addresses, e-mail domains and hosts that are blocked or trusted. Besides it keeps
// what moderators note about writers, by which nothing is found.
//
// It looks, and says what it found: it refuses nothing, deletes nothing and decides nothing, and it asks no
// model. Its invariants: all the words of a site are looked for at once, whatever their number; the time that
// a comment takes grows with its length and no faster; what is looked for is found however its letters are drawn.
package rules

import (
	"fmt"
	"net/netip"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Kind is what a rule looks at.
type Kind string

// The kinds. The first three have entries, a line each; letter case and look-alike letters make no difference
// to them, and they look at text, name, e-mail and website.
const (
	KindWord      Kind = "word"       // whole words, or several in a row
	KindSubstring Kind = "substring"  // anywhere, as WordPress's lists do
	KindPattern   Kind = "pattern"    // https://pkg.go.dev/regexp/syntax
	KindLinks     Kind = "links"      // so many links, or more
	KindFirstLink Kind = "first_link" // a link, of a writer of whom none with a link was approved
	KindScript    Kind = "script"     // letters of some scripts: so many in 100, or more
	KindFirstTime Kind = "first_time" // of a writer of whom nothing was approved
)

// Kinds are all there are.
var Kinds = []Kind{KindWord, KindSubstring, KindPattern, KindLinks, KindFirstLink, KindScript, KindFirstTime}

// HasEntries reports whether a rule of the kind looks for what is listed in it.
func (k Kind) HasEntries() bool {
	return k == KindWord || k == KindSubstring || k == KindPattern || k == KindScript
}

// HasLimit reports whether a rule of the kind counts.
func (k Kind) HasLimit() bool { return k == KindLinks || k == KindScript }

// An Action is what a rule does to a comment.
type Action string

// The actions. No rule refuses: a person does.
const (
	ActionHold    Action = "hold"    // it waits, whatever the site publishes by itself
	ActionSuspect Action = "suspect" // it waits among the suspected
)

// Actions are all there are.
var Actions = []Action{ActionHold, ActionSuspect}

// A Rule of a site. Words has an entry a line. Limit is of links, or of letters in 100. Until zero: it has no
// end. By is the account that made it.
type Rule struct {
	ID        string
	Site      int64
	Kind      Kind
	Words     string
	Limit     int
	Action    Action
	Until     time.Time
	By        string
	CreatedAt time.Time
	RemovedAt time.Time // zero: it stands
}

// name is the id of a rule: the same one twice, up to the same day, or again after it was removed, is one.
func (r Rule) name() string {
	until := r.Until.UTC().Truncate(24 * time.Hour)
	return txn.IDOf(string(r.Kind), r.Words, strconv.Itoa(r.Limit), string(r.Action), until.String())
}

// Entries are the lines of a rule.
func (r Rule) Entries() []string { return strings.Split(r.Words, "\n") }

// What a site's rules are held to. They are looked at for each comment that comes, and kept in memory.
const (
	maxRules    = 100
	maxWords    = 256 << 10 // bytes, of all rules together
	maxEntry    = 200       // characters
	maxPattern  = 500       // characters
	maxSteps    = 200       // of a pattern for one letter of a text
	maxAllSteps = 1_000     // of all patterns together
	minPart     = 2         // letters of a substring: one letter would be in everything
	maxLinks    = 100
)

// A Draft is a rule as somebody writes it. Until zero is no end.
type Draft struct {
	Kind   Kind
	Words  string
	Limit  int
	Action Action
	Until  time.Time
}

// rule checks a draft, and makes the rule of it that would be kept at a time.
func (d Draft) rule(now time.Time) (Rule, error) {
	r := Rule{Kind: d.Kind, Limit: d.Limit, Action: d.Action, Until: d.Until, CreatedAt: now}
	if !slices.Contains(Kinds, d.Kind) {
		return r, problem.Field("/kind", "A rule is of the kind "+problem.Among(Kinds)+".")
	}
	if r.Action == "" {
		r.Action = ActionHold
	}
	if !slices.Contains(Actions, r.Action) {
		return r, problem.Field("/action", "A rule can "+problem.Among(Actions)+". To refuse is for a person.")
	}
	if err := checkUntil(d.Until, now); err != nil {
		return r, err
	}
	if err := r.checkLimit(); err != nil {
		return r, err
	}
	var err error
	r.Words, err = r.readWords(d.Words)
	return r, err
}

// Check says what is wrong with a rule that was made elsewhere; nil: it could have been made here.
func (r Rule) Check() error {
	made, err := Draft{r.Kind, r.Words, r.Limit, r.Action, r.Until}.rule(r.CreatedAt)
	if err == nil && made.Words != r.Words {
		err = problem.Field("/words", "These are not words as a rule keeps them.")
	}
	return err
}

func checkUntil(until, now time.Time) error {
	if !until.IsZero() && (!until.After(now) || until.Year() > 9999) {
		return problem.Field("/until", "This time is over, or too far off. Name one to come, or none at all.")
	}
	return nil
}

func (r Rule) checkLimit() error {
	switch {
	case r.Kind == KindLinks && (r.Limit < 1 || r.Limit > maxLinks):
		return problem.Field("/limit", fmt.Sprintf("Say from how many links on: 1 to %d.", maxLinks))
	case r.Kind == KindScript && (r.Limit < 1 || r.Limit > 100):
		return problem.Field("/limit", "Say how many letters in 100 are too many: 1 to 100.")
	case !r.Kind.HasLimit() && r.Limit != 0:
		return problem.Field("/limit", "A rule of this kind counts nothing: leave the limit out.")
	}
	return nil
}

// readWords brings the entries into the form that is kept: a line each, none empty, none twice.
func (r Rule) readWords(typed string) (string, error) {
	if len(typed) > maxWords {
		return "", tooLong()
	}
	if !utf8.ValidString(typed) {
		return "", problem.Field("/words", "This is not valid UTF-8.")
	}
	var kept []string
	known := map[string]bool{}
	for n, line := range strings.Split(text.Clean(typed), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || known[line] {
			continue
		}
		known[line] = true
		if says := r.wrong(line); says != "" {
			return "", problem.Field("/words", fmt.Sprintf("Line %d, “%s”: %s", n+1, shortened(line, 40), says))
		}
		kept = append(kept, line)
	}
	if len(kept) == 0 && r.Kind.HasEntries() {
		return "", problem.Field("/words", "Say what to look for, an entry a line.")
	}
	if len(kept) > 0 && !r.Kind.HasEntries() {
		return "", problem.Field("/words", "A rule of this kind looks for no words: leave them out.")
	}
	return strings.Join(kept, "\n"), nil
}

func tooLong() error {
	return problem.Field("/words", fmt.Sprintf("All rules of a site together may have %d KiB of words. "+
		"A shorter list catches nearly as much: try it in parts.", maxWords>>10))
}

// wrong says in a sentence what is wrong with an entry; "" where that is nothing.
func (r Rule) wrong(line string) string {
	most := maxEntry
	if r.Kind == KindPattern {
		most = maxPattern
	}
	if utf8.RuneCountInString(line) > most {
		return fmt.Sprintf("an entry may have %d characters.", most)
	}
	switch {
	case r.Kind == KindPattern:
		_, says := steps(line)
		return says
	case r.Kind == KindScript:
		if unicode.Scripts[line] == nil {
			return "there is no such script. Names are those of Unicode, like Cyrillic or Han."
		}
	case folded(line) == "":
		return "nothing of it can be seen."
	case r.Kind == KindSubstring && utf8.RuneCountInString(folded(line)) < minPart:
		return fmt.Sprintf("so short a part is in nearly every comment. Take %d characters or more.", minPart)
	}
	return ""
}

// steps is how many steps a pattern may take for each letter of a text: the size of its program, for all of
// its threads may be alive at once (https://swtch.com/~rsc/regexp/regexp2.html). says is what is wrong with it.
func steps(pattern string) (n int, says string) {
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return 0, fmt.Sprintf("this is no pattern: %s.", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, fmt.Sprintf("this is no pattern: %s.", err)
	}
	if n = len(program.Inst); n > maxSteps {
		says = fmt.Sprintf("this pattern would be slow: it takes up to %d steps for each letter, and %d are the most. "+
			"Smaller numbers in braces make it shorter.", n, maxSteps)
	}
	return n, says
}

// room refuses a rule that is too much beside those of a site that stand.
func (r Rule) room(standing []Rule) error {
	words, all := len(r.Words), r.steps()
	for _, other := range standing {
		words += len(other.Words)
		all += other.steps()
	}
	switch {
	case len(standing) >= maxRules:
		return problem.Field("/kind", fmt.Sprintf("A site may have %d rules. Remove one that is not needed.", maxRules))
	case words > maxWords:
		return tooLong()
	case all > maxAllSteps && r.Kind == KindPattern:
		return problem.Field("/words", fmt.Sprintf("The patterns of this site would be slow: together they take up to "+
			"%d steps for each letter, and %d are the most. Words and parts of words cost nothing.", all, maxAllSteps))
	}
	return nil
}

func (r Rule) steps() (all int) {
	if r.Kind != KindPattern {
		return 0
	}
	for _, line := range r.Entries() {
		n, _ := steps(line) // it was checked
		all += n
	}
	return all
}

// Addresses counts the entries of a list that are addresses of machines, as WordPress's lists may have. No
// address is kept in the clear, so they meet nobody: who wrote is blocked by a comment of theirs.
func Addresses(words string) (n int) {
	for line := range strings.Lines(words) {
		line = strings.TrimSpace(line)
		_, err := netip.ParseAddr(line)
		if _, wrong := netip.ParsePrefix(line); err == nil || wrong == nil {
			n++
		}
	}
	return n
}

func shortened(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
