package classifier

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"
)

// nearError: a lesson that was foreseen better than this is not counted. It would teach little,
// and a thousand copies of one spam would drown the rest.
const nearError = 0.03

// copyError: a copy of what was taught before teaches only where it is still misjudged by more than this.
const copyError = 0.1

// A Model judges documents. Any number of goroutines may Judge while others Learn: judging
// never waits for learning.
type Model struct {
	// active is read by Judge under its read lock, taken only if it is free at once. Learn
	// writes the other side, makes it active, and then writes the first one when its last
	// reader has gone.
	active atomic.Pointer[side]

	learning sync.Mutex // guards what follows
	idle     *side      // nil until Learn needs it
	counts   *counts
	copies   copies

	seen seen
}

// Fold makes the model of lessons, which come in ascending order of Seq.
func Fold(lessons func(yield func(Lesson) bool)) *Model {
	m := newModel()
	m.Extend(lessons)
	return m
}

func newModel() *Model {
	m := &Model{counts: newCounts(), copies: copies{table[struct{}]{}}, seen: seen{counts: table[uint32]{}}}
	m.active.Store(newSide())
	return m
}

// Extend continues the fold of a model that nobody judges by yet, such as one just restored, with
// lessons whose Seq is higher than all before.
func (m *Model) Extend(lessons func(yield func(Lesson) bool)) {
	s := m.active.Load()
	for l := range lessons {
		s.apply(m.step(Read(l.Comment), l, s))
	}
}

// Learn continues the fold, with lessons whose Seq is higher than all before, while others judge.
func (m *Model) Learn(lessons ...Lesson) {
	m.learning.Lock()
	defer m.learning.Unlock()
	for some := range slices.Chunk(lessons, learnedAtOnce) {
		m.learn(some)
	}
}

// learn is given few lessons: what they do to a side is kept until both sides have it.
func (m *Model) learn(lessons []Lesson) {
	next, old := m.idle, m.active.Load()
	if next == nil {
		next = old.clone()
	}
	steps := make([]step, len(lessons))
	next.mu.Lock() // free: it was old in the learn before
	for i, l := range lessons {
		steps[i] = m.step(Read(l.Comment), l, next)
		next.apply(steps[i])
	}
	next.mu.Unlock()
	m.active.Store(next)
	if next.size() < keptOnce {
		m.idle = nil
		return
	}
	old.mu.Lock() // waits for those who still judge by it
	for _, st := range steps {
		old.apply(st)
	}
	old.mu.Unlock()
	m.idle = old
}

const (
	learnedAtOnce = 64
	// keptOnce is the size in bytes below which a side is copied to learn: most sites are small,
	// and small models should be.
	keptOnce = 1 << 20
)

// step is what one lesson does to a side, worked out once for both.
type step struct {
	Document
	label       Label
	seq         uint64
	corrections []correction // of the heads that it concerns; none when it teaches nothing
	tallies     []tally      // of the tokens and then of the lessons; nil when the lesson is not counted
}

// correction is what a lesson tells a head, with what the head thought before.
type correction struct {
	head int
	y    float64 // 1 for the head's label, 0 for ham
	warm bool
	verdict
}

func (m *Model) step(d Document, l Lesson, s *side) step {
	st := step{Document: d, label: l.Label, seq: l.Seq}
	if len(d.tokens) == 0 {
		return st // nothing was said
	}
	again := m.copies.add(d, l.Label)
	corrections := s.corrections(d, l.Label)
	if again && !slices.ContainsFunc(corrections, func(c correction) bool { return c.errs(copyError) }) {
		return st // nearly the same was taught before, and was understood
	}
	if !again {
		m.seen.add(d, l.Label)
	}
	st.corrections = corrections
	if slices.ContainsFunc(st.corrections, func(c correction) bool { return c.errs(nearError) }) {
		st.tallies = m.counts.learn(d, l.Label)
	}
	return st
}

// reading returns the active side, locked for reading. The loop ends: a side is only ever
// locked for writing while the other one is active.
func (m *Model) reading() *side {
	for {
		if s := m.active.Load(); s.mu.TryRLock() {
			return s
		}
	}
}

// Seq is the newest lesson's.
func (m *Model) Seq() uint64 {
	s := m.reading()
	defer s.mu.RUnlock()
	return s.seq
}

// Judge scores a document.
func (m *Model) Judge(d Document) Judgement {
	s := m.reading()
	defer s.mu.RUnlock()
	j := Judgement{Spam: 0.5, Seq: s.seq}
	known := knowns.Get().(*[]feature)
	defer knowns.Put(known)
	for i := range s.heads {
		h := &s.heads[i]
		if !s.warm(h.label) {
			continue
		}
		*known = s.recall(h, d, *known)
		z := h.logit(h.look(d, *known, s.docs, s.guess(h, d)))
		if h.label == Spam {
			j.Warm, j.Logit, j.Spam = true, z, sigmoid(s.sober(h.shown.logit(z)))
			j.Tried = min(h.met[0], h.met[1]) >= habitsOf(Spam).bothMet
			j.Young = min(s.taught[Spam], s.taught[Ham]) < Grown
		} else {
			j.Reasons[h.label-HateSpeech] = sigmoid(z)
		}
	}
	return j
}

