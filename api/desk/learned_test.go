package desk_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// Words of which no two comments have nearly the same: that would be one lesson.
var (
	plants = strings.Fields("tomatoes grew well thank recipe garden carrots soil apples beans roses onions rain lovely " +
		"pumpkins kitchen barley honey")
	goods = strings.Fields("cheap pills order now casino best price bonus loans watches followers slots credit win " +
		"free replica discount jackpot")
	insults = strings.Fields("idiot clueless moron pathetic liar stupid fool coward nobody clown")
)

// posted has readers post n comments of eight words each.
func (w *world) posted(from []string, n int) (refs []moderation.Ref) {
	w.T.Helper()
	rnd := rand.New(rand.NewPCG(uint64(w.Clock.Now().Unix()), 7)) // the clock moves with each comment
	for i := range n {
		var some []string
		for range 8 {
			some = append(some, from[rnd.IntN(len(from))])
		}
		c := w.post(fmt.Sprintf("%s %d", strings.Join(some, " "), i))
		refs = append(refs, moderation.Ref{ID: c.ID, Version: c.Version})
	}
	return refs
}

// taught has comments decided, and the filter learn from that.
func (w *world) taught(action comment.Action, reason comment.Reason, refs []moderation.Ref) {
	w.T.Helper()
	_, err := w.S.Decide(w.Ctx, authz.Operator, w.site, moderation.Choice{Action: action, Reason: reason, Comments: refs})
	w.Must(err)
	w.Must(w.S.Learn(w.Ctx, w.site))
}

func TestAnAnswerToSureSpamIsPointedOutWithItsUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 { // by turns, so that the filter is sure of both
		w.taught(comment.Approve, 0, w.posted(plants, 30))
		w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	}
	c := w.post("Cheap pills, casino bonus, order now: best price, free credit, win the jackpot!")
	if v := w.now(c).Verdict; v.Spam <= 0.98 {
		t.Fatalf("the filter says %v, which is not sure", v.Spam)
	}
	const words = "The filter was sure of the opposite"
	b := w.as("Olga").misses(words)
	form := find(b.card("casino bonus"), func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/reply") })
	b.submit(form, b.values(form, fields{"body": "What makes you ask?"})).sees("Your reply is public.").sees(words)
	w.stands(c, comment.Approved)
	b.press(b.doc, "Undo", nil).sees("Taken back.").misses(words)
	w.stands(c, comment.Pending)

	// The same from the comment's own page.
	b.open("/moderate/blog/comments/" + c.ID)
	form = find(b.doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/reply") })
	b.submit(form, b.values(form, fields{"body": "And what makes you ask now?"})).sees(words)
	b.press(b.doc, "Undo this batch", nil)
	w.stands(c, comment.Pending)
}

func TestALikelyReasonShowsItsWordsAndWhereTheyWereSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Aliya", authz.Author, "blog")
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 20))
	w.taught(comment.Reject, comment.ReasonPersonalAttack, w.posted(insults, 20))
	c := w.post("Nobody grew tomatoes but a clueless moron, you pathetic liar.")
	kind := w.post("The tomatoes grew well, thank you for the lovely recipe.")
	if v := w.now(c).Verdict; v.Action != comment.Reject || v.Reason != comment.ReasonPersonalAttack {
		t.Fatalf("the verdict suggests %v for %v", v.Action, v.Reason)
	}
	marked := func(n *html.Node, class, word string) bool {
		return find(n, func(n *html.Node) bool {
			return n.Data == "mark" && attr(n, "class") == class && nameOf(n) == word
		}) != nil
	}
	for lang, want := range map[string]struct{ seen, head, sentence, means string }{
		"en": {"personal attacks, 0 approved", "What speaks for “personal attack” and against it",
			" in 100 like this were refused: personal attack. Above all: “", "speaks for: personal attack"},
		"ru": {"отклонено за личные нападки: ", "Что говорит за причину «личные нападки» и что против",
			": личные нападки. Сильнее всего: «", "говорит за причину: личные нападки"},
		"kk": {"жеке басқа тиісуде: ", "«жеке басқа тиісу» дегенге не дәлел, не қарсы",
			" (жеке басқа тиісу). Ең күштісі: «", "мынаған дәлел: жеке басқа тиісу"},
	} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/queue")
		card := b.card("clueless")
		for _, what := range []string{want.seen, want.head, want.sentence} {
			if !strings.Contains(nameOf(card), what) {
				t.Errorf("%s: the card does not say %q: %s", lang, what, nameOf(card))
			}
		}
		if !marked(card, "t", "clueless") || !marked(card, "t", "moron") || marked(card, "t", "tomatoes") {
			t.Errorf("%s: the card does not mark the attack's words", lang)
		}
		if other := b.card("lovely recipe"); strings.Contains(nameOf(other), want.seen) || marked(other, "t", "recipe") {
			t.Errorf("%s: a kind comment is shown with the reason: %s", lang, nameOf(other))
		}
		b.open("/moderate/blog/comments/" + c.ID).sees(want.seen).sees(want.head).sees(want.sentence).sees(want.means)
		if !marked(b.doc, "t", "clueless") {
			t.Errorf("%s: the comment's page does not mark the attack's words", lang)
		}
		b.open("/moderate/blog/comments/" + kind.ID).misses(want.means)
	}
	// Who may only read sees why as well.
	w.as("Aliya").open("/moderate/blog/comments/" + c.ID).sees("personal attacks, 0 approved")
}
