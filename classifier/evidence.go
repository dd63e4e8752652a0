package classifier

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// maxEvidence is how many tokens Evidence returns.
const maxEvidence = 10

// key is the token's name in the count store.
func (t token) key(text string) string {
	return string(rune(t.kind)) + text[t.off:t.off+uint32(t.size)]
}

// Evidence returns the strongest tokens of a document, strongest first, at most ten, none
// until both kinds were taught. 4-grams are left out: they mean nothing to a person. A token
// is its kind and its value, as in "word:casino", "host:casino.example" or "trait:links=2";
// kinds are word, words, first, capitals, host, domain, tld, path, mail, mention, trait, name,
// name_word, writer_mail and writer_site.
func (m *Model) Evidence(d Document) []Weight { return m.EvidenceOf(d, Spam) }

// EvidenceOf is Evidence for any label but Ham: a Weight's Spam is then the number of lessons
// of that label.
func (m *Model) EvidenceOf(d Document, l Label) []Weight {
	s := m.reading()
	defer s.mu.RUnlock()
	if !s.warm(l) {
		return nil
	}
	out := make([]finding, 0, maxEvidence+1)
	h, smooth := s.headOf(l), smoothingOf(l)
	base := smooth.base(s.docs[l], s.docs[Ham])
	for _, t := range d.tokens {
		if t.kind == kindGram {
			continue
		}
		n := s.feature(h, t.hash)
		if n.yes+n.no == 0 {
			continue
		}
		ratio := smooth.ratio(n.yes, n.no, base)
		if len(out) == maxEvidence && math.Abs(ratio) < math.Abs(out[maxEvidence-1].Weight.Weight) {
			continue
		}
		w := finding{t.kind, Weight{
			Token:  kindNames[t.kind] + ":" + d.text[t.off:t.off+uint32(t.size)],
			Weight: ratio, Spam: int(n.yes), Ham: int(n.no),
		}}
		at, _ := slices.BinarySearchFunc(out, w, byStrength)
		out = slices.Insert(out, at, w)
		out = out[:min(len(out), maxEvidence)]
	}
	weights := make([]Weight, len(out))
	for i, f := range out {
		weights[i] = f.Weight
	}
	return weights
}

type finding struct {
	kind kind
	Weight
}

// byStrength puts the strongest first, whichever way it speaks, and of equals what tells a
// person most.
func byStrength(a, b finding) int {
	return cmp.Or(
		cmp.Compare(math.Abs(b.Weight.Weight), math.Abs(a.Weight.Weight)),
		strings.IndexByte(telling, byte(a.kind))-strings.IndexByte(telling, byte(b.kind)),
		cmp.Compare(a.Token, b.Token),
	)
}

// telling has the kinds of tokens, those that tell a person most first.
var telling = string([]byte{
	byte(kindWord), byte(kindHost), byte(kindDomain), byte(kindName), byte(kindSite), byte(kindWriter), byte(kindMention),
	byte(kindMail), byte(kindShout), byte(kindPair), byte(kindNameOf), byte(kindTrait), byte(kindFirst), byte(kindPath), byte(kindTLD),
})