// knowns is memory for recall.
var knowns = sync.Pool{New: func() any { return new([]feature) }}

// side is one copy of all that judging needs.
type side struct {
	mu     sync.RWMutex
	docs   tally // counted lessons
	taught tally // all lessons
	heads  [labels - Spam]head
	seq    uint64
}

func newSide() *side {
	s := &side{}
	for i := range s.heads {
		s.heads[i] = newHead(Spam + Label(i))
	}
	return s
}

func (s *side) clone() *side {
	c := &side{docs: s.docs, taught: s.taught, seq: s.seq}
	for i := range s.heads {
		c.heads[i] = s.heads[i].clone()
	}
	return c
}

// headOf returns the head of any label but Ham.
func (s *side) headOf(l Label) *head { return &s.heads[l-Spam] }

// recall writes what a head knows of a document's tokens into known, and returns that.
func (s *side) recall(h *head, d Document, known []feature) []feature {
	known = slices.Grow(known[:0], len(d.tokens))
	for _, t := range d.tokens {
		known = append(known, s.feature(h, t.hash))
	}
	return known
}

// feature is what a head knows of a token.
func (s *side) feature(h *head, hash uint64) (f feature) {
	f = h.features[hash]
	if h.label != Spam {
		f.no = s.headOf(Spam).features[hash].no
	}
	return f
}

// set makes n the tally of a token.
func (s *side) set(hash uint64, n tally) {
	if n[Spam]+n[Ham] > 0 {
		f := s.headOf(Spam).features[hash]
		f.yes, f.no = n[Spam], n[Ham]
		s.headOf(Spam).features[hash] = f
	}
	for l := Spam + 1; l < labels; l++ {
		if n[l] > 0 {
			f := s.headOf(l).features[hash]
			f.yes = n[l]
			s.headOf(l).features[hash] = f
		}
	}
}

// warm: both the label and ham were taught.
func (s *side) warm(l Label) bool { return s.taught[l] > 0 && s.taught[Ham] > 0 }

// least is how many lessons there are of spam, or of ham if these are fewer, copies once: those that were
// counted, or those that were foreseen or should have been. A warm side has one of each.
func (s *side) least() float64 {
	met := s.headOf(Spam).met
	return min(max(float64(s.docs[Spam]), met[1]), max(float64(s.docs[Ham]), met[0]))
}

// guessed is how many lessons of each kind say as much as what spam looks like everywhere.
const guessed = 4

// guess is what a document's shape says of spam beyond the lessons: much at first, then ever less.
func (s *side) guess(h *head, d Document) float64 {
	if h.label != Spam {
		return 0
	}
	return d.guess * guessed / (guessed + s.least())
}

// Bounds of how sure a model may be of spam, in nats: no surer than so many lessons can make it, and never
// than 150 to 1. A wrong word about a good comment costs more than a shy one about spam.
const (
	surePerLesson = 1.5
	sureMost      = 5
)

// sober keeps a logit within its bound, and its order.
func (s *side) sober(z float64) float64 {
	if z <= 0 {
		return z
	}
	most := min(sureMost, surePerLesson*math.Log1p(s.least()))
	return most * math.Tanh(z/most)
}

// Grown is how many lessons of each kind a model has that may act alone: with fewer it is young.
const Grown = 10

// concerns reports whether a lesson of label l teaches a head, and which answer. Ham teaches
// spam's head, and those of the reasons that were taught.
func (s *side) concerns(h *head, l Label) (y float64, ok bool) {
	switch {
	case l == h.label:
		return 1, true
	case l == Ham && (h.label == Spam || s.taught[h.label] > 0):
		return 0, true
	}
	return 0, false
}

// corrections looks at a lesson of label l once for every head that it concerns.
func (s *side) corrections(d Document, l Label) []correction {
	var corrections []correction
	var known []feature
	for i := range s.heads {
		h := &s.heads[i]
		if y, ok := s.concerns(h, l); ok {
			known = s.recall(h, d, known)
			corrections = append(corrections, correction{i, y, s.warm(h.label), h.look(d, known, s.docs, s.guess(h, d))})
		}
	}
	return corrections
}

// errs reports whether a head's answer was further from the right one than a margin.
func (c correction) errs(margin float64) bool {
	return !c.warm || math.Abs(sigmoid(c.whole)-c.y) > margin
}

// apply learns a lesson.
func (s *side) apply(st step) {
	s.seq = st.seq
	for _, c := range st.corrections {
		s.heads[c.head].learn(st.Document, c)
	}
	s.taught[st.label]++
	if st.tallies != nil {
		s.docs = st.tallies[len(st.tokens)]
		for i, t := range st.tokens {
			s.set(t.hash, st.tallies[i])
		}
	}
}
