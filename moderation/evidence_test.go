package moderation_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

// refuse submits n comments with a common text and words of their own, and refuses them for a reason.
func (w *world) refuse(reason comment.Reason, n int, text string) moderation.Outcome {
	w.T.Helper()
	var ids []string
	for i := range n {
		ids = append(ids, w.Submit(w.A, fmt.Sprintf("%s %s", text, apptest.RandomWords(w.Commenters+i))).ID)
	}
	out := w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: reason}, ids...)
	w.Must(w.App.Learn(w.Ctx, w.A))
	return out
}

func (w *world) item(c comment.Comment) moderation.Item {
	w.T.Helper()
	item, _, err := w.App.Item(w.Ctx, authz.Operator, w.A, c.ID)
	w.Must(err)
	return item
}

func TestEvidence_LikelyReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 40, 20)
	rude := w.Submit(w.A, "You clueless moron, nobody asked you about tomatoes.")
	if got := w.item(rude); len(got.Reasons) != 0 {
		t.Errorf("a reason that nobody taught: %+v", got.Reasons)
	}
	out := w.refuse(comment.ReasonPersonalAttack, 12, "You clueless moron, nobody asked you:")
	w.refuse(comment.ReasonObscenity, 6, "Bloody arse and bollocks:")

	rude = w.Submit(w.A, "You clueless moron, nobody asked you about beans.")
	if v := rude.Verdict; v.Action != comment.Reject || v.Reason != comment.ReasonPersonalAttack {
		t.Fatalf("the verdict suggests %v for %v, want a refusal for the attack", v.Action, v.Reason)
	}
	got := w.item(rude)
	if len(got.Reasons) == 0 || got.Reasons[0].Reason != comment.ReasonPersonalAttack || got.Reasons[0].Probability < 0.9 {
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
	if kind := w.item(w.Submit(w.A, "The tomatoes grew well, thank you.")); len(kind.Reasons) != 0 {
		t.Errorf("a kind comment: %+v", kind.Reasons)
	}

	// Evidence includes comments refused for the reason, until the decision is undone.
	page, err := w.App.Queue(w.Ctx, authz.Operator, w.A, comment.QueueRequest{View: comment.ViewRejected})
	w.Must(err)
	if len(page.Items) != 18 || len(page.Items[0].Reasons) == 0 {
		t.Errorf("among %d refused the first has %+v", len(page.Items), page.Items[0].Reasons)
	}
	w.Undo(authz.Operator, w.A, out.Batch)
	w.Must(w.App.Learn(w.Ctx, w.A))
	for _, l := range w.item(rude).Reasons {
		if l.Reason == comment.ReasonPersonalAttack {
			t.Errorf("after the undo: %+v", l)
		}
	}
}

func TestEvidence_LikelyBeforeSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Train(w.A, 40, 20)
	w.refuse(comment.ReasonPersonalAttack, 6, "What a fool you are:")
	seen := map[string]bool{}
	for i, text := range []string{"What a fool you are, with your tomatoes.", "What a fool I was.",
		"What a day: the tomatoes grew, you fool.", "The tomatoes grew well, thank you."} {
		c := w.Submit(w.A, text)
		got := w.item(c)
		suggested := c.Verdict.Action == comment.Reject
		switch {
		case len(got.Reasons) == 0 && !suggested:
			seen["neither"] = true
		case len(got.Reasons) == 1 && suggested:
			seen["suggested"] = true
		case len(got.Reasons) == 1 && got.Reasons[0].Probability >= 0.5 && got.Reasons[0].Probability < 0.9:
			seen["likely"] = true
			if c.Verdict.Action == comment.Approve {
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
