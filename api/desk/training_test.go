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

// Word lists for comments that are not near-duplicates: near-duplicates would count as one lesson.
var (
	plants = strings.Fields("tomatoes grew well thank recipe garden carrots soil apples beans roses onions rain lovely " +
		"pumpkins kitchen barley honey")
	goods = strings.Fields("cheap pills order now casino best price bonus loans watches followers slots credit win " +
		"free replica discount jackpot")
	insults = strings.Fields("idiot clueless moron pathetic liar stupid fool coward nobody clown")
)

// posted posts n comments of eight words each.
func (w *world) posted(from []string, n int) (refs []moderation.Ref) {
	w.T.Helper()
	rnd := rand.New(rand.NewPCG(uint64(w.Clock.Now().Unix()), 7)) // each comment advances the clock
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

// taught decides comments and trains the model with them.
func (w *world) taught(action comment.Action, reason comment.Reason, refs []moderation.Ref) {
	w.T.Helper()
	_, err := w.App.Decide(w.Ctx, authz.Operator, w.site, moderation.Choice{Action: action, Reason: reason, Comments: refs})
	w.Must(err)
	w.Must(w.App.Learn(w.Ctx, w.site))
}

func TestReply_ContradictionIsShownWithUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 { // alternate, so that the model is confident about both
		w.taught(comment.Approve, 0, w.posted(plants, 30))
		w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	}
	c := w.post("Cheap pills, casino bonus, order now: best price, free credit, win the jackpot!")
	if v := w.now(c).Verdict; v.Spam <= 0.98 {
		t.Fatalf("the filter says %v, which is not sure", v.Spam)
	}
	const words = "The filter disagreed:"
	b := w.as("Olga").misses(words).open("/moderate/blog/comments/" + c.ID)
	form := find(b.doc, func(n *html.Node) bool { return strings.HasSuffix(attr(n, "action"), "/reply") })
	b.submit(form, b.values(form, fields{"body": "And what makes you ask now?"})).sees(words)
	b.press(b.doc, "Undo this decision", nil)
	w.stands(c, comment.Pending)
}

func TestEvidence_LikelyReasonShowsCounts(t *testing.T) {
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
		"en": {"personal attacks, 0 approved", "Evidence for “personal attack”",
			"Like comments refused for personal attack: “", "sign of personal attack"},
		"ru": {"отклонено за личные нападки: ", "Признаки причины «личные нападки»",
			"Похоже на отклонённые (личные нападки): «", "признак: личные нападки"},
		"kk": {"жеке басқа тиісуде: ", "«жеке басқа тиісу» белгілері",
			"Қабылданбағандарға ұқсас (жеке басқа тиісу): «", "белгісі: жеке басқа тиісу"},
	} {
		b := w.as("Olga")
		b.langs = lang
		b.open("/moderate/blog/queue")
		card := b.card("clueless")
		if !strings.Contains(nameOf(card), want.sentence) {
			t.Errorf("%s: the row does not say %q: %s", lang, want.sentence, nameOf(card))
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
	// Accounts that may only read see the evidence too.
	w.as("Aliya").open("/moderate/blog/comments/" + c.ID).sees("personal attacks, 0 approved")
}
