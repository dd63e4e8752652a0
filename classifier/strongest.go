package classifier

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/aitys/aitys/classifier/table"
)

// Tokens returns the number of distinct tokens that the model has counted.
func (m *Model) Tokens() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	m.counts.compact()
	return max(0, m.counts.keys-1) // without docsKey
}

// LessonCounts returns the number of lessons of each label, indexed by Label.
func (m *Model) LessonCounts() [5]int {
	s := m.active.Load()
	var n [5]int
	for l, lessons := range s.taught {
		n[l] = int(lessons)
	}
	return n
}

// Strongest returns the n counted tokens with the highest weights for spam, and the n with the highest for ham,
// strongest first. It returns none until both were taught. Tokens are named as by Evidence.
func (m *Model) Strongest(n int) (spam, ham []Weight) {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	if !s.warm(Spam) {
		return nil, nil
	}
	odds := spamParams.Odds(s.docs[Spam], s.docs[Ham])
	m.counts.compact()
	for all := (snapshotReader{b: m.counts.compacted}); len(all.b) > 0; {
		entry, n := all.entry()
		key := string(entry)
		name, ok := kindNames[kind(key[0])]
		if !ok || kind(key[0]) == kindGram { // docsKey, and tokens without meaning to people
			continue
		}
		hash := table.Hash(kind(key[0]), []byte(key[1:]))
		w := Weight{Token: name + ":" + key[1:], Spam: m.shown.count(hash, Spam), Ham: m.shown.count(hash, Ham)}
		w.Weight = odds.Ratio(n[Spam], n[Ham])
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

// observationSize is the approximate memory of one count in the library: the key and its map entry, in bytes.
const observationSize = 60

// Memory returns the approximate size of the model in memory, in bytes.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	n := int(unsafe.Sizeof(*s))
	for i := range s.heads {
		n += s.heads[i].features.Size()
	}
	return n + len(m.counts.compacted) + m.counts.recent*observationSize + m.copies.bands.Size() + m.shown.counts.Size()
}
