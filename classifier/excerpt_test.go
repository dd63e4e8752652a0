package classifier

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sample returns n random words.
func sample(r *rand.Rand, from []string, n int) (words []string) {
	for range n {
		words = append(words, from[r.IntN(len(from))])
	}
	return words
}

// Good comments have scattered words of spam. Spam has them in a row, also in the middle of a long good comment.
func TestExcerpt_FindsSpamInLongComment(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	good := strings.Fields("the article was good thanks author I think you are wrong about chapter two because tests " +
		"show it and my garden grows beans roses well every spring after rain")
	bad := strings.Fields("buy cheap pills casino bonus now free money win guaranteed order price discount")
	// Either every fourth word is one of spam, or twelve of ninety-six in a row are.
	scattered := func() []string {
		words := slices.Concat(sample(r, good, 72), sample(r, bad, 24))
		r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
		return words
	}
	inARow := func() []string { return slices.Concat(sample(r, good, 42), sample(r, bad, 12), sample(r, good, 42)) }
	comment := func(words []string) Comment { return Comment{Text: strings.Join(words, " ")} }
	m := newModel()
	for i := range uint64(300) {
		ham, spam := comment(sample(r, good, 12)), comment(sample(r, bad, 12))
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
	if right < 180 {
		t.Errorf("%d of 200 comments with spam in a row stand above such with its words scattered, want 180", right)
	}
}

// An advertisement of a few words is found between two good comments.
func TestWindow_FindsSpamBetweenHam(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	said := strings.Fields("the article was good thanks author think you are wrong about chapter two because tests show " +
		"garden grows beans roses well every spring after rain play site here island seven lucky win today")
	brands := strings.Fields("pulauwin agustoto berkah99 weton88 slotter99 ton4d levis4d bosswd")
	good := func() string { return strings.Join(sample(r, said, 4+r.IntN(20)), " ") }
	bad := func() string {
		return strings.Join(slices.Concat(sample(r, said, 4), sample(r, brands, 1), sample(r, said, 3)), " ")
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
