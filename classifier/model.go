package classifier

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/classifier/table"
)

// nearError is the error of a prediction, as a difference of probabilities, up to which a lesson is not counted. Such a
// lesson teaches little, and a thousand copies of one spam would outweigh all other lessons.
const nearError = 0.03

// copyError is the error up to which a near-duplicate of an earlier lesson is ignored.
const copyError = 0.05

// A Model judges documents. It is safe for concurrent use, except Extend. Judge does not wait for Learn.
type Model struct {
	active atomic.Pointer[state] // immutable; Learn replaces it with a changed copy

	learning sync.Mutex // guards counts and copies
	counts   counts
	copies   copies

	shown shownCounts
}

// Fold returns the model of the lessons, which must be in ascending order of Seq.
func Fold(lessons func(yield func(Lesson) bool)) *Model {
	m := newModel()
	m.Extend(lessons)
	return m
}

func newModel() *Model {
	m := &Model{counts: newCounts(), copies: copies{table.New[struct{}]()}, shown: shownCounts{counts: table.New[uint32]()}}
	m.active.Store(newState())
	return m
}

// Extend learns lessons in place, without the copy that Learn makes. No other goroutine may use the model meanwhile: it
// is for a model that was just restored. The lessons must have a higher Seq than all before.
func (m *Model) Extend(lessons func(yield func(Lesson) bool)) {
	s := m.active.Load()
	for l := range lessons {
		m.teach(s, l)
	}
}

// Learn learns lessons. They must have a higher Seq than all before. Other goroutines may judge meanwhile.
func (m *Model) Learn(lessons ...Lesson) {
	m.learning.Lock()
	defer m.learning.Unlock()
	next := m.active.Load().fork()
	for _, l := range lessons {
		m.teach(next, l)
	}
	m.active.Store(next)
}

// teach folds a lesson into a state that no other goroutine reads.
func (m *Model) teach(s *state, l Lesson) {
	if d := Read(l.Comment); len(d.tokens) > 0 { // an empty comment teaches nothing
		m.train(s, d, l.Label)
	}
	s.seq = l.Seq
	s.taught[l.Label]++
}

// train trains the heads that a lesson of label l concerns, unless the lesson is a copy that they predict well.
func (m *Model) train(s *state, d Document, l Label) {
	again := m.copies.add(d, l)
	corrections := s.examples(d, l)
	errs := func(margin float64) bool {
		return slices.ContainsFunc(corrections, func(c example) bool { return c.errs(margin) })
	}
	if again && !errs(copyError) {
		return
	}
	loud := d.squaredNorm()
	d.tokens = s.heads[corrections[0].head].admitTokens(d, s.taught[l] == 0 || s.warm(Spam) && errs(0.5))
	if !again {
		m.shown.add(d, l)
	}
	for _, c := range corrections {
		s.heads[c.head].learn(d, loud, c)
	}
	if errs(nearError) {
		m.counts.learn(d, l)
		s.countLesson(d, l)
	}
}

// example is a lesson as a training example for one head, with the head's prediction before it learns.
type example struct {
	head int
	y    float64 // 1 for the head's label, 0 for ham
	warm bool    // the head was warm
	prediction
}

// Seq returns the Seq of the newest lesson.
func (m *Model) Seq() uint64 { return m.active.Load().seq }

// Judge scores a document.
func (m *Model) Judge(d Document) Judgement {
	s := m.active.Load()
	j := Judgement{Spam: 0.5, Seq: s.seq}
	known := featurePool.Get().(*[]feature)
	defer featurePool.Put(known)
	for i := range s.heads {
		h := &s.heads[i]
		warm := s.warm(h.label)
		if !warm && h.label != Spam {
			continue
		}
		*known = s.lookUp(h, d, *known)
		v := h.predict(d, *known, s.docs, s.prior(h, d))
		z := h.logit(v)
		switch {
		case h.label != Spam:
			j.Reasons[h.label-HateSpeech] = table.Sigmoid(z)
		case !warm: // the logit rests on shape and on the one class that was taught
			j.Logit = z
		default:
			if d.discountable {
				j.UnknownLanguage = h.language.unknown(v.familiarity)
			}
			j.Warm, j.Logit, j.Spam = true, z, table.Sigmoid(discountLanguage(s.capConfidence(h.shown.logit(z)), j.UnknownLanguage))
			j.Calibrated = min(h.predicted[0], h.predicted[1]) >= paramsOf(Spam).fullAfter
			j.Young = min(s.taught[Spam], s.taught[Ham]) < YoungBelow
		}
	}
	return j
}

// featurePool pools the slices of lookUp.
var featurePool = sync.Pool{New: func() any { return new([]feature) }}

