package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/text"
)

// A Set is one version of a site's rules and blocks, compiled for matching. It is immutable. A nil Set matches nothing.
type Set struct {
	rules    []Rule
	blocks   map[blockKey]Block
	hosts    bool // blocks contains hosts
	words    *automaton
	entries  [][]entry // entries by index of the word in the automaton
	patterns []pattern
	traits   []int // indexes of rules without words
}

// An entry is a word or substring of a rule.
type entry struct {
	rule  int // index in Set.rules
	whole bool
	typed string // as typed
}

// A pattern is a compiled regular expression of a rule.
type pattern struct {
	rule  int
	typed string
	re    *regexp.Regexp
}

// Compile returns a Set of valid rules and blocks.
func Compile(rules []Rule, blocks []Block) *Set {
	s := &Set{rules: rules, blocks: make(map[blockKey]Block, len(blocks))}
	for _, b := range blocks {
		s.blocks[b.key()] = b
		s.hosts = s.hosts || b.Kind == BlockHost
	}
	var words []string
	at := map[string]int{}
	for i, r := range rules {
		switch r.Kind {
		case KindWord, KindSubstring:
			for _, line := range r.Entries() {
				word := folded(line)
				n, known := at[word]
				if !known {
					n = len(words)
					at[word], words, s.entries = n, append(words, word), append(s.entries, nil)
				}
				s.entries[n] = append(s.entries[n], entry{i, r.Kind == KindWord, line})
			}
		case KindPattern:
			for _, line := range r.Entries() {
				if re, err := regexp.Compile("(?i)" + line); err == nil { // validated before
					s.patterns = append(s.patterns, pattern{i, line, re})
				}
			}
		default:
			s.traits = append(s.traits, i)
		}
	}
	s.words = newAutomaton(words)
	return s
}

// Empty reports whether the set has neither rules nor blocks.
func (s *Set) Empty() bool { return s == nil || len(s.rules) == 0 && len(s.blocks) == 0 }

// needsFirsts reports whether matching needs the commenter's first approvals.
func (s *Set) needsFirsts() bool {
	return slices.ContainsFunc(s.traits, func(i int) bool {
		return s.rules[i].Kind == KindFirstLink || s.rules[i].Kind == KindFirstTime
	})
}

// Firsts are the times of a commenter's first approved comment, and of the first one with a link; zero: none.
type Firsts struct{ Approved, Linked time.Time }

// maxFound limits the number of signals for one comment. More would not help moderators.
const maxFound = 5

// Find returns the findings about a comment at a time. first belongs to its commenter.
func (s *Set) Find(c comment.Comment, first Firsts, now time.Time) (found comment.Findings) {
	if s.Empty() {
		return found
	}
	links := s.links(c)
	trusted := false
	for _, b := range s.blocked(c, links, now) {
		found.Signals = append(found.Signals, b.signal())
		trusted = trusted || b.Trust
		found.Suspected = found.Suspected || !b.Trust
	}
	if trusted {
		return found
	}
	met := s.matchRules(c, links, first)
	for i, r := range s.rules {
		signal, hit := met[i]
		if !hit || r.expired(now) {
			continue
		}
		signal.Name, signal.Args["rule"] = "rule", r.ID
		if r.Action == ActionSuspect {
			signal.Weight, found.Suspected = suspectWeight, true
		}
		if found.Signals = append(found.Signals, signal); len(found.Signals) >= maxFound {
			break
		}
	}
	return found
}

// links returns the comment's links if a rule or block needs them.
func (s *Set) links(c comment.Comment) []string {
	if s.hosts || len(s.traits) > 0 {
		return markup.Links(c.HTML())
	}
	return nil
}

func (r Rule) expired(now time.Time) bool { return !r.Until.IsZero() && !now.Before(r.Until) }

