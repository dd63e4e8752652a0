package classifier

import (
	"math"
	"sync"
	"sync/atomic"
)

// Learning.
const (
	nearError   = 0.05 // lessons that were foreseen better than this are not counted
	lrRate      = 0.3
	lrBiasRate  = 0.02
	countsPower = 0.7 // the sum of ratios is divided by the number of tokens to this power
)

// Windows of a text, against spam among many good words.
const (
	windowMin    = 12 // words a text must have more than
	windowSize   = 8
	windowStep   = 4
	windowMargin = 1 // nats a window must exceed the whole by
)

// A Model judges documents. Any number of goroutines may Judge while others Learn: judging
// never waits for learning.
type Model struct {
	// active is read by Judge under its read lock, taken only if it is free at once. Learn
	// writes the other one, makes it active, and then writes the first when its last reader
	// has gone.
	active atomic.Pointer[side]

	learning sync.Mutex // guards what follows
	idle     *side      // nil until the first Learn after the fold
	counts   *counts
}

// side is one copy of all that judging needs.
type side struct {
	mu      sync.RWMutex
	weights weights
	docs    tally // counted lessons
	taught  tally // all lessons
	bias    float64
	stack   stack
	seq     uint64
}

// Fold makes the model of lessons, which come in ascending order of Seq.
func Fold(lessons func(yield func(Lesson) bool)) *Model {
	m := newModel()
	s := m.active.Load()
	for l := range lessons {
		m.learnInto(l, s)
	}
	return m
}

func newModel() *Model {
	m := &Model{counts: newCounts()}
	m.active.Store(&side{stack: newStack()})
	return m
}

// Learn continues the fold with a lesson whose Seq is higher than all before.
func (m *Model) Learn(l Lesson) {
	m.learning.Lock()
	defer m.learning.Unlock()
	if m.idle == nil {
		m.idle = m.active.Load().clone()
	}
	next, old := m.idle, m.active.Load()
	next.mu.Lock()
	step := m.learnInto(l, next)
	next.mu.Unlock()
	m.active.Store(next)
	old.mu.Lock() // waits for those who still judge by it
	old.apply(step)
	old.mu.Unlock()
	m.idle = old
}

// reading returns the active side, locked for reading. The loop ends: a side is only ever
// locked for writing after the other one was made active.
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
	if s.warm() {
		v := s.score(d)
		j.Warm, j.Logit, j.Spam = true, v.logit, sigmoid(v.logit)
	}
	for i := range j.Reasons {
		j.Reasons[i] = s.reason(d, HateSpeech+Label(i))
	}
	return j
}

// warm: both kinds were taught.
func (s *side) warm() bool { return s.taught[Ham] > 0 && s.taught[Spam] > 0 }

// step is what one lesson does to a side. It is worked out once and applied to both.
type step struct {
	doc     Document
	label   Label
	seq     uint64
	tallies []tally // of the tokens, then of the lessons; nil when the lesson is not counted
	pull    float64 // gradient of the logistic regression's logit; 0 for reasons
	stack   stack
}

func (m *Model) learnInto(l Lesson, s *side) step {
	st := step{doc: Read(l.Comment), label: l.Label, seq: l.Seq, stack: s.stack}
	count := true
	if l.Label <= Spam {
		y := float64(l.Label)
		v := s.score(st.doc)
		if s.warm() {
			count = math.Abs(sigmoid(v.whole)-y) > nearError
			st.stack.learn(v.counted, v.learned, y)
		}
		st.pull = sigmoid(v.learned) - y
	}
	if count {
		st.tallies = m.counts.learn(st.doc, l.Label)
	}
	s.apply(st)
	return st
}

func (s *side) apply(st step) {
	s.seq = st.seq
	s.stack = st.stack
	s.taught[st.label]++
	tokens := st.doc.tokens
	if st.tallies != nil {
		s.docs = st.tallies[len(tokens)]
		for i, t := range tokens {
			s.weights.ensure(t.hash).n = st.tallies[i]
		}
	}
	if st.pull == 0 || len(tokens) == 0 {
		return
	}
	g := st.pull / math.Sqrt(float64(len(tokens)))
	for _, t := range tokens {
		e := s.weights.ensure(t.hash)
		square := float64(e.square) + g*g
		e.square = float32(square)
		e.weight -= float32(lrRate * g / math.Sqrt(square+1e-8))
	}
	s.bias -= lrBiasRate * st.pull
}

func (s *side) clone() *side {
	return &side{
		weights: weights{slots: append([]entry(nil), s.weights.slots...), used: s.weights.used},
		docs:    s.docs, taught: s.taught, bias: s.bias, stack: s.stack, seq: s.seq,
	}
}
