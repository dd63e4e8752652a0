// Package rules implements a site's own rules: words, patterns and other traits that hold or suspect comments, and
// blocked or trusted commenters, network addresses, e-mail domains and hosts. It also stores moderators' notes about
// commenters, which do not affect matching.
//
// It only reports findings: it refuses and deletes nothing, and calls no model. Its invariants: all words of a site are
// searched in one pass, whatever their number; the time per comment is linear in its length; look-alike letters and
// letter case do not prevent a match.
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

// A Kind is what a rule matches.
type Kind string

// The kinds. The first three have one entry per line. They match text, name, e-mail address and website, and ignore
// letter case and look-alike letters.
const (
	KindWord      Kind = "word"       // whole word or phrase
	KindSubstring Kind = "substring"  // anywhere, like WordPress's lists
	KindPattern   Kind = "pattern"    // regular expression: https://pkg.go.dev/regexp/syntax
	KindLinks     Kind = "links"      // at least Limit links
	KindFirstLink Kind = "first_link" // a link, if no comment of the commenter with a link was approved before
	KindScript    Kind = "script"     // at least Limit percent of the letters are of certain scripts
	KindFirstTime Kind = "first_time" // no comment of the commenter was approved before
)

// Kinds lists all kinds.
var Kinds = []Kind{KindWord, KindSubstring, KindPattern, KindLinks, KindFirstLink, KindScript, KindFirstTime}

// HasEntries reports whether rules of the kind have entries.
func (k Kind) HasEntries() bool {
	return k == KindWord || k == KindSubstring || k == KindPattern || k == KindScript
}

// HasLimit reports whether rules of the kind have a limit.
func (k Kind) HasLimit() bool { return k == KindLinks || k == KindScript }

// An Action is what a rule does to a comment.
type Action string

// The actions. Rules never refuse comments; only people do.
const (
	ActionHold    Action = "hold"    // stays pending, whatever the policy of the site
	ActionSuspect Action = "suspect" // stays pending, and is suspected
)

// Actions lists all actions.
var Actions = []Action{ActionHold, ActionSuspect}

// A Rule is a rule of a site. Words holds one entry per line. Limit is a number of links, or a percentage of letters. A
// zero Until means no end. By is the ID of the account that created the rule.
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
	RemovedAt time.Time // zero: not removed
}

// contentID returns the ID of a rule. Equal rules with the same end day have the same ID, even if one was removed.
func (r Rule) contentID() string {
	until := r.Until.UTC().Truncate(24 * time.Hour)
	return txn.StableID(string(r.Kind), r.Words, strconv.Itoa(r.Limit), string(r.Action), until.String())
}

// Entries returns the lines of Words.
func (r Rule) Entries() []string { return strings.Split(r.Words, "\n") }

// Limits of the rules of a site. Rules are kept in memory and matched with every new comment.
const (
	maxRules     = 100
	maxWords     = 256 << 10 // bytes in all rules of a site
	maxEntry     = 200       // characters
	maxPattern   = 500       // characters
	maxSteps     = 200       // of one pattern, per letter of a text
	maxAllSteps  = 1_000     // of all patterns of a site, per letter of a text
	minSubstring = 2         // letters in a substring; a single letter would match nearly every comment
	maxLinks     = 100
)

// A Draft is a requested rule. A zero Until means no end.
type Draft struct {
	Kind   Kind
	Words  string
	Limit  int
	Action Action
	Until  time.Time
}

