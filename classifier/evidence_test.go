package classifier

import (
	"slices"
	"strings"
	"testing"
)

func TestEvidence_OmitsRepetitions(t *testing.T) {
	m := Fold(slices.Values([]Lesson{
		{Seq: 1, Label: Ham, Comment: Comment{Text: "thank you, dear author"}},
		{Seq: 2, Label: Spam, Comment: Comment{Text: "CASINO bonus at https://win.example/now"}},
	}))
	var got []string
	for _, w := range m.Evidence(Read(Comment{Text: "CASINO bonus at https://win.example/now"})) {
		got = append(got, w.Token)
	}
	for _, want := range []string{"word:casino", "word:bonus"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q misses %s", got, want)
		}
	}
	for _, again := range []string{"first:casino", "capitals:CASINO", "words:casino bonus", "word:win"} {
		if slices.Contains(got, again) {
			t.Errorf("%q repeats itself with %s", got, again)
		}
	}
	lengths := 0
	for _, token := range got {
		if strings.HasPrefix(token, "trait:length=") || strings.HasPrefix(token, "trait:size=") {
			lengths++
		}
	}
	if lengths > 1 {
		t.Errorf("%q says the length twice", got)
	}
}

func TestEvidence_SignMatchesCounts(t *testing.T) {
	attack := Comment{Text: "you stupid fool, nobody likes your bread"}
	lessons := []Lesson{{Seq: 1, Label: PersonalAttack, Comment: attack}}
	for i := range uint64(60) {
		lessons = append(lessons, Lesson{Seq: i + 2, Label: Ham, Comment: Comment{Text: "thank you " + madeUpWord(i)}})
	}
	lessons = append(lessons, Lesson{Seq: 99, Label: Ham, Comment: Comment{Text: "the oven and the garden " + madeUpWord(99)}})
	m := Fold(slices.Values(lessons))
	for _, w := range m.EvidenceOf(Read(Comment{Text: "stupid oven, stupid garden"}), PersonalAttack) {
		if w.Weight > 0 && w.Spam == 0 || w.Weight < 0 && w.Ham == 0 {
			t.Errorf("%s weighs %.2f and was in %d of the kind and %d good ones", w.Token, w.Weight, w.Spam, w.Ham)
		}
	}
}

func TestEvidence_OmitsUninformativeTokens(t *testing.T) {
	const spam, ham = "Now for the casino at https://win.example.com/ 24 hours, он был там и выиграл джекпот!!!\ufeff",
		"It has one garden. Ол үшін қайда алма бар."
	var lessons []Lesson
	for n := range 3 {
		lessons = append(lessons,
			Lesson{Seq: uint64(2*n + 1), Label: Spam, Comment: Comment{Text: spam}},
			Lesson{Seq: uint64(2*n + 2), Label: Ham, Comment: Comment{Text: ham}})
	}
	m := Fold(slices.Values(lessons))
	said := func(text string) (all []string) {
		for _, w := range m.Evidence(Read(Comment{Text: text})) {
			all = append(all, w.Token)
		}
		return all
	}
	got := append(said(spam), said(ham)...)
	for _, want := range []string{"word:casino", "word:джекпот", "domain:example.com",
		"trait:links=1", "word:garden", "word:алма"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q misses %s", got, want)
		}
	}
	for _, mute := range []string{"word:now", "word:for", "word:24", "word:!", "word:has", "word:one", "word:был",
		"word:үшін", "words:now for", "first:now", "word:https", "tld:com", "trait:links=0", "trait:ends=hidden",
		"trait:hidden_characters=1", "trait:capital_letters=1"} {
		if slices.Contains(got, mute) {
			t.Errorf("%q says %s, which means nothing", got, mute)
		}
	}
	if got := said("It has one. Он был там!"); len(got) != 0 {
		t.Errorf("a comment without a telling word has the evidence %q", got)
	}
}

// Evidence also counts lessons that the heads do not count because they were predicted well.
func TestEvidence_CountsEveryLesson(t *testing.T) {
	lessons := lessonsOf(400, 7)
	m := Fold(slices.Values(lessons))
	d := Read(Comment{Text: "casino"})
	want := map[Label]int{}
	for _, l := range lessons {
		if slices.ContainsFunc(Read(l.Comment).tokens, func(t token) bool { return t.hash == d.tokens[0].hash }) {
			want[l.Label]++
		}
	}
	counted := m.active.Load().feature(m.active.Load().headOf(Spam), d.tokens[0].hash)
	if int(counted.yes+counted.no) >= want[Spam]+want[Ham] {
		t.Fatalf("all %d lessons are counted: none was foreseen", want[Spam]+want[Ham])
	}
	said := m.Evidence(d)
	at := slices.IndexFunc(said, func(w Weight) bool { return w.Token == "word:casino" })
	if at < 0 {
		t.Fatalf("no casino in %v", said)
	}
	if w := said[at]; w.Spam != want[Spam] || w.Ham != want[Ham] {
		t.Errorf("seen in %d spam and %d ham, want %d and %d", w.Spam, w.Ham, want[Spam], want[Ham])
	}
}
