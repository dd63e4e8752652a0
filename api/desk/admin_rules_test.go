package desk_test

import (
	"testing"

	"golang.org/x/net/html"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
)

// form returns the form that contains a button with a name.
func (b *browser) form(button string) *html.Node {
	b.t.Helper()
	named := func(n *html.Node) bool { return n.Data == "button" && nameOf(n) == button }
	f := find(b.doc, func(n *html.Node) bool { return n.Data == "form" && find(n, named) != nil })
	if f == nil {
		b.t.Fatalf("no form has a button %q", button)
	}
	return f
}

func TestRules_TryAddRemoveRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/queue")
	w.post("A casino, and <b>a good one</b>.")
	w.post("The worst CASINO of all.")
	b.open("/moderate/blog/queue").press(b.card("good one"), "Approve", nil)
	b.open("/moderate/blog/queue")
	b.press(b.card("worst"), "Spam", nil)

	b.open("/moderate/blog/rules").sees("No rules yet.").misses("Add rule")
	rule := fields{"kind": "word", "words": "casino\nroulette", "action": "suspect"}
	b.press(b.form("Test"), "Test", rule)
	b.sees("Matches 2 of the last 2 decided comments.").sees("1 refused").
		sees("1 approved (false alarm)").sees("Matches 2 of 2 comments, nearly everything.").
		sees("A casino, and <b>a good one</b>.").sees("No rules yet.")
	b.press(b.form("Add rule"), "Add rule", nil)
	b.sees("Rule added. Pending comments are rescored.").sees("casino, roulette").
		sees("Whole words · Move to Suspected · until 20 Dec 2026")
	if c := w.post("Another casino."); c.Verdict.Score < 0.9 {
		t.Errorf("it is not suspected: %+v", c.Verdict)
	}
	b.press(b.doc, "Remove", nil).sees("Rule removed.").sees("No rules yet.")
	b.press(b.doc, "Undo", nil).sees("Restored.").sees("casino, roulette")

	b.open("/moderate/blog/rules").press(b.form("Test"), "Test", fields{"kind": "pattern", "words": "(x"}).
		sees("Not saved. Line 1, “(x”: not a valid pattern: missing closing )").misses("Add rule")
	if got := attr(find(b.doc, func(n *html.Node) bool { return attr(n, "id") == "rk" }), "name"); got != "kind" {
		t.Errorf("the form is gone: %q", got)
	}
	b.langs = "ru"
	b.open("/moderate/blog/rules").press(b.form("Проверить"), "Проверить", fields{"kind": "substring", "words": "x"}).
		sees("Строка 1, «x»: слишком коротко. Нужно не меньше 2 знаков.").misses("Line 1")
}

func TestRules_AcceptWordPressLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/queue")
	w.post("I like WordPress.")
	b.open("/moderate/blog/queue").press(b.card("WordPress"), "Approve", nil)
	b.open("/moderate/blog/rules").press(b.form("Test lists"), "Test lists",
		fields{"hold": "press\r\nviagra\r\n", "suspect": "casino\r\n192.0.2.7\r\n"})
	b.sees("Comment Moderation").sees("1 of the last 1 decided").sees("0 of the last 1 decided").
		sees("1 line is an IP address and never matches")
	b.press(b.form("Add lists"), "Add lists", nil)
	b.sees("press, viagra").sees("Parts of words · Hold for approval · no end date").sees("casino, 192.0.2.7").
		sees("Move to Suspected")
}

func TestBlocks_PreviewBeforeBlocking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account("Mona", authz.Moderator, "blog")
	b := w.as("Mona")
	c := w.submit(moderation.Submission{Name: "Ann <i>", Email: "ann@spell.example",
		Body: "See [it](https://shop.example/x)."})
	b.open("/moderate/blog/comments/" + c.ID).sees("Trust").open("/moderate/blog/block?comment=" + c.ID)
	b.sees("Writer Ann <i>").sees("E-mail addresses at spell.example").sees("Links to shop.example").
		sees("No decisions to test against yet.").misses("no end")
	b.press(b.doc, "Block", nil).sees("Saved. Pending comments are rescored.").sees("Ann <i>").sees("Writer · until")
	next := w.submit(moderation.Submission{Name: "Ann <i>", Email: "ann@spell.example", Body: "And once more."})
	if next.Verdict.Score < 0.9 {
		t.Errorf("a blocked writer is not suspected: %+v", next.Verdict)
	}
	b.open("/moderate/blog/comments/" + next.ID).sees("This writer is blocked.")
	b.open("/moderate/blog/rules").press(b.doc, "Remove", nil).sees("Block removed.").
		sees("No blocks yet.").press(b.doc, "Undo", nil).sees("Ann <i>")
	b.misses("Add rule").press(b.form("Test"), "Test", fields{"kind": "first_time"}).misses("Add rule")
	for query, want := range map[string]string{
		"kind=host&which=com": "This is a top-level domain.", "kind=host&which=!!": "This is not a host. Enter one such as shop.example.",
		"kind=host&which=": "Enter a domain or a link host.", "kind=x&which=y": "Enter a domain or a link host.",
	} {
		b.open("/moderate/blog/block?" + query).sees("Not saved. " + want)
	}
}

func TestNotes_SharedByModerators(t *testing.T) {
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
	b.open("/moderate/blog/comments/" + first).sees("New note")
	b.open("/moderate/blog/comments/"+first+"/notes").sees("Notes about Ann <i>").sees("No notes yet.").
		press(b.doc, "Save note", fields{"text": "Wrote to us; is <b>kind</b>."}).
		sees("Note saved.").sees("Wrote to us; is <b>kind</b>.").sees("Mona")
	b.press(b.doc, "Save note", fields{"text": " \u200b "}).
		sees("A note is text of 1 to 1000 characters.")
	b.open("/moderate/blog/comments/" + second).sees("Wrote to us; is <b>kind</b>.")
	b.open("/moderate/blog/comments/" + other.ID).misses("Wrote to us")
	a := w.as("Aliya")
	a.open("/moderate/blog/queue").misses("Wrote to us")
	a.open("/moderate/blog/comments/" + first + "/notes").misses("Wrote to us").misses("Save note")
	b.open("/moderate/blog/comments/"+second+"/notes").press(b.doc, "Remove", nil).
		sees("Note removed.").sees("No notes yet.")
	b.press(b.doc, "Undo", nil).sees("Note restored.").sees("Wrote to us; is <b>kind</b>.")
}
