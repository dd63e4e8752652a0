package classifier

import (
	"math"
	"slices"
	"testing"

	"github.com/jbrukh/bayesian"
)

// The log ratios are those of a library classifier that observed all tokens of all lessons.
func TestLogRatios_MatchLibraryWithAllTokens(t *testing.T) {
	m := Fold(slices.Values(kazakhStream(t)))
	s := m.active.Load()
	whole := bayesian.NewClassifier("spam", "ham")
	for _, token := range s.counts.tokens.All() {
		if key := s.counts.keyOf(token); !overlaps(kind(key[0])) {
			whole.Observe(key, countScale*int(token.lessons[Spam])+1, "spam")
			whole.Observe(key, countScale*int(token.lessons[Ham])+1, "ham")
		} else { // pairs only enlarge the vocabulary
			whole.Observe("", 1, "spam")
			whole.Observe("", 1, "ham")
		}
	}
	prior, _, _ := whole.LogScores(nil)
	for _, l := range kazakhStream(t)[:200] {
		d := Read(l.Comment)
		for i, got := range s.counts.logRatios(d, nil) {
			known, _ := s.counts.tokens.Get(d.tokens[i].hash)
			if overlaps(d.tokens[i].kind) || known.lessons[Spam]+known.lessons[Ham] == 0 {
				if got != 0 {
					t.Fatalf("%q says %g", d.tokens[i].key(d.text), got)
				}
				continue
			}
			score, _, _ := whole.LogScores([]string{d.tokens[i].key(d.text)})
			if want := score[0] - score[1] - (prior[0] - prior[1]); math.Abs(got-want) > 1e-9 {
				t.Fatalf("%q says %g, want %g", d.tokens[i].key(d.text), got, want)
			}
		}
	}
}

// Lessons that were predicted well change a prediction by the library's counts of all lessons.
func TestJudge_UsesCountsOfAllLessons(t *testing.T) {
	m := Fold(slices.Values(kazakhStream(t)))
	c := Comment{Text: "қазір тегін бонус алыңыз, жарнама"}
	before := m.Judge(Read(c)).Logit
	s := m.active.Load().fork()
	for hash, token := range s.counts.tokens.All() {
		spam := token.lessons[Spam]
		at := s.counts.tokens.At(hash)
		at.lessons[Spam], at.lessons[Ham] = token.lessons[Ham], spam
	}
	s.counts.words[Spam], s.counts.words[Ham] = s.counts.words[Ham], s.counts.words[Spam]
	m.active.Store(s)
	if after := m.Judge(Read(c)).Logit; math.Abs(after-before) < 0.1 {
		t.Errorf("with the counts of spam and ham exchanged the logit is %.3f, and was %.3f", after, before)
	}
}