// state is the part of a model that Judge reads.
type state struct {
	docs   tally // counted lessons
	taught tally // all lessons
	heads  [labels - Spam]head
	seq    uint64
}

func newState() *state {
	s := &state{}
	for i := range s.heads {
		s.heads[i] = newHead(Spam + Label(i))
	}
	return s
}

// fork returns a writable copy. The original must not be written any more.
func (s *state) fork() *state {
	c := *s
	for i := range c.heads {
		c.heads[i].features = s.heads[i].features.Fork()
	}
	return &c
}

// headOf returns the head of a label other than Ham.
func (s *state) headOf(l Label) *head { return &s.heads[l-Spam] }

// lookUp returns the head's features of the document's tokens, in the memory of known.
func (s *state) lookUp(h *head, d Document, known []feature) []feature {
	known = slices.Grow(known[:0], len(d.tokens))
	for _, t := range d.tokens {
		known = append(known, s.feature(h, t.hash))
	}
	return known
}

// feature returns the head's feature of a token, with the ham count of spam's head.
func (s *state) feature(h *head, hash uint64) (f feature) {
	f, _ = h.features.Get(hash)
	if h.label != Spam {
		common, _ := s.headOf(Spam).features.Get(hash)
		f.no = common.no
	}
	return f
}

// countLesson counts a lesson of label l and its tokens.
func (s *state) countLesson(d Document, l Label) {
	s.docs[l]++
	for _, t := range d.tokens {
		s.addCount(t.hash, l, 1)
	}
}

// addCount adds n to the number of lessons of label l that had a token.
func (s *state) addCount(hash uint64, l Label, n uint32) {
	switch {
	case n == 0:
	case l == Ham:
		s.headOf(Spam).features.At(hash).no += n
	default:
		s.headOf(l).features.At(hash).yes += n
	}
}

// warm reports whether both the label and ham were taught.
func (s *state) warm(l Label) bool { return s.taught[l] > 0 && s.taught[Ham] > 0 }

// minLessons returns n, the smaller of the numbers of spam and ham lessons, without copies. For each class it takes the
// larger of two numbers: counted lessons, and lessons predicted before they were learned.
func (s *state) minLessons() float64 {
	met := s.headOf(Spam).predicted
	return min(max(float64(s.docs[Spam]), met[1]), max(float64(s.docs[Ham]), met[0]))
}

// priorLessons is the number of lessons of each class at which the prior has half of its initial weight.
const priorLessons = 4

// prior returns the prior logit of a document, faded by the number of lessons. It is 0 for the heads of reasons.
func (s *state) prior(h *head, d Document) float64 {
	if h.label != Spam {
		return 0
	}
	return d.prior * priorLessons / (priorLessons + s.minLessons())
}

// Bounds of the shown logit of spam, in nats: confidencePerLesson·ln(1+n) after n lessons of each class, and
// maxConfidence (134 to 1) at most. A false alarm about a good comment costs more than a cautious score of spam.
const (
	confidencePerLesson = 1.5
	maxConfidence       = 4.9
)

// capConfidence returns a positive logit z as m·tanh(z/m), where m is the bound. It keeps the order of logits.
func (s *state) capConfidence(z float64) float64 {
	if z <= 0 {
		return z
	}
	most := min(maxConfidence, confidencePerLesson*math.Log1p(s.minLessons()))
	return most * math.Tanh(z/most)
}

// YoungBelow is the number of lessons of spam and of ham below which a model is young. A caller should not act on a
// young model alone.
const YoungBelow = 10

// concerns reports whether a lesson of label l trains a head, and returns its target y: 1 for the head's label, 0 for
// ham. Ham trains spam's head, and the heads of the reasons that were taught.
func (s *state) concerns(h *head, l Label) (y float64, ok bool) {
	switch {
	case l == h.label:
		return 1, true
	case l == Ham && (h.label == Spam || s.taught[h.label] > 0):
		return 0, true
	}
	return 0, false
}

// examples returns a training example of a lesson of label l for each head that it concerns.
func (s *state) examples(d Document, l Label) []example {
	var corrections []example
	known := featurePool.Get().(*[]feature)
	defer featurePool.Put(known)
	for i := range s.heads {
		h := &s.heads[i]
		if y, ok := s.concerns(h, l); ok {
			*known = s.lookUp(h, d, *known)
			corrections = append(corrections, example{i, y, s.warm(h.label), h.predict(d, *known, s.docs, s.prior(h, d))})
		}
	}
	return corrections
}

// errs reports whether the head was not warm, or its probability for the whole was off by more than margin.
func (c example) errs(margin float64) bool {
	return !c.warm || math.Abs(table.Sigmoid(c.whole)-c.y) > margin
}
