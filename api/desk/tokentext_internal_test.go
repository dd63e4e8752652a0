package desk

import (
	"testing"

	"github.com/aitys/aitys/classifier"
)

func TestToken_EveryKindHasText(t *testing.T) {
	model := classifier.Fold(func(yield func(classifier.Lesson) bool) {
		for n, c := range []classifier.Comment{
			{Text: "WIN 4500 a week!!! Write to @easy_days_01 or a@b.example: https://pay.example/path?x=1 🎁🎁 " +
				"+7 701 123 45 67 $5",
				Author: "Easy Money", Email: "a@b.example", URL: "https://pay.example/"},
			{Text: "сколько стоит? к\u200bупить <b>тут</b>", Author: "Аноним"},
			{Text: "- жақсы мақала екен\nрахмет 7", Author: "Әсел"},
		} {
			if !yield(classifier.Lesson{Seq: uint64(n + 1), Label: classifier.Label(n % 2), Comment: c}) {
				return
			}
		}
	})
	spam, ham := model.Strongest(1000)
	strongest := append(spam, ham...)
	if len(strongest) < 50 {
		t.Fatalf("only %d tokens to be said", len(strongest))
	}
	for _, k := range strongest {
		for lang, w := range catalogs() {
			said := w.TokenText(k.Token)
			if said == "" || said == k.Token || "trait:"+said == k.Token {
				t.Errorf("%s: %q is said as %q", lang, k.Token, said)
			}
		}
	}
}
