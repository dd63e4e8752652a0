package classifier

// A language that was never taught shares its runs of four letters with those that were, and hardly a word: where
// its alphabet is that of spam, its comments would look like spam. What a comment's 4-grams say for spam
// counts the less, the fewer of its words are known, against what is usual.
type foreign struct {
	Lessons float64
	Usual   float64 // running mean of the share of a comment's words that was known when it was taught
}

const (
	usualSpan    = 100 // lessons
	foreignBelow = 0.6 // of the usual share
	foreignDoubt = 2   // words: so many more are taken for as known as usual
)

// heed is what the 4-grams of a comment count of which so many words are known.
func (f *foreign) heed(known, words float64) float64 {
	if f.Usual == 0 {
		return 1
	}
	share := (known + foreignDoubt*f.Usual) / (words + foreignDoubt)
	return min(1, share/(foreignBelow*f.Usual))
}

func (f *foreign) learn(known, words float64) {
	if words == 0 {
		return
	}
	f.Lessons++
	f.Usual += (known/words - f.Usual) / min(f.Lessons, usualSpan)
}
