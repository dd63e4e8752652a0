package classifier

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// A hundred comments of random letters, of which no two have a word in common, teach little; a model that
// was restored between them is the same.
func TestAHundredLongCommentsMakeASmallModel(t *testing.T) {
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
	if !slices.ContainsFunc(spam, func(w Weight) bool { return w.Token == "host:casino.example" && w.Spam == 50 }) {
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
