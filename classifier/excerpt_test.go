package classifier

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Words of spam are said by everybody, here and there. Spam says them in a row, and long good comments put
// around it do not hide that.
func TestWordsOfSpamInARowAreFoundInALongComment(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	good := strings.Fields("the article was good thanks author I think you are wrong about chapter two because tests " +
		"show it and my garden grows beans roses well every spring after rain")
	bad := strings.Fields("buy cheap pills casino bonus now free money win guaranteed order price discount")
	some := func(from []string, n int) (words []string) {
		for range n {
			words = append(words, from[r.IntN(len(from))])
		}
		return words
	}
	// Every fourth word is one of spam; or twelve of a hundred, but together.
	scattered := func() []string {
		words := slices.Concat(some(good, 72), some(bad, 24))
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return words
	}
	inARow := func() []string { return slices.Concat(some(good, 42), some(bad, 12), some(good, 42)) }
	comment := func(words []string) Comment { return Comment{Text: strings.Join(words, " ")} }
	m := newModel()
	for i := range uint64(300) {
		ham, spam := comment(some(good, 12)), comment(some(bad, 12))
		if i%3 == 0 {
			ham = comment(scattered())
		}
		m.Learn(Lesson{Seq: 2 * i, Label: Ham, Comment: ham}, Lesson{Seq: 2*i + 1, Label: Spam, Comment: spam})
	}
	right := 0
	for range 200 {
		if m.Judge(Read(comment(inARow()))).Logit > m.Judge(Read(comment(scattered()))).Logit {
			right++
		}
	}
	t.Logf("%d of 200 pairs are in order", right)
	if right < 190 {
		t.Errorf("%d of 200 comments with spam in a row stand above such with its words scattered, want 190", right)
	}
}
