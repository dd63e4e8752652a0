package classifier

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/aitys/aitys/classifier/table"
)

const (
	slopeRate = 0.4
	biasRate  = 0.02
	fewKnown  = 2 // a comment of so many counted tokens says half of what they would
)

// loudness is how much a kind of token weighs in the regression. There are a hundred 4-grams to
// one host, and a handful of traits.
var loudness = func() (x [256]float64) {
	for i := range x {
		x[i] = 1
	}
	x[kindWord] = 1.3
	x[kindTrait] = 1.4
	for _, k := range []kind{kindHost, kindDomain, kindTLD, kindPath} {
		x[k] = 1.5
	}
	x[kindWebsite] = math.Sqrt(asWebsite)
	return x
}()

// asWebsite is for how many tokens it counts that a writer gave a website. A link in the text leaves as many
// words and 4-grams behind that other links have, too; one in its field nothing that two sites share.
const asWebsite = 16

// A head tells lessons of one label from ham: by the counts, by a logistic regression of its own
// over the same tokens, and by both joined.
type head struct {
	label    Label
	features table.Table[feature]
	bias     float64
	stack    stack
	excerpt  line
	window   line
	foreign  foreign    // spam's only
	shown    line       // spam's only: makes a probability of the logit, which orders
	met      [2]float64 // lessons that the head had an opinion of before, by their answer
}

// feature is what a head knows of a token: how many counted lessons of its label had it, and how
// many of ham, which only spam's head counts; the regression's weight, and the sum of squares
// that slows its steps.
type feature struct {
	yes, no        uint32
	weight, square float32
}

func newHead(l Label) head {
	return head{label: l, features: table.New[feature](), stack: newStack(),
		excerpt: newPartLine(), window: newPartLine(), shown: newShownLine()}
}

// scores are what the counts and the regression think, apart.
type scores struct{ counted, learned float64 }

// verdict is how a document looks to a head.
type verdict struct {
	scores
	whole   float64 // logit of the document as a whole, with the guess
	excerpt float64 // logit of its worst excerpt, as if it were a document
	window  float64 // and of its worst window
	long    bool    // it has excerpts
	wide    bool    // it has windows

	familiarity // spam's head only
}

// logit is the head's opinion: of the whole, or of the worst part if that is clearly worse.
func (h *head) logit(v verdict) float64 {
	z := v.whole
	if v.long {
		z = max(z, partly(h.excerpt.logit(v.excerpt)-partMargin))
	}
	if v.wide {
		z = max(z, partly(h.window.logit(v.window)-partMargin))
	}
	return z
}

// partly is what a part says of the whole: none makes it certain.
func partly(z float64) float64 {
	if z <= partSure {
		return z
	}
	return partSure + (z-partSure)/2
}

// sum adds up what tokens say.
type sum struct {
	ratios, slopes, loud float64
	known                float64 // what those tokens are worth that were counted
}

func (s *sum) add(o sum) {
	s.ratios += o.ratios
	s.slopes += o.slopes
	s.loud += o.loud
	s.known += o.known
}

func (h *head) scores(s sum) (z scores) {
	if s.known > 0 {
		z.counted = s.ratios / math.Pow(s.known, habitsOf(h.label).power)
	}
	z.learned = h.bias
	if s.loud > 0 {
		z.learned += s.slopes / math.Sqrt(s.loud)
	}
	return z
}

// bench is the scratch paper of one judgement.
type bench struct {
	each  []sum    // by token
	words []sum    // by word: those tokens that stand in it
	apart sum      // shape and writer, which belong to every part
	last  []uint32 // by token: the last word it stood in, plus one
	ranks []float64
	best  [excerptSpan]int
}

var benches = sync.Pool{New: func() any { return new(bench) }}

