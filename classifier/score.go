package classifier

import "math"

// verdict is how a document scores: by the counts, by the logistic regression, both together
// as a whole, and with its most suspicious window.
type verdict struct {
	counted, learned, whole, logit float64
}

// partial sums up some tokens of a document.
type partial struct {
	ratios, weights float64
	known, tokens   int
}

func (p *partial) add(o partial) {
	p.ratios += o.ratios
	p.weights += o.weights
	p.known += o.known
	p.tokens += o.tokens
}

func (s *side) score(d Document) verdict {
	base := ratioBase(s.docs[Spam], s.docs[Ham])
	each := make([]partial, len(d.tokens))
	var all partial
	for i, t := range d.tokens {
		each[i].tokens = 1
		if e := s.weights.find(t.hash); e != nil {
			each[i].weights = float64(e.weight)
			if e.n[Spam]+e.n[Ham] > 0 {
				each[i].known = 1
				each[i].ratios = ratio(e.n[Spam], e.n[Ham], base)
			}
		}
		all.add(each[i])
	}
	v := verdict{counted: all.counted(), learned: s.bias + all.learned()}
	v.whole = s.stack.logit(v.counted, v.learned)
	v.logit = v.whole
	if d.places != nil {
		v.logit = max(v.logit, s.windows(d, each)-windowMargin)
	}
	return v
}

func (p partial) counted() float64 {
	if p.known == 0 {
		return 0
	}
	return p.ratios / math.Pow(float64(p.known), countsPower)
}

func (p partial) learned() float64 {
	if p.tokens == 0 {
		return 0
	}
	return p.weights / math.Sqrt(float64(p.tokens))
}

// windows returns the highest logit of windowSize words in a row. A token counts once a window.
func (s *side) windows(d Document, each []partial) float64 {
	perWord := make([]partial, d.words+1)
	last := make([]uint32, len(d.tokens)) // word of the token's last place, plus one
	for _, p := range d.places {
		if before := last[p.token]; before != 0 && p.word < before-1+windowSize {
			continue
		}
		last[p.token] = p.word + 1
		perWord[p.word].add(each[p.token])
	}
	best := math.Inf(-1)
	for from := 0; from < d.words; from += windowStep {
		var sum partial
		for _, p := range perWord[from:min(from+windowSize, d.words)] {
			sum.add(p)
		}
		best = max(best, s.stack.logit(sum.counted(), s.bias+sum.learned()))
		if from+windowSize >= d.words {
			break
		}
	}
	return best
}

// reason returns the probability of a reason for refusal by the counts alone: 0 until both it
// and ham were taught.
func (s *side) reason(d Document, l Label) float64 {
	if s.taught[l] == 0 || s.taught[Ham] == 0 {
		return 0
	}
	base := ratioBase(s.docs[l], s.docs[Ham])
	var sum partial
	for _, t := range d.tokens {
		if e := s.weights.find(t.hash); e != nil && e.n[l]+e.n[Ham] > 0 {
			sum.known++
			sum.ratios += ratio(e.n[l], e.n[Ham], base)
		}
	}
	return sigmoid(sum.counted())
}
