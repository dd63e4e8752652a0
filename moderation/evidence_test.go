package moderation_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/people"
	"github.com/aitys/aitys/moderation/queue"
)

// refuse has n comments of a text, each with words of its own, refused for a reason.
func (w *world) refuse(reason decision.Reason, n int, text string) moderation.Outcome {
	w.t.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, w.submit(w.a, fmt.Sprintf("%s %s", text, chatter(w.posts+i))).ID)
	}
	out := w.choose(people.Operator, w.a, moderation.Choice{Action: decision.Reject, Reason: reason}, ids...)
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	return out
}

func (w *world) item(c comment.Comment) moderation.Item {
	w.t.Helper()
	item, _, err := w.s.Item(w.ctx, people.Operator, w.a, c.ID)
	w.must(err)
	return item
}

func TestALikelyReasonComesWithWhatSpeaksForIt(t *testing.T) {
	w := newWorld(t)
	w.schooled(w.a, 40, 20)
	rude := w.submit(w.a, "You clueless moron, nobody asked you about tomatoes.")
	if got := w.item(rude); len(got.Reasons) != 0 {
		t.Errorf("a reason that nobody taught: %+v", got.Reasons)
	}
	out := w.refuse(decision.ReasonPersonalAttack, 12, "You clueless moron, nobody asked you:")
	w.refuse(decision.ReasonObscenity, 6, "Bloody arse and bollocks:")

	rude = w.submit(w.a, "You clueless moron, nobody asked you about beans.")
	if v := rude.Verdict; v.Action != decision.Reject || v.Reason != decision.ReasonPersonalAttack {
		t.Fatalf("the verdict suggests %v for %v, want a refusal for the attack", v.Action, v.Reason)
	}
	got := w.item(rude)
	if len(got.Reasons) == 0 || got.Reasons[0].Reason != decision.ReasonPersonalAttack || got.Reasons[0].Probability < 0.9 {
		t.Fatalf("reasons: %+v", got.Reasons)
	}
	found := got.Reasons[0].Evidence
	i := slices.IndexFunc(found, func(e classifier.Weight) bool { return e.Token == "word:moron" })
	if i < 0 || found[i].Weight <= 0 || found[i].Spam < 2 || found[i].Ham != 0 {
		t.Errorf("what speaks for the attack: %+v", found)
	}
	for _, e := range got.Evidence {
		if e.Token == "word:moron" {
			t.Errorf("the attack's words are evidence of spam: %+v", e)
		}
	}
	if kind := w.item(w.submit(w.a, "The tomatoes grew well, thank you.")); len(kind.Reasons) != 0 {
		t.Errorf("a kind comment: %+v", kind.Reasons)
	}

	// What was refused for it is found, too, and forgotten with its undo.
	page, err := w.s.Queue(w.ctx, people.Operator, w.a, queue.Request{View: queue.ViewRejected})
	w.must(err)
	if len(page.Items) != 18 || len(page.Items[0].Reasons) == 0 {
		t.Errorf("among %d refused the first has %+v", len(page.Items), page.Items[0].Reasons)
	}
	w.undo(people.Operator, w.a, out.Batch)
	w.must(moderation.LearnLog(w.ctx, w.s.Moderation, w.a))
	for _, l := range w.item(rude).Reasons {
		if l.Reason == decision.ReasonPersonalAttack {
			t.Errorf("after the undo: %+v", l)
		}
	}
}

func TestAReasonIsLikelyBeforeItIsSuggested(t *testing.T) {
	w := newWorld(t)
	w.schooled(w.a, 40, 20)
	w.refuse(decision.ReasonPersonalAttack, 6, "What a fool you are:")
	seen := map[string]bool{}
	for i, text := range []string{"What a fool you are, with your tomatoes.", "What a fool I was.", "What a day: the tomatoes grew, you fool.", "The tomatoes grew well, thank you."} {
		c := w.submit(w.a, text)
		got := w.item(c)
		suggested := c.Verdict.Action == decision.Reject
		switch {
		case len(got.Reasons) == 0 && !suggested:
			seen["neither"] = true
		case len(got.Reasons) == 1 && suggested:
			seen["suggested"] = true
		case len(got.Reasons) == 1 && got.Reasons[0].Probability >= 0.5 && got.Reasons[0].Probability < 0.9:
			seen["likely"] = true
			if c.Verdict.Action == decision.Approve {
				t.Errorf("%d: what is likely to be refused is called good", i)
			}
		default:
			t.Errorf("%d: %v for %v with %+v", i, c.Verdict.Action, c.Verdict.Reason, got.Reasons)
		}
	}
	if len(seen) != 3 {
		t.Errorf("of neither, likely and suggested only %v were seen", seen)
	}
}
