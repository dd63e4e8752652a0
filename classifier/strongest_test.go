package classifier

import (
	"cmp"
	"slices"
	"testing"
)

func TestStrongest_SeparatesSpamAndHam(t *testing.T) {
	lessons := []Lesson{
		{Seq: 1, Label: Ham, Comment: Comment{Text: "The orchard blooms early this year, thank you for writing."}},
		{Seq: 2, Label: Obscenity, Comment: Comment{Text: "Damn orchard."}},
		{Seq: 5, Label: Spam, Comment: Comment{Text: "Casino bonus at https://casino.example/win this year"}},
		{Seq: 6, Label: Spam, Comment: Comment{Text: "Your casino bonus waits, come to the casino"}},
	}
	cold := Fold(slices.Values(lessons[:2]))
	if spam, ham := cold.Strongest(5); spam != nil || ham != nil {
		t.Errorf("a cold model says %v, %v", spam, ham)
	}
	m := Fold(slices.Values(lessons))
	got, _ := m.LessonCounts()
	if want := [5]int{1, 2, 0, 1, 0}; got != want {
		t.Errorf("taught %v, want %v", got, want)
	}
	spam, ham := m.Strongest(1000)
	if len(spam) == 0 || len(ham) == 0 || m.Tokens() < len(spam)+len(ham) {
		t.Fatalf("%d for spam and %d for ham of %d tokens", len(spam), len(ham), m.Tokens())
	}
	first := func(list []Weight, token string) int {
		return slices.IndexFunc(list, func(w Weight) bool { return w.Token == token })
	}
	if i := first(spam, "word:casino"); i < 0 || spam[i].Spam != 2 || spam[i].Ham != 0 {
		t.Errorf("casino stands at %d of %+v", i, spam)
	}
	if i := first(ham, "word:orchard"); i < 0 || ham[i].Ham != 1 || ham[i].Spam != 0 {
		t.Errorf("orchard stands at %d of %+v", i, ham)
	}
	for _, list := range [][]Weight{spam, ham} {
		if !slices.IsSortedFunc(list, func(a, b Weight) int { return cmp.Compare(abs(b.Weight), abs(a.Weight)) }) {
			t.Errorf("not the strongest first: %+v", list)
		}
	}
	if few, _ := m.Strongest(2); !slices.Equal(few, spam[:2]) {
		t.Errorf("the two strongest are %v, want %v", few, spam[:2])
	}
}

func abs(x float64) float64 { return max(x, -x) }
