package classifier

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// A hundred comments of random letters share no words and make a small model. A model that is restored in between has
// the same bytes.
func TestAdmitTokens_BoundsRandomText(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var lessons []Lesson
	for n := range 100 {
		text := make([]byte, 5000)
		for i := range text {
			if text[i] = 'a' + byte(r.IntN(26)); r.IntN(6) == 0 {
				text[i] = ' '
			}
		}
		if Label(n%2) == Spam {
			text = append(text, " https://casino.example"...)
		}
		lessons = append(lessons, Lesson{Seq: uint64(n + 1), Label: Label(n % 2), Comment: Comment{Text: string(text)}})
	}
	m := Fold(slices.Values(lessons))
	if most := 1 << 20; m.Memory() > most {
		t.Errorf("they take %d bytes, more than %d", m.Memory(), most)
	}
	spam, _ := m.Strongest(100)
	if !slices.ContainsFunc(spam, func(w Weight) bool { return w.Token == "domain:casino.example" && w.Spam == 50 }) {
		t.Error("where they lead was not learned:", spam[:min(3, len(spam))])
	}
	half, err := Restore(Fold(slices.Values(lessons[:50])).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	half.Learn(lessons[50:]...)
	if !bytes.Equal(half.Bytes(), m.Bytes()) {
		t.Error("a model that was restored after half of them is another")
	}
}

// Comments of forty random words out of a thousand have new pairs of words nearly always. They fill a model up to a
// bound. It then still learns spam with new words quickly.
func TestAdmitTokens_BoundsTokensOfYears(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	words := func(n, from, to int) (text string) {
		for range n {
			for word := from + r.IntN(to-from); word > 0; word /= 30 {
				text += string("rtpsklmnbd"[word%10]) + string("aou"[word/10%3])
			}
			text += " "
		}
		return text
	}
	var lessons []Lesson
	teach := func(n int, label Label, text func() string) {
		for range n {
			lessons = append(lessons, Lesson{Seq: uint64(len(lessons) + 1), Label: label, Comment: Comment{Text: text()}})
		}
	}
	good := func() string { return words(40, 1000, 2000) }
	advert := func() string { return words(12, 2000, 2030) }
	teach(7_000, Ham, good)
	m := Fold(slices.Values(lessons))
	if n, most := m.Tokens(), manyTokens+10*halvingTokens; n > most {
		t.Errorf("of %d good comments it counted %d tokens, more than %d", len(lessons), n, most)
	}
	full := m.Tokens()
	teach(20, Spam, advert)
	half, err := Restore(m.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range lessons[7_000:] {
		if m.Learn(l); i == 2 && m.Tokens() < full+36 {
			t.Errorf("of three adverts of twelve words that it never met it has a place for %d tokens", m.Tokens()-full)
		}
	}
	half.Learn(lessons[7_000:]...)
	if !bytes.Equal(half.Bytes(), m.Bytes()) {
		t.Error("a model that was restored before the adverts is another")
	}
	for range 20 {
		if j := m.Judge(Read(Comment{Text: advert()})); j.Spam < 0.8 {
			t.Errorf("after twenty adverts another is spam with %.2f", j.Spam)
		}
		if j := m.Judge(Read(Comment{Text: good()})); j.Spam > 0.1 {
			t.Errorf("after twenty adverts a good comment is spam with %.2f", j.Spam)
		}
	}
}
