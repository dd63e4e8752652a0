package classifier

// languageStats describes how familiar ham is to a model. A language without ham lessons shares 4-grams with the spam
// lessons in the same alphabet, and hardly any words, so its comments would look like spam. languageStats holds the
// usual share of known words and 4-grams in ham, with which unknown compares a comment.
type languageStats struct {
	Lessons      float64
	Words, Grams float64 // running means of the known shares of words and 4-grams in ham before it was learned
}

const (
	meanSpan         = 100 // ham lessons in the running means; with fewer, the result is scaled down
	familiarityPrior = 5   // bytes of words, and 4-grams, that are assumed to be as known as usual

	// Shares of the usual share. If words or 4-grams are known better than the first, the language is known. If both are
	// known worse than the second, it is unknown. Between them, the result is linear.
	wordsKnown, wordsUnknown = 0.4, 0.3
	gramsKnown, gramsUnknown = 0.8, 0.6
)

// familiarity counts how much of a document a head knows.
type familiarity struct {
	words, wordsKnown float64 // in bytes; a word that only spam lessons had counts half
	grams, gramsKnown float64 // 4-grams, and those that ham lessons had
}

func (f *familiarity) add(t token, known *feature) {
	switch t.kind {
	case kindWord:
		size := float64(t.size)
		f.words += size
		if known.yes+known.no > 0 {
			f.wordsKnown += size / 2
		}
		if known.no > 0 {
			f.wordsKnown += size / 2
		}
	case kindGram:
		f.grams++
		if known.no > 0 {
			f.gramsKnown++
		}
	}
}

// unknown returns, from 0 to 1, how little a comment's language resembles that unknown the site's ham.
func (f *languageStats) unknown(c familiarity) float64 {
	if c.words == 0 || f.Words == 0 || f.Grams == 0 {
		return 0
	}
	words := (c.wordsKnown + familiarityPrior*f.Words) / (c.words + familiarityPrior) / f.Words
	runs := (c.gramsKnown + familiarityPrior*f.Grams) / (c.grams + familiarityPrior) / f.Grams
	return min(1, f.Lessons/meanSpan) *
		ramp(wordsKnown, wordsUnknown, words) * ramp(gramsKnown, gramsUnknown, runs)
}

// ramp returns 0 for x >= from, 1 for x <= to, and is linear between them. from is greater than to.
func ramp(from, to, x float64) float64 { return min(1, max(0, (from-x)/(from-to))) }

func (f *languageStats) learn(c familiarity) {
	if c.words == 0 || c.grams == 0 {
		return
	}
	f.Lessons++
	span := min(f.Lessons, meanSpan)
	f.Words += (c.wordsKnown/c.words - f.Words) / span
	f.Grams += (c.gramsKnown/c.grams - f.Grams) / span
}

// maxLanguageDiscount is subtracted from the logit of a comment in an unknown language, down to discountFloor. It is
// less than maxConfidence, so that words which only spam uses stay spam in any language.
const maxLanguageDiscount, discountFloor = 4.5, -0.5

// discountLanguage lowers a logit above discountFloor. foreign, from 0 to 1, is how unknown the language is.
func discountLanguage(z, foreign float64) float64 {
	return max(min(z, discountFloor), z-maxLanguageDiscount*foreign)
}