// matches returns the IDs of all blocks and rules that a comment matches. Rules do not apply to trusted commenters.
func (s *Set) matches(c comment.Comment, first Firsts, now time.Time) (ids []string) {
	links, trusted := s.links(c), false
	for _, b := range s.blocked(c, links, now) {
		ids = append(ids, b.ID)
		trusted = trusted || b.Trust
	}
	if trusted {
		return ids
	}
	for i := range s.matchRules(c, links, first) {
		if r := s.rules[i]; !r.expired(now) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// suspectWeight is the weight of suspecting rules and of blocks, in nats: the same as for repeated submissions. A
// comment is suspected regardless of it.
const suspectWeight = 2.0

// matchRules returns the signals of the rules that a comment matches, by index of the rule.
func (s *Set) matchRules(c comment.Comment, links []string, first Firsts) map[int]comment.Signal {
	met := map[int]comment.Signal{}
	plain := c.Search
	if c.Website != "" {
		plain += " " + text.Fold(c.Website)
	}
	skeleton := classifier.Skeleton(plain)
	s.words.each(skeleton, func(word, from, to int) {
		for _, e := range s.entries[word] {
			if _, known := met[e.rule]; !known && (!e.whole || isWhole(skeleton, from, to)) {
				met[e.rule] = wordSignal(e.typed)
			}
		}
	})
	for _, p := range s.patterns {
		if _, known := met[p.rule]; known {
			continue
		}
		if p.re.MatchString(plain) || skeleton != plain && p.re.MatchString(skeleton) {
			met[p.rule] = wordSignal(p.typed)
		}
	}
	for _, i := range s.traits {
		if signal, hit := s.rules[i].trait(c, links, first); hit {
			met[i] = signal
		}
	}
	return met
}

func wordSignal(said string) comment.Signal {
	said = shortened(said, 80)
	return comment.Signal{Code: "rule.words", Args: map[string]any{"words": said},
		Text: fmt.Sprintf("It contains “%s”, which a rule of this site looks for.", said)}
}

// trait matches a comment with a rule without words.
func (r Rule) trait(c comment.Comment, links []string, first Firsts) (signal comment.Signal, hit bool) {
	before := func(t time.Time) bool { return !t.IsZero() && t.Before(c.CreatedAt) }
	switch r.Kind {
	case KindLinks:
		n := len(links)
		return comment.Signal{Code: "rule.links", Args: map[string]any{"count": n, "limit": r.Limit},
			Text: fmt.Sprintf("Its links are %d; a rule of this site looks for %d or more.", n, r.Limit)}, n >= r.Limit
	case KindFirstLink:
		return comment.Signal{Code: "rule.first_link", Args: map[string]any{},
				Text: "It has a link, and none with a link of this writer was approved before."},
			len(links) > 0 && !before(first.Linked)
	case KindFirstTime:
		return comment.Signal{Code: "rule.first_time", Args: map[string]any{},
			Text: "Nothing of this writer was approved before."}, !before(first.Approved)
	case KindScript:
		n := scriptPercent(c.Source, r.Entries())
		return comment.Signal{Code: "rule.script", Args: map[string]any{"percent": n},
			Text: fmt.Sprintf("Of 100 letters %d are of a script that a rule of this site looks for.", n)}, n >= r.Limit
	}
	return signal, false
}

// scriptPercent returns the percentage of letters that belong to some scripts, rounded down; 0 for a text without
// letters.
func scriptPercent(source string, scripts []string) int {
	tables := make([]*unicode.RangeTable, len(scripts))
	for i, name := range scripts {
		tables[i] = unicode.Scripts[name]
	}
	letters, of := 0, 0
	for _, r := range source {
		if unicode.IsLetter(r) {
			letters++
			if unicode.In(r, tables...) {
				of++
			}
		}
	}
	return 100 * of / max(letters, 1)
}

// folded returns a text in the form that is compared: without letter case, and with look-alike letters unified.
func folded(typed string) string { return classifier.Skeleton(text.Fold(typed)) }

// isWhole reports whether the range is not part of a longer word.
func isWhole(s string, from, to int) bool {
	first, _ := utf8.DecodeRuneInString(s[from:])
	last, _ := utf8.DecodeLastRuneInString(s[:to])
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return !(isWordRune(first) && isWordRune(before)) && !(isWordRune(last) && isWordRune(after))
}

func isWordRune(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unicode.In(r, unspaced...)
}

// unspaced lists scripts written without spaces between words. There, any part may be a word.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
	unicode.Khmer, unicode.Myanmar}

// FoundEntries returns the entries that the signals of a verdict name, as typed.
func FoundEntries(signals []comment.Signal) (said []string) {
	for _, s := range signals {
		if words, ok := s.Args["words"].(string); ok && s.Name == "rule" {
			said = append(said, strings.TrimSuffix(words, "…"))
		}
	}
	return said
}
