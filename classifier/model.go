package classifier

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/classifier/table"
)

// nearError: a lesson that was foreseen better than this is not counted. It would teach little,
// and a thousand copies of one spam would drown the rest.
const nearError = 0.03

// copyError: a copy of what was taught before teaches only where it is still misjudged by more than this.
const copyError = 0.05

// A Model judges documents. Any number of goroutines may Judge while others Learn: judging never waits for learning.
type Model struct {
	active atomic.Pointer[side] // is never written: what learns makes the next one

	learning sync.Mutex // guards what follows
	counts   counts
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
	m := &Model{counts: newCounts(), copies: copies{table.New[struct{}]()}, seen: seen{counts: table.New[uint32]()}}
	m.active.Store(newSide())
	return m
}

// Extend continues the fold of a model that nobody judges by yet, such as one just restored, with
// lessons whose Seq is higher than all before.
func (m *Model) Extend(lessons func(yield func(Lesson) bool)) {
	s := m.active.Load()
	for l := range lessons {
		m.teach(s, l)
	}
}

// Learn continues the fold, with lessons whose Seq is higher than all before, while others judge.
func (m *Model) Learn(lessons ...Lesson) {
	m.learning.Lock()
	defer m.learning.Unlock()
	next := m.active.Load().fork()
	for _, l := range lessons {
		m.teach(next, l)
	}
	m.active.Store(next)
}

// teach folds a lesson into a side that nobody judges by yet.
func (m *Model) teach(s *side, l Lesson) {
	if d := Read(l.Comment); len(d.tokens) > 0 { // something was said
		m.tell(s, d, l.Label)
	}
	s.seq = l.Seq
	s.taught[l.Label]++
}

// tell tells the heads that a lesson of label l concerns what it teaches, which may be nothing.
func (m *Model) tell(s *side, d Document, l Label) {
	again := m.copies.add(d, l)
	corrections := s.corrections(d, l)
	errs := func(margin float64) bool {
		return slices.ContainsFunc(corrections, func(c correction) bool { return c.errs(margin) })
	}
	if again && !errs(copyError) {
		return // nearly the same was taught before, and was understood
	}
	loud := d.loud()
	d.tokens = s.heads[corrections[0].head].lasting(d, s.taught[l] == 0 || s.warm(Spam) && errs(0.5))
	if !again {
		m.seen.add(d, l)
	}
	for _, c := range corrections {
		s.heads[c.head].learn(d, loud, c)
	}
	if errs(nearError) {
		m.counts.learn(d, l)
		s.count(d, l)
	}
}

// correction is what a lesson tells a head, with what the head thought before.
type correction struct {
	head int
	y    float64 // 1 for the head's label, 0 for ham
	warm bool
	verdict
}

// Seq is the newest lesson's.
func (m *Model) Seq() uint64 { return m.active.Load().seq }

// Judge scores a document.
func (m *Model) Judge(d Document) Judgement {
	s := m.active.Load()
	j := Judgement{Spam: 0.5, Seq: s.seq}
	known := knowns.Get().(*[]feature)
	defer knowns.Put(known)
	for i := range s.heads {
		h := &s.heads[i]
		warm := s.warm(h.label)
		if !warm && h.label != Spam {
			continue
		}
		*known = s.recall(h, d, *known)
		v := h.look(d, *known, s.docs, s.guess(h, d))
		z := h.logit(v)
		switch {
		case h.label != Spam:
			j.Reasons[h.label-HateSpeech] = table.Sigmoid(z)
		case !warm: // by its shape, and by how much of it is known of the one kind that was taught
			j.Logit = z
		default:
			if d.bare {
				j.Foreign = h.foreign.of(v.familiarity)
			}
			j.Warm, j.Logit, j.Spam = true, z, table.Sigmoid(abroad(s.sober(h.shown.logit(z)), j.Foreign))
			j.Tried = min(h.met[0], h.met[1]) >= habitsOf(Spam).bothMet
			j.Young = min(s.taught[Spam], s.taught[Ham]) < Grown
		}
	}
	return j
}

// knowns is memory for recall.
var knowns = sync.Pool{New: func() any { return new([]feature) }}

// side is all that judging needs.
type side struct {
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

// fork returns a copy that may be written. The side itself must not be any more.
func (s *side) fork() *side {
	c := *s
	for i := range c.heads {
		c.heads[i].features = s.heads[i].features.Fork()
	}
	return &c
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
	f, _ = h.features.Get(hash)
	if h.label != Spam {
		common, _ := s.headOf(Spam).features.Get(hash)
		f.no = common.no
	}
	return f
}

// count counts a lesson.
func (s *side) count(d Document, l Label) {
	s.docs[l]++
	for _, t := range d.tokens {
		s.counts(t.hash, l, 1)
	}
}

// counts adds so many lessons of label l that had a token.
func (s *side) counts(hash uint64, l Label, n uint32) {
	switch {
	case n == 0:
	case l == Ham:
		s.headOf(Spam).features.At(hash).no += n
	default:
		s.headOf(l).features.At(hash).yes += n
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
// than 134 to 1. A wrong word about a good comment costs more than a shy one about spam.
const (
	surePerLesson = 1.5
	sureMost      = 4.9
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
	known := knowns.Get().(*[]feature)
	defer knowns.Put(known)
	for i := range s.heads {
		h := &s.heads[i]
		if y, ok := s.concerns(h, l); ok {
			*known = s.recall(h, d, *known)
			corrections = append(corrections, correction{i, y, s.warm(h.label), h.look(d, *known, s.docs, s.guess(h, d))})
		}
	}
	return corrections
}

// errs reports whether a head's answer was further from the right one than a margin.
func (c correction) errs(margin float64) bool {
	return !c.warm || math.Abs(table.Sigmoid(c.whole)-c.y) > margin
}