// rule validates a draft and returns the rule to store, without ID, site and author.
func (d Draft) rule(now time.Time) (Rule, error) {
	r := Rule{Kind: d.Kind, Limit: d.Limit, Action: d.Action, Until: d.Until, CreatedAt: now}
	if !slices.Contains(Kinds, d.Kind) {
		return r, problem.Field("/kind", "A rule is of the kind "+problem.Among(Kinds)+".")
	}
	if r.Action == "" {
		r.Action = ActionHold
	}
	if !slices.Contains(Actions, r.Action) {
		return r, problem.Field("/action", "A rule can "+problem.Among(Actions)+". Rules cannot refuse comments.")
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

// Check returns an error unless the rule, which was created elsewhere, could have been created here.
func (r Rule) Check() error {
	made, err := Draft{r.Kind, r.Words, r.Limit, r.Action, r.Until}.rule(r.CreatedAt)
	if err == nil && made.Words != r.Words {
		err = problem.Field("/words", "These are not valid stored words of a rule.")
	}
	return err
}

func checkUntil(until, now time.Time) error {
	if !until.IsZero() && (!until.After(now) || until.Year() > 9999) {
		return problem.Field("/until", "This time is in the past, or after the year 9999. Use another one, or none.")
	}
	return nil
}

func (r Rule) checkLimit() error {
	switch {
	case r.Kind == KindLinks && (r.Limit < 1 || r.Limit > maxLinks):
		return problem.Field("/limit", fmt.Sprintf("The limit is a number of links from 1 to %d.", maxLinks))
	case r.Kind == KindScript && (r.Limit < 1 || r.Limit > 100):
		return problem.Field("/limit", "The limit is a percentage of letters from 1 to 100.")
	case !r.Kind.HasLimit() && r.Limit != 0:
		return problem.Field("/limit", "A rule of this kind has no limit. Leave it out.")
	}
	return nil
}

// readWords validates the entries and returns them in the form that is stored: one per line, without empty lines and
// duplicates.
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
		if says := r.entryProblem(n+1, line); says != "" {
			return "", problem.Field("/words", says)
		}
		kept = append(kept, line)
	}
	if len(kept) == 0 && r.Kind.HasEntries() {
		return "", problem.Field("/words", "Enter what to look for, one entry per line.")
	}
	if len(kept) > 0 && !r.Kind.HasEntries() {
		return "", problem.Field("/words", "A rule of this kind has no words. Leave them out.")
	}
	return strings.Join(kept, "\n"), nil
}

func tooLong() error {
	return problem.Field("/words", fmt.Sprintf("All rules of a site together may have %d KiB of words. "+
		"A shorter list catches nearly as much: try it in parts.", maxWords>>10))
}

// entryProblem returns what is wrong with the entry in line n, or "". Each problem is one sentence, because package i18n
// translates whole sentences.
func (r Rule) entryProblem(n int, line string) string {
	most := maxEntry
	if r.Kind == KindPattern {
		most = maxPattern
	}
	said := shortened(line, 40)
	if utf8.RuneCountInString(line) > most {
		return fmt.Sprintf("Line %d, “%s”: use at most %d characters.", n, said, most)
	}
	switch {
	case r.Kind == KindPattern:
		needs, err := steps(line)
		if err != nil {
			return fmt.Sprintf("Line %d, “%s”: not a valid pattern: %s.", n, said,
				strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		if needs > maxSteps {
			return fmt.Sprintf("Line %d, “%s”: this pattern is too slow. It needs up to %d steps per letter, the limit is %d. "+
				"Use smaller numbers in braces.", n, said, needs, maxSteps)
		}
	case r.Kind == KindScript:
		if unicode.Scripts[line] == nil {
			return fmt.Sprintf("Line %d, “%s”: unknown script. Use Unicode names such as Cyrillic or Han.", n, said)
		}
	case folded(line) == "":
		return fmt.Sprintf("Line %d, “%s”: this has no visible characters.", n, said)
	case r.Kind == KindSubstring && utf8.RuneCountInString(folded(line)) < minSubstring:
		return fmt.Sprintf("Line %d, “%s”: too short. Use at least %d characters.", n, said, minSubstring)
	}
	return ""
}

// steps returns how many steps a pattern may take for each letter of a text: the size of its program, because all of
// its threads may be active at once (https://swtch.com/~rsc/regexp/regexp2.html).
func steps(pattern string) (int, error) {
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return 0, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0, err
	}
	return len(program.Inst), nil
}

// checkLimits returns an error if the rule and the existing rules of the site exceed a limit.
func (r Rule) checkLimits(standing []Rule) error {
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
		return problem.Field("/words", fmt.Sprintf("Together the patterns of this site are too slow: they need up to "+
			"%d steps per letter, the limit is %d. Words and parts of words are faster.", all, maxAllSteps))
	}
	return nil
}

func (r Rule) steps() (all int) {
	if r.Kind != KindPattern {
		return 0
	}
	for _, line := range r.Entries() {
		n, _ := steps(line) // validated before
		all += n
	}
	return all
}

// CountAddresses returns the number of entries that are IP addresses or networks, as WordPress's lists may contain.
// They cannot match, because network addresses are stored only as hashes. To block an address, use
// BlockDraft.AddressOf.
func CountAddresses(words string) (n int) {
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
