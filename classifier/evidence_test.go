package classifier

import (
	"slices"
	"strings"
	"testing"
)

func TestEvidenceSaysNothingTwice(t *testing.T) {
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
	for _, again := range []string{"first:casino", "capitals:CASINO", "words:casino bonus", "domain:win.example"} {
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
