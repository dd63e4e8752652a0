package desk_test

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
)

// form is the one that has a button of a name.
func (b *browser) form(button string) *html.Node {
	b.t.Helper()
	named := func(n *html.Node) bool { return n.Data == "button" && nameOf(n) == button }
	f := find(b.doc, func(n *html.Node) bool { return n.Data == "form" && find(n, named) != nil })
	if f == nil {
		b.t.Fatalf("no form has a button %q", button)
	}
	return f
}

func TestARuleIsTriedAddedRemovedAndBroughtBackWithoutScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/queue")
	w.post("A casino, and <b>a good one</b>.")
	w.post("The worst CASINO of all.")
	b.open("/moderate/blog/queue").press(b.card("good one"), "Approve", nil)
	b.press(b.card("worst"), "Spam", nil)

	b.open("/moderate/blog/rules").sees("No rules yet.").misses("Add the rule")
	rule := fields{"kind": "word", "words": "casino\nroulette", "action": "suspect"}
	b.press(b.form("Try it"), "Try it", rule)
	b.sees("2 of the last 2 decided comments would have been caught.").sees("1 you had refused").
		sees("1 you had approved").sees("This would catch 2 of 2: nearly everything.").
		sees("A casino, and <b>a good one</b>.").sees("No rules yet.")
	b.press(b.form("Add the rule"), "Add the rule", nil)
	b.sees("The rule stands.").sees("casino, roulette").sees("Whole words · is suspected · until 20 Dec 2026")
	if c := w.post("Another casino."); c.Verdict.Score < 0.9 {
		t.Errorf("it is not suspected: %+v", c.Verdict)
	}
	b.press(b.doc, "Remove", nil).sees("The rule is removed.").sees("No rules yet.")
	b.press(b.doc, "Undo", nil).sees("It stands again.").sees("casino, roulette")

	b.open("/moderate/blog/rules").press(b.form("Try it"), "Try it", fields{"kind": "pattern", "words": "(x"}).
		sees("This cannot stand there.").sees("missing closing )").misses("Add the rule")
	if got := attr(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "rk" }), "name"); got != "kind" {
		t.Errorf("the form is gone: %q", got)
	}
}

func TestWordPresssListsArePastedAsTheyAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/queue")
	w.post("I like WordPress.")
	b.open("/moderate/blog/queue").press(b.card("WordPress"), "Approve", nil)
	b.open("/moderate/blog/rules").press(b.form("Try the lists"), "Try the lists",
		fields{"hold": "press\r\nviagra\r\n", "suspect": "casino\r\n192.0.2.7\r\n"})
	b.sees("Comment Moderation").sees("1 of the last 1 decided").sees("0 of the last 1 decided").
		sees("1 line is an address of a machine")
	b.press(b.form("Add the lists"), "Add the lists", nil)
	b.sees("press, viagra").sees("Parts of words · waits · no end").sees("casino, 192.0.2.7").sees("is suspected")
}

func TestAModeratorBlocksFromACommentAndSeesFirstWhatItCatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Mona", authz.Moderator, "blog")
	b := w.as("Mona")
	c := w.submit(moderation.Submission{Name: "Ann <i>", Email: "ann@spell.example",
		Body: "See [it](https://shop.example/x)."})
	b.open("/moderate/blog/comments/" + c.ID).sees("Block or trust…").open("/moderate/blog/block?comment=" + c.ID)
	b.sees("The writer Ann <i>").sees("E-mail at spell.example").sees("Links to shop.example").
		sees("Nothing has been decided here yet").misses("no end")
	b.press(b.doc, "Block", nil).sees("Done. What waits is looked at again.").sees("Ann <i>").sees("Writer · until")
	next := w.submit(moderation.Submission{Name: "Ann <i>", Email: "ann@spell.example", Body: "And once more."})
	if next.Verdict.Score < 0.9 {
		t.Errorf("a blocked writer is not suspected: %+v", next.Verdict)
	}
	b.open("/moderate/blog/comments/" + next.ID).sees("This writer is blocked.")
	b.open("/moderate/blog/rules").press(b.doc, "Remove", nil).sees("The block is removed.").
		sees("Nobody is blocked.").press(b.doc, "Undo", nil).sees("Ann <i>")
	b.misses("Add the rule").press(b.form("Try it"), "Try it", fields{"kind": "first_time"}).misses("Add the rule")
	for _, path := range []string{"/moderate/blog/block?kind=host&which=com", "/moderate/blog/block?kind=x&which=y"} {
		b.open(path).sees("This cannot stand there.")
	}
	if !strings.Contains(nameOf(b.doc), "one of writer") {
		t.Error("it does not say what can be blocked")
	}
}

func TestModeratorsNoteSomethingAboutAWriterForOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Mona", authz.Moderator, "blog")
	w.account("Aliya", authz.Author, "blog")
	b := w.as("Mona")
	write := func(text string) string {
		return w.submit(moderation.Submission{Name: "Ann <i>", Email: "ann@mail.example", Body: text}).ID
	}
	first, second := write("The ferry was late."), write("It was late again.")
	other := w.post("Of somebody else.")
	b.open("/moderate/blog/comments/" + first).sees("Notes…")
	b.open("/moderate/blog/comments/"+first+"/notes").sees("Notes about Ann <i>").sees("Nothing is noted").
		press(b.doc, "Add the note", fields{"text": "Wrote to us; is <b>kind</b>."}).
		sees("The note stands.").sees("Wrote to us; is <b>kind</b>.").sees("Mona")
	b.press(b.doc, "Add the note", fields{"text": " \u200b "}).sees("A note has 1 to 1,000 characters")
	b.open("/moderate/blog/queue")
	if n := strings.Count(nameOf(b.doc), "Wrote to us; is <b>kind</b>."); n != 2 {
		t.Errorf("it stands on %d cards", n)
	}
	b.open("/moderate/blog/comments/" + second).sees("Wrote to us; is <b>kind</b>.")
	b.open("/moderate/blog/comments/" + other.ID).misses("Wrote to us")
	a := w.as("Aliya")
	a.open("/moderate/blog/queue").misses("Wrote to us")
	a.open("/moderate/blog/comments/" + first + "/notes").misses("Wrote to us").misses("Add the note")
	b.open("/moderate/blog/comments/"+second+"/notes").press(b.doc, "Remove", nil).
		sees("The note is removed.").sees("Nothing is noted")
	b.press(b.doc, "Undo", nil).sees("The note stands again.").sees("Wrote to us; is <b>kind</b>.")
}
