package desk_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// why returns the reasons on the page of a listed comment, and shows the list again.
func (b *browser) why(text string) (says string) {
	b.t.Helper()
	list := b.at.String()
	b.open(attr(find(b.card(text), func(n *html.Node) bool { return n.Data == "a" }), "href"))
	if ul := find(b.doc, func(n *html.Node) bool { return attr(n, "class") == "why" }); ul != nil {
		says = nameOf(ul)
	}
	b.open(list)
	return says
}

// schooled trains the model with sixty comments.
func (w *world) schooled() *world {
	w.T.Helper()
	for range 2 {
		w.taught(comment.Approve, 0, w.posted(plants, 15))
		w.taught(comment.MarkSpam, 0, w.posted(goods, 15))
	}
	return w
}

func TestEvidence_QuotesTwoStrongestWords(t *testing.T) {
	t.Parallel()
	w := newWorld(t).schooled()
	w.post("Now for the casino of one jackpot: it has cheap pills, and the price is free.")
	w.post("It has one of those, and that is all there is to it.")
	w.post("Шоқта пісірілген тандыр нан.")
	b := w.as("Olga")
	b.open("/moderate/blog/queue?sort=risk")
	_, words, found := strings.Cut(b.why("jackpot"), "Spam words: ")
	if words, _, _ = strings.Cut(words, "."); !found || strings.Count(words, "“") != 2 {
		t.Errorf("the spam's card names %q: %s", words, b.why("jackpot"))
	}
	for _, text := range []string{"one of those", "тандыр"} {
		if why := b.why(text); strings.Contains(why, "For refusal:") || strings.Contains(why, "Against:") {
			t.Errorf("%q has nothing telling, and says: %s", text, why)
		}
	}
}

func TestEvidence_TraitIsSentence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		w.taught(comment.Approve, 0, w.posted(plants, 15))
		w.taught(comment.MarkSpam, 0, w.posted(append([]string{"🔥🔥🔥"}, goods...), 15))
	}
	w.post("Salzburg had the finest lamps 🔥🔥🔥")
	for lang, want := range map[string]string{
		"en": "Emoji: 3 or more.",
		"ru": "Эмодзи: 3 или больше.",
		"kk": "Эмодзи: кемінде 3.",
	} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/queue")
		if why := b.why("Salzburg"); !strings.Contains(why, want) {
			t.Errorf("%s: got %s", lang, why)
		}
	}
}

func TestEvidence_DisguiseIsOneReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const text = "Зaрaбoтoк на дoмy: кaзинo и бoнyс каждому, пишите ca\u200bsino"
	c := w.submit(moderation.Submission{Name: "Reader", Body: text + "\ufeff"})
	harmless := w.post("\ufeffA lovely garden, omg\u200b and \u202athanks\u202c")
	for lang, want := range map[string]string{
		"en": "For refusal: 10 Latin letters in Russian words; 1 invisible character.",
		"ru": "За отказ: Латинских букв в русских словах: 10; невидимых знаков: 1.",
		"kk": "Қабылдамауға дәлел: Орыс сөздеріндегі латын әріптері: 10; көрінбейтін таңбалар: 1.",
	} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/queue")
		if why := b.why("каждому"); !strings.Contains(why, want) {
			t.Errorf("%s: got %s", lang, why)
		}
		said := find(b.card("каждому"), func(n *html.Node) bool { return attr(n, "class") == "text" })
		if got := strings.TrimSuffix(nameOf(said), "\ufeff"); got != text {
			t.Errorf("%s: the text is shown as %q", lang, got)
		}
		if refusal, _, _ := strings.Cut(want, ":"); strings.Contains(b.why("lovely"), refusal) {
			t.Errorf("%s: harmless marks are told: %s", lang, b.why("lovely"))
		}
	}
	b := w.as("Olga")
	b.open("/moderate/blog/comments/" + c.ID).sees("10 Latin letters in Russian words; 1 invisible character.").
		sees("cazero-width spacesino")
	b.open("/moderate/blog/comments/" + harmless.ID).misses("zero-width").misses("hidden character")
}

func TestScore_ExplainsHigherRank(t *testing.T) {
	t.Parallel()
	w := newWorld(t).schooled()
	lifted := w.submit(moderation.Submission{Name: "Reader", Body: "The tomatoes grew well, thank you for the recipe.",
		Form: &moderation.Form{Trap: "http://x.example"}})
	w.post("The carrots grew well, thank you for the garden.")
	if v := w.now(lifted).Verdict; v.Spam > 0.5 || v.Score < 0.9 {
		t.Fatalf("the verdict is %+v", v)
	}
	for lang, because := range map[string]string{
		"en": "A hidden field was filled in.", "ru": "Заполнено скрытое поле.", "kk": "Жасырын өріс толтырылған.",
	} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/queue?sort=risk")
		why := b.why("tomatoes")
		if first, _, _ := strings.Cut(why, "."); !strings.HasSuffix(first+".", because) || strings.Count(why, because) != 1 {
			t.Errorf("%s: got %s", lang, why)
		}
		if why := b.why("carrots"); strings.Contains(why, because) {
			t.Errorf("%s: another comment is explained by it: %s", lang, why)
		}
	}
}
