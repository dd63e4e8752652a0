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
	"unsafe"
)

const (
	maxEvidence   = 10   // maximum number of tokens that Evidence returns
	leastEvidence = 0.05 // minimum weight of evidence, in nats
)

// key returns the token's key in the count store.
func (t token) key(text string) string {
	return string(rune(t.kind)) + text[t.off:t.off+uint32(t.size)]
}

// Evidence returns at most ten of a document's tokens, strongest first. It returns none until spam and ham were taught.
// It omits tokens without meaning to people: 4-grams, stop words, punctuation, measures of length, and the absence of
// something. A token is its kind and its value, as in "word:casino", "domain:casino.example" or "trait:links=2". The
// kinds are word, words, first, capitals, domain, tld, trait, name, name_word, writer_mail, writer_site and website.
func (m *Model) Evidence(d Document) []Weight { return m.EvidenceOf(d, Spam) }

// EvidenceOf is Evidence for any label except Ham. Weight.Spam is then the number of lessons of that label.
func (m *Model) EvidenceOf(d Document, l Label) []Weight {
	s := m.active.Load()
	if !s.warm(l) {
		return nil
	}
	const looked = 4 * maxEvidence // candidates: many repeat one another
	found := make([]finding, 0, looked+1)
	odds := paramsOf(l).Odds(s.counts.lessons[l], s.counts.lessons[Ham])
	for _, t := range d.tokens {
		if t.kind == kindGram {
			continue
		}
		n, _ := s.counts.tokens.Get(t.hash)
		yes, no := n.lessons[l], n.lessons[Ham]
		ratio := odds.Ratio(yes, no)
		// Smoothing may give a token a weight for a rare class whose lessons never had it. People cannot follow that.
		if yes == 0 && ratio > 0 || no == 0 && ratio < 0 || math.Abs(ratio) < leastEvidence ||
			len(found) == looked && math.Abs(ratio) < math.Abs(found[looked-1].ratio) {
			continue
		}
		f := finding{t.kind, d.text[t.off : t.off+uint32(t.size)], ratio, int(yes), int(no)}
		if f.uninformative() {
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
			Spam: f.yes, Ham: f.no}
	}
	return out
}

// A finding is a token that may be shown as evidence.
type finding struct {
	kind    kind
	value   string
	ratio   float64
	yes, no int // lessons of the label and of ham with it
}

// stopwordsFile lists function words of English, Russian and Kazakh, and parts of most links.
//
//go:embed stopwords.txt
var stopwordsFile string

var stopwords = sync.OnceValue(func() map[string]bool {
	small := map[string]bool{}
	for word := range strings.FieldsSeq(stopwordsFile) {
		small[word] = true
	}
	return small
})

// uninformative reports whether the finding means nothing to people.
func (f finding) uninformative() bool {
	switch f.kind {
	case kindWord, kindFirstWord, kindCapitals:
		c, size := utf8.DecodeRuneInString(f.value)
		return ideograph(c) && size == len(f.value) || isStopword(strings.ToLower(f.value))
	case kindTLD:
		return stopwords()[f.value]
	case kindPair:
		one, two, _ := strings.Cut(f.value, " ")
		return isStopword(one) && isStopword(two)
	case kindTrait:
		name, n, _ := strings.Cut(f.value, "=")
		return !slices.Contains(shownTraits, name) || n == "0"
	}
	return false
}

// isStopword reports whether word is a stop word, or has fewer than three letters and neither an emoji nor a letter of
// another script.
func isStopword(word string) bool {
	letters := 0
	for _, r := range word {
		if isEmoji(r) || scriptOf(r) == otherScript {
			return false
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters < 3 || stopwords()[word]
}

// shownTraits lists the traits that people accept as a reason. Hidden characters are not one, because pasted text
// often has some.
var shownTraits = []string{"links", "emoji", "phones", "mixed_letters", "digits_for_letters",
	"loose_accents", "spaced_letters"}

// byStrength orders findings by absolute weight, highest first, then by how informative their kind is, then by value.
func byStrength(a, b finding) int {
	if c := cmp.Compare(math.Abs(b.ratio), math.Abs(a.ratio)); c != 0 { // the fast, common case
		return c
	}
	return cmp.Or(
		strings.IndexByte(kindOrder, byte(a.kind))-strings.IndexByte(kindOrder, byte(b.kind)),
		cmp.Compare(a.value, b.value),
	)
}

// kindOrder lists the kinds of tokens, the most informative first.
var kindOrder = string([]byte{
	byte(kindDomain), byte(kindWord), byte(kindName), byte(kindAuthorSite), byte(kindAuthorMail), byte(kindCapitals),
	byte(kindPair), byte(kindNameWord), byte(kindTrait), byte(kindFirstWord),
	byte(kindHasWebsite), byte(kindTLD),
})

// repeats reports whether f adds nothing to other, which is at least as strong: it is the same word in capitals, at the
// beginning, in a pair or in a link, with a weight of the same sign.
func (f finding) repeats(other finding) bool {
	if f.ratio > 0 != (other.ratio > 0) {
		return false
	}
	switch f.kind {
	case kindPair:
		one, two, _ := strings.Cut(f.value, " ")
		return other.kind == kindWord && (other.value == one || other.value == two)
	case kindWord, kindTLD:
		return (other.kind == kindWord || other.kind == kindDomain) &&
			slices.Contains(strings.Split(other.value, "."), f.value)
	}
	return strings.EqualFold(f.value, other.value)
}

// Tokens returns the number of distinct tokens that the model has counted, without 4-grams.
func (m *Model) Tokens() int { return m.active.Load().counts.tokens.Len() }

// LessonCounts returns the number of lessons of each label, indexed by Label, and how many of them were copied.
func (m *Model) LessonCounts() (all, copied [5]int) {
	s := m.active.Load()
	for l := range all {
		all[l], copied[l] = int(s.taught[l]), int(s.copied[l])
	}
	return all, copied
}

// Strongest returns the n counted tokens with the highest weights for spam, and the n with the highest for ham,
// strongest first. It returns none until both were taught. Tokens are named as by Evidence.
func (m *Model) Strongest(n int) (spam, ham []Weight) {
	s := m.active.Load()
	if !s.warm(Spam) {
		return nil, nil
	}
	odds := spamParams.Odds(s.counts.lessons[Spam], s.counts.lessons[Ham])
	for _, t := range s.counts.tokens.All() {
		key := s.counts.keyOf(t)
		name, ok := kindNames[kind(key[0])]
		if !ok { // a kind of another tokeniser
			continue
		}
		w := Weight{Token: name + ":" + key[1:], Spam: int(t.lessons[Spam]), Ham: int(t.lessons[Ham])}
		w.Weight = odds.Ratio(t.lessons[Spam], t.lessons[Ham])
		switch {
		case w.Weight > 0:
			spam = append(spam, w)
		case w.Weight < 0:
			ham = append(ham, w)
		}
	}
	loudest := func(a, b Weight) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Weight), math.Abs(a.Weight)), cmp.Compare(a.Token, b.Token))
	}
	slices.SortFunc(spam, loudest)
	slices.SortFunc(ham, loudest)
	return spam[:min(len(spam), n)], ham[:min(len(ham), n)]
}

// Memory returns the approximate size of the model in memory, in bytes.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	n := int(unsafe.Sizeof(*s)) + s.counts.tokens.Size() + len(s.counts.keys) + m.copies.bands.Size()
	for i := range s.heads {
		n += s.heads[i].features.Size()
	}
	return n
}