// look scores a document by what is known of its tokens. docs is the tally of the lessons, guess what
// the document's shape still says to a head that knows little.
func (h *head) look(d Document, known []feature, docs tally, guess float64) (v verdict) {
	b := benches.Get().(*bench)
	defer benches.Put(b)
	b.each = b.each[:0]
	own := habitsOf(h.label)
	odds := own.Odds(docs[h.label], docs[Ham])
	var all sum
	for i, t := range d.tokens {
		x := loudness[t.kind]
		f := &known[i]
		if h.label == Spam {
			v.familiarity.add(t, f)
		}
		s := sum{loud: x * x, slopes: float64(f.weight) * x}
		if f.yes+f.no > 0 {
			s.known = 1
			switch t.kind {
			case kindGram:
				s.known = own.gram
			case kindWebsite:
				s.known = asWebsite
			}
			s.ratios = s.known * odds.Ratio(f.yes, f.no)
		}
		all.add(s)
		b.each = append(b.each, s)
	}
	v.scores = h.scores(all)
	v.whole = h.stack.logit(v.scores)
	if h.label == Spam {
		v.whole = v.whole*all.known/(all.known+fewKnown) + guess
	}
	if v.long = d.words > excerptAbove; v.long {
		h.parts(d, b)
		v.excerpt = h.worstExcerpt(d, b)
	}
	if v.wide = d.words > own.windowAbove; v.wide {
		v.window = h.worstWindow(d, b)
	}
	return v
}

// What one lesson may teach of words, pairs and 4-grams that a head never met: all of most comments. Of more it teaches
// some, drawn by their hashes and so always the same ones: what many lessons have comes in with one of them. A hundred
// comments of random letters would else fill a model.
const (
	mostFresh     = 600
	mostFreshLong = 150 // of a text above allGrams
	// Above so many tokens, and again for each so many more, a head has half the places for new ones: what is taught for
	// years stays in bounds. What it thought the opposite of, or never met, has all of them.
	manyKnown, manyMore = 100_000, 10_000
)

// lasting returns those of a lesson's tokens that the head has a place for, or gives one.
func (h *head) lasting(d Document, news bool) []token {
	most := mostFresh
	if d.folded > allGrams {
		most = mostFreshLong
	}
	if over := h.features.Len() - manyKnown; over > 0 && !news {
		most >>= 1 + over/manyMore
	}
	if len(d.tokens) <= most {
		return d.tokens
	}
	lasting, fresh := make([]token, 0, len(d.tokens)), []token(nil)
	for _, t := range d.tokens {
		_, known := h.features.Get(t.hash)
		if known || t.kind != kindWord && t.kind != kindPair && t.kind != kindGram {
			lasting = append(lasting, t)
		} else {
			fresh = append(fresh, t)
		}
	}
	if len(fresh) > most {
		slices.SortFunc(fresh, func(a, b token) int { return cmp.Compare(table.Mix(a.hash), table.Mix(b.hash)) })
		fresh = fresh[:most]
	}
	return append(lasting, fresh...)
}

// loud is how much a document's tokens weigh in the regression, squared.
func (d Document) loud() (loud float64) {
	for _, t := range d.tokens {
		loud += loudness[t.kind] * loudness[t.kind]
	}
	return loud
}

// learn takes one step as a correction says, for those of a document's tokens that last; loud is that of all. A head
// that is not warm has no opinion yet that stack and excerpt could be measured by.
func (h *head) learn(d Document, loud float64, c correction) {
	if c.y == 0 {
		h.foreign.learn(c.familiarity)
	}
	if c.warm {
		// A moderator approves a page of comments and then marks another as spam: what has met one answer
		// only would learn to give that one.
		worth := 1.0
		if both, other := habitsOf(h.label).bothMet, h.met[1-int(c.y)]; other < both {
			worth = other / both
		}
		h.met[int(c.y)]++
		h.shown.learn(h.logit(c.verdict), c.y, worth)
		if c.long {
			h.excerpt.learn(c.verdict.excerpt, c.y, worth)
		}
		if c.wide {
			h.window.learn(c.verdict.window, c.y, worth)
		}
		h.stack.learn(c.scores, c.y, worth)
	}
	pull := table.Sigmoid(c.learned) - c.y
	whole := pull / math.Sqrt(loud)
	for _, t := range d.tokens {
		g := whole * loudness[t.kind]
		f := h.features.At(t.hash)
		square := float64(f.square) + g*g
		f.square = float32(square)
		f.weight -= float32(slopeRate * g / math.Sqrt(square+1e-8))
	}
	h.bias -= biasRate * pull
}
