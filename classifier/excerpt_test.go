package classifier

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// some returns n of these words by chance.
func some(r *rand.Rand, from []string, n int) (words []string) {
	for range n {
		words = append(words, from[r.IntN(len(from))])
	}
	return words
}

// Words of spam are said by everybody, here and there. Spam says them in a row, and long good comments put
// around it do not hide that.
func TestWordsOfSpamInARowAreFoundInALongComment(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	good := strings.Fields("the article was good thanks author I think you are wrong about chapter two because tests " +
		"show it and my garden grows beans roses well every spring after rain")
	bad := strings.Fields("buy cheap pills casino bonus now free money win guaranteed order price discount")
	// Every fourth word is one of spam; or twelve of a hundred, but together.
	scattered := func() []string {
		words := slices.Concat(some(r, good, 72), some(r, bad, 24))
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return words
	}
	inARow := func() []string { return slices.Concat(some(r, good, 42), some(r, bad, 12), some(r, good, 42)) }
	comment := func(words []string) Comment { return Comment{Text: strings.Join(words, " ")} }
	m := newModel()
	for i := range uint64(300) {
		ham, spam := comment(some(r, good, 12)), comment(some(r, bad, 12))
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

// An advertisement of a few words stays one between two good comments.
func TestAShortAdvertisementIsFoundBetweenGoodComments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	said := strings.Fields("the article was good thanks author think you are wrong about chapter two because tests show " +
		"garden grows beans roses well every spring after rain play site here island seven lucky win today")
	brands := strings.Fields("pulauwin agustoto berkah99 weton88 slotter99 ton4d levis4d bosswd")
	good := func() string { return strings.Join(some(r, said, 4+r.IntN(20)), " ") }
	bad := func() string {
		return strings.Join(slices.Concat(some(r, said, 4), some(r, brands, 1), some(r, said, 3)), " ")
	}
	m := newModel()
	for i := range uint64(400) {
		m.Learn(Lesson{Seq: 2 * i, Label: Ham, Comment: Comment{Text: good()}},
			Lesson{Seq: 2*i + 1, Label: Spam, Comment: Comment{Text: bad()}})
	}
	judge := func(text string) float64 { return m.Judge(Read(Comment{Text: text})).Logit }
	var clean []float64
	for range 400 {
		clean = append(clean, judge(good()))
	}
	slices.Sort(clean)
	found := 0
	for range 200 {
		if judge(good()+"\n"+bad()+"\n"+good()) > clean[len(clean)-5] {
			found++
		}
	}
	t.Logf("%d of 200 stand above 99 %% of good comments", found)
	if found < 170 {
		t.Errorf("%d of 200 between good comments stand above 99 %% of these, want 170", found)
	}
}
