package classifier

import (
	"cmp"
	_ "embed"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

const (
	maxEvidence   = 10   // tokens that Evidence returns
	leastEvidence = 0.05 // nats
)

// key is the token's name in the count store.
func (t token) key(text string) string {
	return string(rune(t.kind)) + text[t.off:t.off+uint32(t.size)]
}

// Evidence returns the strongest tokens of a document, strongest first, at most ten, none until both kinds were taught.
// What means nothing to a person is left out: 4-grams, small words, punctuation, measures of length, and that there is
// none of something. A token is its kind and its value, as in "word:casino", "host:casino.example" or "trait:links=2";
// kinds are word, words, first, capitals, host, domain, tld, path, mail, mention, trait, name, name_word, writer_mail
// and writer_site.
func (m *Model) Evidence(d Document) []Weight { return m.EvidenceOf(d, Spam) }

// EvidenceOf is Evidence for any label but Ham: a Weight's Spam is then the number of lessons of that label.
func (m *Model) EvidenceOf(d Document, l Label) []Weight {
	s := m.active.Load()
	if !s.warm(l) {
		return nil
	}
	const looked = 4 * maxEvidence // much says the same twice
	found := make([]finding, 0, looked+1)
	h := s.headOf(l)
	odds := habitsOf(l).Odds(s.docs[l], s.docs[Ham])
	for _, t := range d.tokens {
		if t.kind == kindGram {
			continue
		}
		n := s.feature(h, t.hash)
		ratio := odds.Ratio(n.yes, n.no)
		// What was in none of a rare kind may speak for it, by the smoothing: to a person that means nothing.
		if n.yes == 0 && ratio > 0 || n.no == 0 && ratio < 0 || math.Abs(ratio) < leastEvidence ||
			len(found) == looked && math.Abs(ratio) < math.Abs(found[looked-1].ratio) {
			continue
		}
		f := finding{t.kind, t.hash, d.text[t.off : t.off+uint32(t.size)], ratio}
		if f.mute() {
			continue
		}
		at, _ := slices.BinarySearchFunc(found, f, byStrength)
		found = slices.Insert(found, at, f)
		found = found[:min(len(found), looked)]
	}
	kept := make([]finding, 0, maxEvidence)
	for _, f := range found {
		if len(kept) < maxEvidence && !slices.ContainsFunc(kept, f.repeats) {
			kept = append(kept, f)
		}
	}
	out := make([]Weight, len(kept))
	for i, f := range kept {
		out[i] = Weight{Token: kindNames[f.kind] + ":" + f.value, Weight: f.ratio,
			Spam: m.seen.of(f.hash, l), Ham: m.seen.of(f.hash, Ham)}
	}
	return out
}

type finding struct {
	kind  kind
	hash  uint64
	value string
	ratio float64
}

// smallWords are words of grammar in the languages of the house, and parts that nearly all links have.
//
//go:embed small.txt
var smallWords string

var isSmall = sync.OnceValue(func() map[string]bool {
	small := map[string]bool{}
	for word := range strings.FieldsSeq(smallWords) {
		small[word] = true
	}
	return small
})

// mute reports a finding that would tell a person nothing.
func (f finding) mute() bool {
	switch f.kind {
	case kindWord, kindFirst, kindShout:
		c, size := utf8.DecodeRuneInString(f.value)
		return ideograph(c) && size == len(f.value) || isMute(strings.ToLower(f.value))
	case kindTLD:
		return isSmall()[f.value]
	case kindPair:
		one, two, _ := strings.Cut(f.value, " ")
		return isMute(one) && isMute(two)
	case kindTrait:
		name, n, _ := strings.Cut(f.value, "=")
		return !slices.Contains(tellingTraits, name) || n == "0" || n == "1/8" || f.value == "exclamations=1"
	}
	return false
}

// isMute reports a small word, and what has neither three letters nor an emoji.
func isMute(word string) bool {
	letters := 0
	for _, r := range word {
		if isEmoji(r) || scriptOf(r) == otherScript {
			return false
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters < 3 || isSmall()[word]
}

// tellingTraits are those that a person would take for a reason. Not hidden characters: keyboards and
// other pages leave some behind in nearly every text that was pasted.
var tellingTraits = []string{"links", "capitals", "exclamations", "emoji", "phones", "mails", "money", "mixed_letters",
	"digits_for_letters", "loose_accents", "spaced_letters", "html"}

// byStrength puts the strongest first, whichever way it speaks, and of equals what tells a person most.
func byStrength(a, b finding) int {
	if c := cmp.Compare(math.Abs(b.ratio), math.Abs(a.ratio)); c != 0 { // nearly always, and soon done
		return c
	}
	return cmp.Or(
		strings.IndexByte(telling, byte(a.kind))-strings.IndexByte(telling, byte(b.kind)),
		cmp.Compare(a.value, b.value),
	)
}

// telling has the kinds of tokens, those that tell a person most first.
var telling = string([]byte{
	byte(kindWord), byte(kindHost), byte(kindDomain), byte(kindName), byte(kindSite), byte(kindWriter),
	byte(kindMention), byte(kindMail), byte(kindShout), byte(kindPair), byte(kindNameOf), byte(kindTrait),
	byte(kindFirst), byte(kindPath), byte(kindTLD),
})

// repeats reports whether a person who was shown the other finding, which is no weaker, learns
// nothing from f: it is the same word in capitals, at the beginning, in a pair or in a link.
func (f finding) repeats(other finding) bool {
	if f.ratio > 0 != (other.ratio > 0) {
		return false
	}
	switch f.kind {
	case kindPair:
		one, two, _ := strings.Cut(f.value, " ")
		return other.kind == kindWord && (other.value == one || other.value == two)
	case kindWord, kindTLD:
		return (other.kind == kindWord || other.kind == kindHost) &&
			slices.Contains(strings.Split(other.value, "."), f.value)
	}
	return strings.EqualFold(f.value, other.value)
}
