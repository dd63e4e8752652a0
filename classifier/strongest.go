package classifier

import (
	"cmp"
	"math"
	"slices"
	"unsafe"

	"github.com/aitys/aitys/classifier/table"
)

// Tokens is how many tokens the model has counted.
func (m *Model) Tokens() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	m.counts.settle()
	return max(0, m.counts.keys-1) // one counts the lessons
}

// Taught is how many lessons of each label the model was taught, by Label.
func (m *Model) Taught() [5]int {
	s := m.active.Load()
	var n [5]int
	for l, lessons := range s.taught {
		n[l] = int(lessons)
	}
	return n
}

// Strongest returns what of all that the model counted speaks loudest for spam, and for ham,
// strongest first, at most n of each and none until both kinds were taught. Tokens are named as
// Evidence names them.
func (m *Model) Strongest(n int) (spam, ham []Weight) {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	if !s.warm(Spam) {
		return nil, nil
	}
	odds := spamHabits.Odds(s.docs[Spam], s.docs[Ham])
	m.counts.settle()
	for all := (snapshotReader{b: m.counts.settled}); len(all.b) > 0; {
		entry, n := all.entry()
		key := string(entry)
		name, ok := kindNames[kind(key[0])]
		if !ok || kind(key[0]) == kindGram { // the count of lessons, and what means nothing to a person
			continue
		}
		hash := table.Hash(kind(key[0]), []byte(key[1:]))
		w := Weight{Token: name + ":" + key[1:], Spam: m.seen.of(hash, Spam), Ham: m.seen.of(hash, Ham)}
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

// observed is about what the library holds for one count of a token: its key, and its place in the map of a label.
const observed = 60

// Memory is about how many bytes the model holds.
func (m *Model) Memory() int {
	m.learning.Lock()
	defer m.learning.Unlock()
	s := m.active.Load()
	n := int(unsafe.Sizeof(*s))
	for i := range s.heads {
		n += s.heads[i].features.Size()
	}
	return n + len(m.counts.settled) + m.counts.recent*observed + m.copies.bands.Size() + m.seen.counts.Size()
}
