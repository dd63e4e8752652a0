package classifier

// A language that was never taught to be good shares its runs of four letters with those of spam that were, and hardly
// a word: where its alphabet is that of spam, its comments would look like spam. foreign is what the
// good comments of a site have in common: how much of their words and of their runs is known.
type foreign struct {
	Lessons     float64
	Words, Runs float64 // running means of what was known of a good comment when it was taught
}

const (
	usualSpan     = 100 // lessons: before, what is usual is not believed in full
	familiarDoubt = 5   // letters, and runs: so many more are taken for as known as usual

	// Of what is usual: a comment whose words or runs are known better is in a language of the site, and one
	// in which both are known worse than the second is in none.
	wordsHome, wordsAbroad = 0.4, 0.3
	runsHome, runsAbroad   = 0.8, 0.6
)

// familiarity is what a head knows of a document's language.
type familiarity struct {
	words, wordsKnown float64 // in bytes; a word that only spam had counts half
	runs, runsKnown   float64 // known: a good comment had it
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
		f.runs++
		if known.no > 0 {
			f.runsKnown++
		}
	}
}

// of is how far from 0 to 1 a comment's language is none that the site's good comments are in.
func (f *foreign) of(c familiarity) float64 {
	if c.words == 0 || f.Words == 0 || f.Runs == 0 {
		return 0
	}
	words := (c.wordsKnown + familiarDoubt*f.Words) / (c.words + familiarDoubt) / f.Words
	runs := (c.runsKnown + familiarDoubt*f.Runs) / (c.runs + familiarDoubt) / f.Runs
	return min(1, f.Lessons/usualSpan) *
		between(wordsHome, wordsAbroad, words) * between(runsHome, runsAbroad, runs)
}

// between is 0 at from and above, 1 at to and below.
func between(from, to, x float64) float64 { return min(1, max(0, (from-x)/(from-to))) }

func (f *foreign) learn(c familiarity) {
	if c.words == 0 || c.runs == 0 {
		return
	}
	f.Lessons++
	span := min(f.Lessons, usualSpan)
	f.Words += (c.wordsKnown/c.words - f.Words) / span
	f.Runs += (c.runsKnown/c.runs - f.Runs) / span
}

// What a language that a model cannot read takes off a logit that speaks for spam, and what it leaves: the comment may
// as well be good. It is less than sureMost, for what only spam says is spam in any language.
const mostAbroad, unread = 4.5, -0.5

// abroad lowers a logit by how far its comment's language is none of the site's.
func abroad(z, foreign float64) float64 { return max(min(z, unread), z-mostAbroad*foreign) }
