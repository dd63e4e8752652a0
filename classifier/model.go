package classifier

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aitys/aitys/classifier/table"
)

// nearError is the error of a prediction, as a difference of probabilities, above which a lesson is hard. The second
// naive Bayes counts only hard lessons. Easy lessons teach little, and a thousand copies of one spam comment would
// outweigh all other lessons.
const nearError = 0.02

// copyError is the error up to which a near-duplicate of an earlier lesson is ignored.
const copyError = 0.05

// A Model judges documents. It is safe for concurrent use, except Extend. Judge does not wait for Learn.
type Model struct {
	active atomic.Pointer[state] // immutable; Learn replaces it with a changed copy

	learning sync.Mutex // guards copies, and active against other writers
	copies   copies
}

// Fold returns the model of the lessons, which must be in ascending order of Seq.
func Fold(lessons func(yield func(Lesson) bool)) *Model {
	m := newModel()
	m.Extend(lessons)
	return m
}

func newModel() *Model {
	m := &Model{copies: copies{table.New[struct{}]()}}
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
		m.train(s, d, l)
	}
	s.seq = l.Seq
	s.taught[l.Label]++
	if l.Copied {
		s.copied[l.Label]++
	}
}

// train trains the heads that a lesson concerns, unless it is a near-duplicate that they predict well.
func (m *Model) train(s *state, d Document, lesson Lesson) {
	l := lesson.Label
	again := m.copies.add(d, l)
	trained := s.examples(d, l)
	errs := func(margin float64) bool {
		return slices.ContainsFunc(trained, func(c example) bool { return c.errs(margin) })
	}
	if again && !errs(copyError) {
		return
	}
	if !lesson.Copied {
		s.own[l]++
	}
	norm := d.squaredNorm()
	d.tokens = s.heads[trained[0].head].admitTokens(d, s.taught[l] == 0 || s.warm(Spam) && errs(0.5))
	if !again {
		s.counts.learn(d, l)
	}
	for _, c := range trained {
		s.heads[c.head].learn(d, norm, c)
	}
	if errs(nearError) {
		s.countHard(d, l)
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
	k := knownPool.Get().(*known)
	defer knownPool.Put(k)
	k.ratios = s.counts.logRatios(d, k.ratios)
	for i := range s.heads {
		h := &s.heads[i]
		warm := s.warm(h.label)
		if !warm && h.label != Spam {
			continue
		}
		v := s.predict(h, d, k)
		z := h.logit(v)
		switch {
		case h.label != Spam:
			j.Reasons[h.label-HateSpeech] = table.Sigmoid(h.calibrateReason(z))
			j.YoungReasons[h.label-HateSpeech] = s.young(h.label)
		case !warm: // the logit rests on shape and on the one class that was taught
			j.Logit = z
		default:
			if d.discountable {
				j.UnknownLanguage = h.language.unknown(v.familiarity)
			}
			shown := s.capConfidence(h.shown.logit(z))
			j.Warm, j.Logit, j.Spam = true, z, table.Sigmoid(discountLanguage(shown, j.UnknownLanguage))
			j.Calibrated = min(h.predicted[0], h.predicted[1]) >= paramsOf(Spam).fullAfter
			j.Young = s.young(Spam)
		}
	}
	return j
}

// young reports whether fewer than YoungBelow lessons of a label, or of ham, were taught on the site itself.
func (s *state) young(l Label) bool {
	return min(s.taught[l]-s.copied[l], s.taught[Ham]-s.copied[Ham]) < YoungBelow
}

// known is the reused memory of what a model knows about a document's tokens.
type known struct {
	features []feature
	ratios   []float64
}

var knownPool = sync.Pool{New: func() any { return new(known) }}

// predict returns a head's prediction. k.ratios has the document's logRatios.
func (s *state) predict(h *head, d Document, k *known) prediction {
	k.features = slices.Grow(k.features[:0], len(d.tokens))
	for _, t := range d.tokens {
		k.features = append(k.features, s.feature(h, t.hash))
	}
	return h.predict(d, k.features, k.ratios, s.hard, s.prior(h, d))
}

// state is the part of a model that Judge reads.
type state struct {
	counts counts
	hard   tally // hard lessons, see nearError
	taught tally // all lessons
	copied tally // lessons taught on another site
	own    tally // lessons taught on this site, without near-duplicates that taught nothing
	heads  [labels - Spam]head
	seq    uint64
}

func newState() *state {
	s := &state{counts: newCounts()}
	for i := range s.heads {
		s.heads[i] = newHead(Spam + Label(i))
	}
	return s
}

// fork returns a writable copy. The original must not be written any more.
func (s *state) fork() *state {
	c := *s
	c.counts = s.counts.fork()
	for i := range c.heads {
		c.heads[i].features = s.heads[i].features.Fork()
	}
	return &c
}

// headOf returns the head of a label other than Ham.
func (s *state) headOf(l Label) *head { return &s.heads[l-Spam] }

// feature returns the head's feature of a token, with the ham count of spam's head.
func (s *state) feature(h *head, hash uint64) (f feature) {
	f, _ = h.features.Get(hash)
	if h.label != Spam {
		common, _ := s.headOf(Spam).features.Get(hash)
		f.no = common.no
	}
	return f
}

// countHard counts a hard lesson of label l and its tokens.
func (s *state) countHard(d Document, l Label) {
	s.hard[l]++
	for _, t := range d.tokens {
		if l == Ham {
			s.headOf(Spam).features.At(t.hash).no++
		} else {
			s.headOf(l).features.At(t.hash).yes++
		}
	}
}

// warm reports whether both the label and ham were taught.
func (s *state) warm(l Label) bool { return s.taught[l] > 0 && s.taught[Ham] > 0 }

// YoungBelow is the number of lessons of spam and of ham, taught on the site itself, below which a model is young. A
// caller should not act on a young model alone.
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
	var trained []example
	k := knownPool.Get().(*known)
	defer knownPool.Put(k)
	k.ratios = s.counts.logRatios(d, k.ratios)
	for i := range s.heads {
		h := &s.heads[i]
		if y, ok := s.concerns(h, l); ok {
			trained = append(trained, example{i, y, s.warm(h.label), s.predict(h, d, k)})
		}
	}
	return trained
}

// errs reports whether the head was not warm, or its probability for the whole document was
// off by more than margin.
func (c example) errs(margin float64) bool {
	return !c.warm || math.Abs(table.Sigmoid(c.whole)-c.y) > margin
}

// learn learns an example. d has the admitted tokens, and squaredNorm is that of all tokens. A head that is not warm
// has no prediction from which stack and calibrators could learn.
func (h *head) learn(d Document, squaredNorm float64, c example) {
	y := int(c.y)
	if y == 0 {
		h.language.learn(c.familiarity)
	}
	h.meet(y)
	rate := h.fade(y)
	if c.warm {
		// A moderator may approve a whole page and then mark another page as spam. A stack that has only seen one
		// class would learn to predict that class.
		guarded := rate
		if full, other := paramsOf(h.label).fullAfter, h.predicted[1-y]; other < full {
			guarded = other / full
		}
		h.predicted[y]++
		h.shown.learn(h.logit(c.prediction), c.y, guarded)
		if c.long {
			h.excerpt.learn(c.prediction.excerpt, c.y, guarded)
		}
		h.stack.learn(c.scores, c.y, guarded)
	}
	h.learnWeights(d, squaredNorm, c.scores[2], c.y, rate)
}
