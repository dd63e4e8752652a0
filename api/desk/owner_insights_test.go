package desk_test

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/people"
)

func TestInsightsCompareScoresWithDecisions(t *testing.T) {
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/insights").sees("Too few decisions for figures")
	for i := range 12 {
		w.post(fmt.Sprintf("Good bread and a quiet morning, number %d.", i))
		w.post(fmt.Sprintf("Casino bonus and cheap pills, number %d.", i))
		b.open("/moderate/blog/queue")
		b.press(b.card("Good bread"), "Approve", nil)
		b.press(b.card("Casino"), "Spam", nil)
		w.Must(w.S.Learn(w.Ctx, w.site))
	}
	b.open("/moderate/blog/insights").sees("Was the score honest?").sees("of the spam was suspected").sees("Spam 12").
		sees("decisions since " + w.Clock.Now().AddDate(0, 0, -28).Format("2 Jan 2006"))
	b.open("/moderate/blog/what-if").sees("Of the last 24 decisions").
		sees("To let comments through by their score takes 100 decisions")
	if b.open("/moderate/blog/what-if?threshold=7&policy=all&last=10").sees("The threshold is a number"); b.status < 400 {
		t.Errorf("a threshold of 7 answers %d", b.status)
	}
	for _, bad := range []string{"threshold=often&last=10", "threshold=&last=10", "threshold=0.7&last=all",
		"threshold=0&last=10", "threshold=0.7&last=0"} {
		if b.open("/moderate/blog/what-if?policy=all&" + bad).sees("The threshold is a number"); b.status < 400 {
			t.Errorf("%s answers %d", bad, b.status)
		}
	}
	b.open("/moderate/blog/what-if?threshold=72,5&policy=all&last=10").sees("What you ask for, 72.5 in 100")
	b.open("/moderate/blog/what-if?threshold=0,7&policy=all&last=10").sees("What you ask for, 70 in 100")
	b.open("/moderate/blog/settings").sees("so far 12 good and 12 spam")
}

func TestTheGateOfTheFilterSaysWhatIsMissing(t *testing.T) {
	w := newWorld(t)
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 8))
	const missing = "Still missing: 62 decisions. At least 12 of them must be spam."
	b := w.as("Olga")
	b.open("/moderate/blog/settings").sees("so far 30 good and 8 spam. " + missing)
	b.open("/moderate/blog/what-if").sees("takes 100 decisions, 20 of each kind. " + missing)
	w.taught(comment.MarkSpam, 0, w.posted(goods, 70))
	b.open("/moderate/blog/settings").misses("Still missing").sees("Of the last 108 decisions it would have shown")
	b.open("/moderate/blog/what-if").misses("Still missing").sees("There are enough decisions")
}

func TestWhatIfNamesItsMistakesByKind(t *testing.T) {
	w := newWorld(t)
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	good, bad := w.post("Cheap pills and casino bonus, said Olga's mother, and laughed."),
		w.post("The tomatoes grew well, thank you for the lovely recipe.")
	w.taught(comment.Approve, 0, []moderation.Ref{{ID: good.ID, Version: 1}})
	w.taught(comment.MarkSpam, 0, []moderation.Ref{{ID: bad.ID, Version: 1}})
	const (
		shown     = "Public at once, and refused by you: "
		suspected = "Suspected, and approved by you: "
		missed    = "Not suspected, and spam by you: "
	)
	b := w.as("Olga")
	if v := w.now(good).Verdict; v.Score < 0.5 {
		t.Fatalf("the first of the two has the score %v", v.Score)
	}
	b.open("/moderate/blog/what-if?threshold=0.5&policy=all&last=2").sees(suspected + "1").sees(missed + "1").misses(shown)
	b.open("/moderate/blog/what-if?threshold=0.5&policy=suspicious&last=2").sees(shown + "1").sees(suspected + "1").
		misses(missed)
	b.open("/moderate/blog/what-if?threshold=0.5&policy=none&last=62").sees(shown + "31").sees("The newest 10 of 31.").
		sees("lovely recipe")
	right := w.post("Order cheap pills now: casino bonus, free credit, best price!")
	w.taught(comment.MarkSpam, 0, []moderation.Ref{{ID: right.ID, Version: 1}})
	b.open("/moderate/blog/what-if?threshold=0.5&policy=all&last=1").sees("Nothing: you decided all of them the same way.")

	// A shadow stands beside what is in force, in words.
	b.sees("An owner can set a trial threshold under Settings")
	_, err := w.S.SetSite(w.Ctx, people.Operator, "blog", map[string]string{"shadow": "0.5"})
	w.Must(err)
	b.open("/moderate/blog/what-if?threshold=0.9&policy=all&last=3").
		sees("The trial threshold of 50 in 100 decides nothing. It would have suspected 2 instead of ")
}
