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

// A Set is one version of a site's rules and blocks, ready to look at comments. It is never changed, and the
// nil Set finds nothing.
type Set struct {
	rules    []Rule
	blocks   map[mark]Block
	hosts    bool // some are of hosts
	words    *automaton
	meant    [][]entry // by the word of the automaton
	patterns []pattern
	traits   []int // rules without words
}

// An entry is a word of a rule.
type entry struct {
	rule  int
	whole bool
	said  string // as it was typed
}

// A pattern is an entry of a rule, too.
type pattern struct {
	rule int
	said string
	re   *regexp.Regexp
}

// Compile makes a Set of rules and blocks that were checked.
func Compile(rules []Rule, blocks []Block) *Set {
	s := &Set{rules: rules, blocks: make(map[mark]Block, len(blocks))}
	for _, b := range blocks {
		s.blocks[b.mark()] = b
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
					at[word], words, s.meant = n, append(words, word), append(s.meant, nil)
				}
				s.meant[n] = append(s.meant[n], entry{i, r.Kind == KindWord, line})
			}
		case KindPattern:
			for _, line := range r.Entries() {
				if re, err := regexp.Compile("(?i)" + line); err == nil { // it was checked
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

// Empty reports whether nothing can be found.
func (s *Set) Empty() bool { return s == nil || len(s.rules) == 0 && len(s.blocks) == 0 }

// asksWriter reports whether a comment's findings depend on what its writer had approved before.
func (s *Set) asksWriter() bool {
	return slices.ContainsFunc(s.traits, func(i int) bool {
		return s.rules[i].Kind == KindFirstLink || s.rules[i].Kind == KindFirstTime
	})
}

// Firsts are when a writer first wrote something that is approved, and something with a link; zero: never.
type Firsts struct{ Approved, Linked time.Time }

// mostFound is how many rules a comment is said to have met: more tell nobody more.
const mostFound = 5

// Look says what a set finds of a comment at a time. first is of its writer.
func (s *Set) Look(c comment.Comment, first Firsts, now time.Time) (found comment.Findings) {
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
	met := s.met(c, links, first)
	for i, r := range s.rules {
		signal, hit := met[i]
		if !hit || r.over(now) {
			continue
		}
		signal.Name, signal.Args["rule"] = "rule", r.ID
		if r.Action == ActionSuspect {
			signal.Weight, found.Suspected = suspectWeight, true
		}
		if found.Signals = append(found.Signals, signal); len(found.Signals) >= mostFound {
			break
		}
	}
	return found
}

// links are a comment's, where something looks at them.
func (s *Set) links(c comment.Comment) []string {
	if s.hosts || len(s.traits) > 0 {
		return markup.Links(c.Fresh().HTML)
	}
	return nil
}

func (r Rule) over(now time.Time) bool { return !r.Until.IsZero() && !now.Before(r.Until) }

// meets are the ids of all blocks and rules that a comment meets. Rules pass a trusted writer by.
func (s *Set) meets(c comment.Comment, first Firsts, now time.Time) (ids []string) {
	links, trusted := s.links(c), false
	for _, b := range s.blocked(c, links, now) {
		ids = append(ids, b.ID)
		trusted = trusted || b.Trust
	}
	if trusted {
		return ids
	}
	for i := range s.met(c, links, first) {
		if r := s.rules[i]; !r.over(now) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// suspectWeight is what a rule that suspects weighs, and a block, in nats: as much as what is sent again and
// again. That a comment is suspected does not depend on it.
const suspectWeight = 2.0

// met are the rules that a comment meets, by their places, with what to say of it.
func (s *Set) met(c comment.Comment, links []string, first Firsts) map[int]comment.Signal {
	met := map[int]comment.Signal{}
	plain := c.Search
	if c.Website != "" {
		plain += " " + text.Fold(c.Website)
	}
	skeleton := classifier.Skeleton(plain)
	s.words.each(skeleton, func(word, from, to int) {
		for _, e := range s.meant[word] {
			if _, known := met[e.rule]; !known && (!e.whole || isWhole(skeleton, from, to)) {
				met[e.rule] = saying(e.said)
			}
		}
	})
	for _, p := range s.patterns {
		if _, known := met[p.rule]; known {
			continue
		}
		if p.re.MatchString(plain) || skeleton != plain && p.re.MatchString(skeleton) {
			met[p.rule] = saying(p.said)
		}
	}
	for _, i := range s.traits {
		if signal, hit := s.rules[i].trait(c, links, first); hit {
			met[i] = signal
		}
	}
	return met
}

func saying(said string) comment.Signal {
	said = shortened(said, 80)
	return comment.Signal{Code: "rule.words", Args: map[string]any{"words": said},
		Text: fmt.Sprintf("It contains “%s”, which a rule of this site looks for.", said)}
}

// trait looks at a comment with a rule that has no words.
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
		n := share(c.Source, r.Entries())
		return comment.Signal{Code: "rule.script", Args: map[string]any{"percent": n},
			Text: fmt.Sprintf("Of 100 letters %d are of a script that a rule of this site looks for.", n)}, n >= r.Limit
	}
	return signal, false
}

// share is how many of 100 letters are of some scripts, rounded down; 0 of a text without letters.
func share(source string, scripts []string) int {
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

// folded writes what is typed as it is compared: as a reader sees it, whatever letters make it.
func folded(typed string) string { return classifier.Skeleton(text.Fold(typed)) }

// isWhole reports whether what stands in a text is no part of a longer word.
func isWhole(s string, from, to int) bool {
	first, _ := utf8.DecodeRuneInString(s[from:])
	last, _ := utf8.DecodeLastRuneInString(s[:to])
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	after, _ := utf8.DecodeRuneInString(s[to:])
	return !(isWordy(first) && isWordy(before)) && !(isWordy(last) && isWordy(after))
}

func isWordy(r rune) bool {
	return (unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)) && !unicode.In(r, unspaced...)
}

// unspaced are scripts that are written without spaces between words: there any part may be one.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao,
	unicode.Khmer, unicode.Myanmar}

// Found are the entries that the signals of a verdict name, as they were typed.
func Found(signals []comment.Signal) (said []string) {
	for _, s := range signals {
		if words, ok := s.Args["words"].(string); ok && s.Name == "rule" {
			said = append(said, strings.TrimSuffix(words, "…"))
		}
	}
	return said
}
